use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef};
use setpoint_core::kind::{KindId, Registry};
use setpoint_core::object::{Key, Object, Text};

use super::subject::{self, BY_SUBJECT};
use super::{Demand, MASTERS, allows};
use crate::request::User;
use crate::tables::{IndexValue, Snapshot};

/// All roles and bindings at one revision.
#[derive(Debug, Clone, Copy)]
pub struct Policy<'a> {
    snapshot: &'a Snapshot,
    kinds: RoleKinds,
}

/// What is known of a permission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowed {
    /// It is given, by what this tells.
    Yes(String),
    /// It is not; the roles that are bound and not there are told.
    No(String),
}

/// The four kinds that rights are written in.
#[derive(Debug, Clone, Copy)]
pub struct RoleKinds {
    roles: KindId,
    cluster_roles: KindId,
    role_bindings: KindId,
    cluster_role_bindings: KindId,
}

impl RoleKinds {
    /// Those of a registry; `None` if it does not have them all.
    pub fn of(registry: &Registry) -> Option<Self> {
        Some(Self {
            roles: registry.of::<Role>()?.id,
            cluster_roles: registry.of::<ClusterRole>()?.id,
            role_bindings: registry.of::<RoleBinding>()?.id,
            cluster_role_bindings: registry.of::<ClusterRoleBinding>()?.id,
        })
    }

    /// Those that are found by their subjects.
    pub(crate) const fn bindings(&self) -> [KindId; 2] {
        [self.role_bindings, self.cluster_role_bindings]
    }
}

impl<'a> Policy<'a> {
    /// What a snapshot says.
    pub const fn new(kinds: RoleKinds, snapshot: &'a Snapshot) -> Self {
        Self { snapshot, kinds }
    }

    /// Whether a user may do something.
    pub fn allows(&self, user: &User, demand: &Demand<'_>) -> Allowed {
        if user.groups.iter().any(|group| group == MASTERS) {
            return Allowed::Yes(String::new());
        }
        let mut missing = Vec::new();
        for (binding, listed) in self.bindings(user, demand.namespace()) {
            let Some(role) = role_of(binding) else { continue };
            match self.rules(role, namespace_of(binding)) {
                None => missing.push(not_found(role)),
                Some(rules) if rules.iter().any(|rule| allows(rule, demand)) => {
                    return Allowed::Yes(told(binding, role, &listed));
                }
                Some(_) => {}
            }
        }
        missing.sort_unstable();
        missing.dedup();
        let missing = match &missing[..] {
            [] => String::new(),
            [one] => format!("RBAC: {one}"),
            several => format!("RBAC: [{}]", several.join(", ")),
        };
        Allowed::No(missing)
    }

    /// All rules that hold for a user in a namespace, and everywhere; the latter alone if there is none.
    pub fn rules_of(&self, user: &User, namespace: &str) -> Vec<&'a PolicyRule> {
        let bound = self
            .bindings(user, namespace)
            .filter_map(|(binding, _)| self.rules(role_of(binding)?, namespace_of(binding)));
        bound.flatten().collect()
    }

    /// The rules of a role that is bound in a namespace; `None` if there is no such role.
    pub fn rules(&self, role: &RoleRef, namespace: &str) -> Option<&'a [PolicyRule]> {
        let rules = if role.kind == "ClusterRole" {
            let key = Key::cluster(self.kinds.cluster_roles, role.name.as_str());
            &self.snapshot.get(&key)?.spec::<ClusterRole>()?.rules
        } else {
            let (kind, namespace) = (self.kinds.roles, Some(namespace.into()));
            let key = Key { kind, namespace, name: role.name.as_str().into() };
            &self.snapshot.get(&key)?.spec::<Role>()?.rules
        };
        Some(rules.as_deref().unwrap_or_default())
    }

    /// The bindings of a user, those of the whole cluster first, each with what the user is listed under.
    fn bindings(&self, user: &User, namespace: &str) -> impl Iterator<Item = (&'a Object, Text)> + use<'a> {
        let snapshot = self.snapshot;
        let mut places = vec![(self.kinds.cluster_role_bindings, "".into())];
        if !namespace.is_empty() {
            places.push((self.kinds.role_bindings, namespace.into()));
        }
        let listed: Vec<Text> = subject::values_of(user).collect();
        places.into_iter().flat_map(move |(kind, namespace): (KindId, Text)| {
            listed.clone().into_iter().flat_map(move |value| {
                let place = IndexValue::Pair(namespace.clone(), value.clone());
                let found = snapshot.by_index(kind, BY_SUBJECT, &place);
                found.map(|binding| &**binding).zip(std::iter::repeat(value)).collect::<Vec<_>>()
            })
        })
    }
}

/// Where the role of a binding is looked for.
fn namespace_of(binding: &Object) -> &str {
    binding.meta().namespace.as_deref().unwrap_or_default()
}

/// What a binding of either kind binds.
fn role_of(binding: &Object) -> Option<&RoleRef> {
    let in_namespace = binding.spec::<RoleBinding>().map(|binding| &binding.role_ref);
    in_namespace.or_else(|| binding.spec::<ClusterRoleBinding>().map(|binding| &binding.role_ref))
}

fn not_found(role: &RoleRef) -> String {
    format!("{}.rbac.authorization.k8s.io {:?} not found", role.kind.to_lowercase(), role.name)
}

fn told(binding: &Object, role: &RoleRef, listed: &str) -> String {
    let name = &binding.meta().name;
    let (kind, name) = match &binding.meta().namespace {
        Some(namespace) => ("RoleBinding", format!("{name}/{namespace}")),
        None => ("ClusterRoleBinding", name.to_string()),
    };
    let to = subject::described(binding, listed);
    format!("RBAC: allowed by {kind} {name:?} of {} {:?} to {to}", role.kind, role.name)
}
