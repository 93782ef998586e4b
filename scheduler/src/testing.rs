//! Pods and nodes for tests, without a store.

use std::sync::Arc;

use serde_json::{Value, json};
use setpoint_core::kind::Registry;
use setpoint_core::object::{Draft, Object, ObjectRef, Revision};

use crate::cache::Cache;
use crate::framework::{Cycle, FitError, Profile};
use crate::placement::Placer;
use crate::pod::{Interner, PodInfo};

/// A cluster to place pods in.
pub(crate) struct Cluster {
    registry: Registry,
    pub(crate) interner: Interner,
    pub(crate) cache: Cache,
    pub(crate) placer: Placer,
    revision: u64,
}

impl Cluster {
    pub(crate) fn new() -> Self {
        Self {
            registry: Registry::builtin(),
            interner: Interner::default(),
            cache: Cache::default(),
            placer: Placer::new(setpoint_core::env::Random::seeded(1), 0),
            revision: 0,
        }
    }

    /// An object as a store would have it; its uid is made of its name.
    pub(crate) fn object(&mut self, kind: &str, mut value: Value) -> ObjectRef {
        let kind = self.registry.find(kind, "v1").expect("a built-in kind");
        let name = value["metadata"]["name"].as_str().expect("a name").to_owned();
        if value["metadata"]["uid"].is_null() {
            value["metadata"]["uid"] = json!(format!("uid-{name}"));
        }
        if kind.is_namespaced() && value["metadata"]["namespace"].is_null() {
            value["metadata"]["namespace"] = json!("default");
        }
        self.revision += 1;
        let draft = Draft::from_value(kind, value).expect("it can be read");
        Arc::new(Object::from_draft(draft, Revision(self.revision)))
    }

    /// A node of this name with four cores, 8 GiB and room for ten pods, and what `more` says.
    pub(crate) fn node_object(&mut self, name: &str, more: Value) -> ObjectRef {
        let mut value = json!({
            "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
            "spec": {},
            "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "10"}},
        });
        merge(&mut value, more);
        self.object("Node", value)
    }

    pub(crate) fn node(&mut self, name: &str, more: Value) {
        let node = self.node_object(name, more);
        self.cache.set_node(&node);
    }

    pub(crate) fn pod_object(&mut self, name: &str, more: Value) -> ObjectRef {
        let mut value = json!({"metadata": {"name": name}, "spec": {"containers": [{"name": "main"}]}});
        merge(&mut value, more);
        self.object("Pod", value)
    }

    pub(crate) fn pod(&mut self, name: &str, more: Value) -> Arc<PodInfo> {
        let pod = self.pod_object(name, more);
        Arc::new(PodInfo::new(&pod, &mut self.interner).expect("a pod with a uid"))
    }

    /// A pod that is on a node.
    pub(crate) fn placed(&mut self, name: &str, node: &str, more: Value) -> Arc<PodInfo> {
        let pod = self.pod(name, more);
        self.cache.assume(Arc::clone(&pod), &node.into());
        pod
    }

    /// Where a pod may go, or why it may not.
    pub(crate) fn place(&mut self, profile: &Profile, pod: &PodInfo) -> Result<String, FitError> {
        let cycle = Cycle::new(pod, &self.cache);
        self.placer.place(&cycle, profile).map(|node| node.to_string())
    }

    /// The reasons for which a pod fits nowhere.
    pub(crate) fn reasons(&mut self, pod: &PodInfo) -> String {
        match self.place(&Profile::upstream(), pod) {
            Ok(node) => format!("fits {node}"),
            Err(error) => {
                let text = error.to_string();
                let text = text.split_once(" are available: ").map_or(&*text, |(_, reasons)| reasons);
                text.split_once(". preemption").map_or(text, |(reasons, _)| reasons).to_owned()
            }
        }
    }
}

/// Requests for the only container.
pub(crate) fn requests(cpu: &str, memory: &str) -> Value {
    let requests = json!({"requests": {"cpu": cpu, "memory": memory}});
    json!({"spec": {"containers": [{"name": "main", "resources": requests}]}})
}

pub(crate) fn merge(into: &mut Value, more: Value) {
    match (into, more) {
        (Value::Object(into), Value::Object(more)) => {
            for (key, value) in more {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, more) => *into = more,
    }
}
