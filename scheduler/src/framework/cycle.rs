use std::any::Any;
use std::sync::Arc;

use setpoint_core::kind::Registry;
use setpoint_core::object::{Key, ObjectRef, TextMap};
use setpoint_core::selector::LabelSelector;
use setpoint_store::tables::Snapshot;

use crate::cache::Cache;
use crate::pod::PodInfo;

/// The objects of other kinds.
#[derive(Debug, Clone, Copy)]
pub struct Objects<'a> {
    /// At the moment of the cycle.
    pub snapshot: &'a Snapshot,
    /// Their kinds.
    pub registry: &'a Registry,
}

impl Objects<'_> {
    /// An object, if there is one and it can be read as `K`.
    pub fn get<K: Any + Send + Sync>(&self, namespace: Option<&str>, name: &str) -> Option<Arc<K>> {
        self.object::<K>(namespace, name)?.to_whole().ok()
    }

    /// An object of the kind that `K` stands for, if there is one.
    pub fn object<K: 'static>(&self, namespace: Option<&str>, name: &str) -> Option<&ObjectRef> {
        let kind = self.registry.of::<K>()?;
        let key = Key { kind: kind.id, namespace: namespace.map(Into::into), name: name.into() };
        self.snapshot.get(&key)
    }
}

/// What is known while one pod is placed.
#[derive(Debug, Clone, Copy)]
pub struct Cycle<'a> {
    /// The pod.
    pub pod: &'a PodInfo,
    /// Nodes, and pods on nodes.
    pub cache: &'a Cache,
    /// Everything else, if it is known.
    pub objects: Option<Objects<'a>>,
    /// Which pods are the pod's siblings: what its services and its controller select.
    pub siblings: Option<&'a Arc<LabelSelector>>,
}

impl<'a> Cycle<'a> {
    /// With nothing known but nodes and pods.
    pub fn new(pod: &'a PodInfo, cache: &'a Cache) -> Self {
        Self { pod, cache, objects: None, siblings: None }
    }

    /// Whether a pod term that a pod in `own` has is about this cycle's pod.
    pub fn is_meant(&self, term: &crate::pod::PodTerm, own: &str, labels: &TextMap) -> bool {
        let cohort = &self.pod.cohort;
        term.admits_namespace(own, &cohort.namespace, labels)
            && term.selector.matches(|key| cohort.labels.get(key))
    }
}
