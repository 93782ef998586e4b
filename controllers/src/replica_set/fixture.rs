//! Objects as tests want them.

use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::api::core::v1::Pod;
use serde_json::{Value, json};
use setpoint_core::kind::Registry;
use setpoint_core::object::{Draft, Object, ObjectRef, Revision};

use super::blueprint::Blueprint;
use super::observed::Observed;

/// The time that is now in tests of plans.
pub(super) const NOW: i64 = 1_000_000;

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("in range")
}

fn object<K: 'static>(value: Value) -> ObjectRef {
    let kind = Registry::builtin().of::<K>().expect("a built-in kind");
    let draft = Draft::from_value(kind, value).expect("of its kind");
    Arc::new(Object::from_draft(draft, Revision::ZERO.next()))
}

/// A ReplicaSet of generation 1 for pods with the label `app=web`, and a status.
pub(super) fn replica_set(replicas: i32, status: Value) -> ObjectRef {
    object::<ReplicaSet>(replica_set_value(replicas, status))
}

pub(super) fn replica_set_value(replicas: i32, status: Value) -> Value {
    json!({
        "metadata": {"name": "rs", "namespace": "ns", "uid": "rs-uid", "generation": 1},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}, "annotations": {"note": "n"}},
                "spec": {"containers": [{"name": "c", "image": "i"}], "terminationGracePeriodSeconds": 30},
            },
        },
        "status": status,
    })
}

pub(super) fn replica_set_of(value: Value) -> ObjectRef {
    object::<ReplicaSet>(value)
}

/// A pod as a table describes it.
#[derive(Debug, Clone)]
pub(super) struct APod {
    pub(super) name: String,
    pub(super) node: &'static str,
    pub(super) phase: &'static str,
    /// Ready for so many seconds.
    pub(super) ready: Option<i64>,
    pub(super) cost: &'static str,
    pub(super) restarts: i32,
    pub(super) sidecar_restarts: i32,
    /// Created so many seconds ago.
    pub(super) age: i64,
}

/// A pod that is ready on a node of its own.
pub(super) fn ready(name: impl Into<String>) -> APod {
    APod {
        name: name.into(),
        node: "node",
        phase: "Running",
        ready: Some(100),
        cost: "",
        restarts: 0,
        sidecar_restarts: 0,
        age: 200,
    }
}

/// A pod that was just made.
pub(super) fn fresh(name: impl Into<String>) -> APod {
    APod { node: "", phase: "Pending", ready: None, ..ready(name) }
}

impl APod {
    pub(super) fn object(&self) -> ObjectRef {
        let Self { name, node, phase, ready, cost, restarts, sidecar_restarts, age } = self;
        let conditions = ready.map(|ready| {
            json!([{"type": "Ready", "status": "True", "lastTransitionTime": at(NOW - ready).to_string()}])
        });
        let annotations = (!cost.is_empty()).then(|| json!({super::ranking::DELETION_COST: cost}));
        let status = |name: &str, restarts: i32| json!([{"name": name, "image": "i", "imageID": "", "ready": true, "restartCount": restarts}]);
        object::<Pod>(json!({
            "metadata": {
                "name": name, "namespace": "ns", "uid": name,
                "creationTimestamp": at(NOW - age).to_string(),
                "labels": {"app": "web"},
                "annotations": annotations,
                "ownerReferences": [{
                    "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "rs", "uid": "rs-uid",
                    "controller": true, "blockOwnerDeletion": true,
                }],
            },
            "spec": {
                "nodeName": node,
                "containers": [{"name": "c", "image": "i"}],
                "initContainers": [{"name": "sidecar", "image": "i", "restartPolicy": "Always"}],
            },
            "status": {
                "phase": phase,
                "conditions": conditions,
                "containerStatuses": status("c", *restarts),
                "initContainerStatuses": status("sidecar", *sidecar_restarts),
            },
        }))
    }
}

/// A ReplicaSet with these active pods.
pub(super) fn observed(replica_set: ObjectRef, pods: &[APod]) -> Observed {
    let kind = Registry::builtin().of::<Pod>().expect("a built-in kind");
    let blueprint = Blueprint::of(&replica_set, &kind, super::Dialect::REPLICA_SET).expect("a ReplicaSet");
    let mut observed = Observed::new(replica_set, Arc::new(blueprint));
    observed.pods.kept = pods.iter().map(APod::object).collect();
    observed
}
