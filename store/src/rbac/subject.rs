use k8s_openapi::api::rbac::v1::{ClusterRoleBinding, RoleBinding, Subject};
use setpoint_core::object::{Object, Text};

use crate::request::User;
use crate::tables::{Index, IndexValue};

/// The index of bindings by their subjects.
pub(super) const BY_SUBJECT: &str = "rbac-subject";

/// How the names of service accounts begin, as users.
const ACCOUNT: &str = "system:serviceaccount:";

/// Bindings by namespace (empty for those of the whole cluster) and subject.
pub(crate) fn index() -> Index {
    Index::new(BY_SUBJECT, |binding, add| {
        let namespace = binding.meta().namespace.clone().unwrap_or_default();
        for subject in subjects(binding) {
            if let Some(value) = value_of(subject, &namespace) {
                add(IndexValue::Pair(namespace.clone(), value));
            }
        }
    })
}

/// The subjects of a binding of either kind.
pub(super) fn subjects(binding: &Object) -> &[Subject] {
    let in_namespace = binding.spec::<RoleBinding>().and_then(|binding| binding.subjects.as_deref());
    let in_cluster = || binding.spec::<ClusterRoleBinding>().and_then(|binding| binding.subjects.as_deref());
    in_namespace.or_else(in_cluster).unwrap_or_default()
}

/// Under what a subject is listed; `None` if it can be nobody.
fn value_of(subject: &Subject, namespace: &str) -> Option<Text> {
    let text = match subject.kind.as_str() {
        "User" => format!("User {}", subject.name),
        "Group" => format!("Group {}", subject.name),
        "ServiceAccount" => {
            let own = subject.namespace.as_deref().filter(|own| !own.is_empty()).unwrap_or(namespace);
            if own.is_empty() {
                return None;
            }
            format!("User {ACCOUNT}{own}:{}", subject.name)
        }
        _ => return None,
    };
    Some(text.into())
}

/// Everything that a user is listed under.
pub(super) fn values_of(user: &User) -> impl Iterator<Item = Text> {
    let groups = user.groups.iter().map(|group| format!("Group {group}").into());
    std::iter::once(format!("User {}", user.name).into()).chain(groups)
}

/// The subject of a binding by which a user is meant, as it is told.
pub(super) fn described(binding: &Object, listed: &str) -> String {
    let namespace = binding.meta().namespace.clone().unwrap_or_default();
    let found = subjects(binding).iter().find(|it| value_of(it, &namespace).as_deref() == Some(listed));
    match found {
        Some(Subject { kind, name, namespace: own, .. }) if kind == "ServiceAccount" => {
            let own = own.as_deref().filter(|own| !own.is_empty()).unwrap_or(&namespace);
            format!("{kind} {:?}", format!("{name}/{own}"))
        }
        Some(subject) => format!("{} {:?}", subject.kind, subject.name),
        None => String::new(),
    }
}
