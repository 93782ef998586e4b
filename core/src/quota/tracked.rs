use crate::kind::Kind;
use crate::rules::pod::is_extended_resource;

/// What is counted of pods beside their number as objects.
const OF_PODS: [&str; 10] = [
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
];
/// Kinds of the core group whose number has a name of its own.
const ALIASED: [&str; 4] = ["configmaps", "replicationcontrollers", "resourcequotas", "secrets"];
const STORAGE_CLASS: &str = ".storageclass.storage.k8s.io/";

/// What the number of a kind's objects is called, such as `count/deployments.apps`.
pub(super) fn count_name(kind: &Kind) -> String {
    let (group, resource) = (&kind.resource.group, &kind.resource.resource);
    if group.is_empty() { format!("count/{resource}") } else { format!("count/{resource}.{group}") }
}

/// The other name of that number, where it has one.
pub(super) fn alias(kind: &Kind) -> Option<&'static str> {
    let resource = ALIASED.iter().find(|resource| **resource == &*kind.resource.resource);
    resource.copied().filter(|_| kind.resource.group.is_empty())
}

/// Whether objects of a kind use the resource that is called so.
pub fn tracks(kind: &Kind, name: &str) -> bool {
    if name == count_name(kind) {
        return true;
    }
    if !kind.resource.group.is_empty() {
        return false;
    }
    match &*kind.resource.resource {
        "pods" => is_of_pods(name),
        "services" => matches!(name, "services" | "services.nodeports" | "services.loadbalancers"),
        "persistentvolumeclaims" => {
            matches!(name, "persistentvolumeclaims" | "requests.storage") || is_of_storage_class(name)
        }
        _ => alias(kind) == Some(name),
    }
}

fn is_of_pods(name: &str) -> bool {
    let requested = name.strip_prefix("requests.");
    OF_PODS.contains(&name)
        || name.starts_with("hugepages-")
        || requested.is_some_and(|name| name.starts_with("hugepages-") || is_extended_resource(name))
}

fn is_of_storage_class(name: &str) -> bool {
    let suffix = name.split_once(STORAGE_CLASS).map(|(_, suffix)| suffix);
    matches!(suffix, Some("requests.storage" | "persistentvolumeclaims"))
}

/// What one storage class' part of claims is called.
pub(super) fn of_storage_class(class: &str, what: &str) -> String {
    format!("{class}{STORAGE_CLASS}{what}")
}
