use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::ResourceQuotaSpec;
use setpoint_core::kind::Registry;
use setpoint_core::object::ObjectRef;
use setpoint_core::quota::tracks;
use setpoint_store::tables::Snapshot;

/// A quota, and what it may count.
#[derive(Debug, Clone)]
pub struct Observed {
    /// The quota.
    pub quota: ObjectRef,
    /// The resources it limits that some kind uses.
    pub tracked: BTreeSet<String>,
    /// The objects of those kinds in its namespace.
    pub content: Vec<ObjectRef>,
}

impl Observed {
    pub(super) fn of(snapshot: &Snapshot, quota: &ObjectRef, registry: &Registry) -> Self {
        let spec = quota.spec::<ResourceQuotaSpec>();
        let names: Vec<&String> =
            spec.and_then(|spec| spec.hard.as_ref()).into_iter().flat_map(|it| it.keys()).collect();
        let namespace = quota.meta().namespace.as_deref().unwrap_or_default();
        let (mut tracked, mut content) = (BTreeSet::new(), Vec::new());
        for kind in registry.kinds().into_iter().filter(|kind| kind.is_namespaced()) {
            let used: Vec<&String> = names.iter().copied().filter(|name| tracks(&kind, name)).collect();
            if !used.is_empty() {
                tracked.extend(used.into_iter().cloned());
                content.extend(snapshot.list_namespace(kind.id, namespace).cloned());
            }
        }
        Self { quota: quota.clone(), tracked, content }
    }
}
