//! Which changes a Deployment is looked at for (DEP-09, DEP-10).

use std::borrow::Cow;

use k8s_openapi::api::apps::v1::DeploymentSpec;
use setpoint_core::kind::{Kind, KindId};
use setpoint_core::object::{Key, Object, ObjectRef, OwnerReference};
use setpoint_reconcile::controller::{Relation, Wake};
use setpoint_store::engine::Change;
use setpoint_store::tables::{IndexValue, Snapshot};
use setpoint_watch::View;

use super::observed::Kinds;
use super::rolling::is_rolling;

pub(super) fn relations(deployments: &Kind, kinds: Kinds) -> Vec<Relation> {
    let root = deployments.id;
    vec![
        Relation::root(root),
        Relation::owned(kinds.replica_sets, deployments),
        Relation::orphaned(kinds.replica_sets, root, |object| {
            object.spec::<DeploymentSpec>().map(|spec| Cow::Borrowed(&spec.selector))
        }),
        Relation::mapped(kinds.pods, move |change, view, wake| pod_gone(change, view, root, kinds, wake)),
    ]
}

/// Who has waited for its last pod to go is looked at (DEP-10). Nothing else of pods matters here.
fn pod_gone(change: &Change, view: &dyn View, root: KindId, kinds: Kinds, wake: &mut dyn FnMut(Wake)) {
    let (Some(old), None) = (&change.old, &change.new) else { return };
    let Some(reference) = old.meta().controller().filter(|owner| *owner.kind == *"ReplicaSet") else {
        return;
    };
    let snapshot = view.snapshot();
    let Some(set) = controller(&snapshot, old, reference, kinds.replica_sets) else { return };
    let Some(reference) = set.meta().controller().filter(|owner| *owner.kind == *"Deployment") else {
        return;
    };
    let Some(deployment) = controller(&snapshot, set, reference, root) else { return };
    let waits = deployment.spec::<DeploymentSpec>().is_some_and(|spec| !is_rolling(spec));
    if waits && !has_pods(&snapshot, deployment, kinds) {
        wake(Wake::now(deployment.key()));
    }
}

/// The very object that a reference means.
fn controller<'a>(
    snapshot: &'a Snapshot,
    child: &Object,
    reference: &OwnerReference,
    kind: KindId,
) -> Option<&'a ObjectRef> {
    let key = Key { kind, namespace: child.meta().namespace.clone(), name: reference.name.clone() };
    snapshot.get(&key).filter(|owner| owner.meta().uid.as_ref() == Some(&reference.uid))
}

fn has_pods(snapshot: &Snapshot, deployment: &Object, kinds: Kinds) -> bool {
    let Some(uid) = deployment.meta().uid.clone() else { return false };
    let mut sets = snapshot.by_index(kinds.replica_sets, "owner", &IndexValue::Uid(uid));
    sets.any(|set| {
        let uid = set.meta().uid.clone();
        uid.is_some_and(|uid| snapshot.count_by_index(kinds.pods, "owner", &IndexValue::Uid(uid)) > 0)
    })
}
