use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::{Node, Pod};
use setpoint_core::kind::{KindId, Registry};
use setpoint_core::object::{Object, ObjectRef, Uid};
use setpoint_store::tables::{Index, IndexValue, Snapshot};

/// The kinds that checks of workloads are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kinds {
    /// Pods.
    pub pods: KindId,
    /// ReplicaSets.
    pub replica_sets: KindId,
    /// Deployments.
    pub deployments: KindId,
    /// Nodes.
    pub nodes: KindId,
}

impl Kinds {
    /// Those of a registry.
    ///
    /// # Panics
    ///
    /// If it has not all of the built-in ones.
    pub fn of(registry: &Registry) -> Self {
        let known = "a built-in kind is registered";
        Self {
            pods: registry.of::<Pod>().expect(known).id,
            replica_sets: registry.of::<ReplicaSet>().expect(known).id,
            deployments: registry.of::<Deployment>().expect(known).id,
            nodes: registry.of::<Node>().expect(known).id,
        }
    }
}

/// What has an owner of this uid, of a kind.
pub(super) fn owned<'a>(
    truth: &'a Snapshot,
    kind: KindId,
    uid: &Uid,
) -> impl Iterator<Item = &'a ObjectRef> + use<'a> {
    truth.by_index(kind, Index::owner().name(), &IndexValue::Uid(uid.clone()))
}

/// What an object of this uid controls, of a kind.
pub(super) fn controlled<'a>(
    truth: &'a Snapshot,
    kind: KindId,
    uid: &Uid,
) -> impl Iterator<Item = &'a ObjectRef> + use<'a> {
    let owner = uid.clone();
    owned(truth, kind, uid).filter(move |object| controller_uid(object) == Some(&owner))
}

/// The uid of an object's controller.
pub(super) fn controller_uid(object: &Object) -> Option<&Uid> {
    object.meta().controller().map(|owner| &owner.uid)
}
