use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashMap;
use setpoint_core::builtin::SharedPodSpec;
use setpoint_core::kind::KindId;
use setpoint_core::object::{Object, ObjectRef, Text};
use setpoint_core::selector::LabelSelector;
use setpoint_reconcile::events::Regarding;
use setpoint_store::tables::{IndexValue, Snapshot};

use super::blueprint::Blueprint;
use super::dialect::Dialect;
use super::plan::BURST_REPLICAS;
use crate::claim::{Children, Claim, Decision};
use crate::controller_ref::is_controlled_by;
use crate::pod;

/// A ReplicaSet and its pods.
#[derive(Debug)]
pub struct Observed {
    /// The ReplicaSet.
    pub replica_set: ObjectRef,
    /// What its spec comes to.
    pub blueprint: Arc<Blueprint>,
    /// Its active pods, and those that may become or cease to be its own.
    pub pods: Children,
    /// How many of its pods are on their way out (RS-26).
    pub terminating: usize,
    /// How many active pods of this and related ReplicaSets are on each node; known only where pods are to
    /// be chosen for deletion.
    pub neighbours: FxHashMap<Text, usize>,
    regarding: OnceLock<Arc<Regarding>>,
}

impl Observed {
    /// What a snapshot shows around a ReplicaSet; `None` if it has no blueprint.
    pub(super) fn of(
        snapshot: &Snapshot,
        replica_set: &ObjectRef,
        blueprint: Option<Arc<Blueprint>>,
        replica_sets: KindId,
        pods: KindId,
    ) -> Option<Self> {
        let mut observed = Self::new(replica_set.clone(), blueprint?);
        let blueprint = Arc::clone(&observed.blueprint);
        let Ok(selector) = &blueprint.selector else { return Some(observed) };
        let claim = Claim { owner: replica_set, selector };
        for object in claim.candidates(snapshot, pods) {
            if pod::is_active(object) {
                observed.pods.add(observed.decide(&claim, object), object);
            } else if pod::is_terminating(object) && observed.decide(&claim, object) == Decision::Keep {
                observed.terminating += 1;
            }
        }
        if observed.must_choose() {
            observed.neighbours = neighbours(snapshot, replica_set, blueprint.dialect, replica_sets, pods);
        }
        Some(observed)
    }

    /// A ReplicaSet without pods.
    pub fn new(replica_set: ObjectRef, blueprint: Arc<Blueprint>) -> Self {
        Self {
            replica_set,
            blueprint,
            pods: Children::default(),
            terminating: 0,
            neighbours: FxHashMap::default(),
            regarding: OnceLock::new(),
        }
    }

    /// As [`Claim::decide`]. Pods of the present template need no comparison of labels.
    fn decide(&self, claim: &Claim<'_>, object: &Object) -> Decision {
        let meta = object.meta();
        let is_own = self.replica_set.meta().uid.as_ref().is_some_and(|uid| is_controlled_by(object, uid));
        // A template matches its ReplicaSet's selector, or the store would not have taken it.
        if is_own && meta.labels.ptr_eq(self.blueprint.labels()) {
            Decision::Keep
        } else {
            claim.decide(object)
        }
    }

    /// Whether there are more pods than wanted, and some of them are to stay.
    fn must_choose(&self) -> bool {
        let (active, wanted) = (self.pods.kept.len(), self.replicas());
        active > wanted
            && (wanted > 0 || active > BURST_REPLICAS)
            && !self.replica_set.meta().is_terminating()
    }

    /// How many active pods are wanted.
    pub fn replicas(&self) -> usize {
        self.blueprint.replicas
    }

    /// How long a pod must be ready to be available, in seconds.
    pub fn min_ready_seconds(&self) -> i32 {
        self.blueprint.min_ready_seconds
    }

    /// The ReplicaSet as events name it.
    pub(super) fn regarding(&self) -> &Arc<Regarding> {
        self.regarding.get_or_init(|| Arc::new(Regarding::object(&self.replica_set)))
    }
}

/// The active pods on each node that this ReplicaSet and those of the same controller select. A ReplicaSet
/// without a controller has no relatives, not even itself (RS-22).
///
/// Counted are pods that one of them controls, or that nobody does: upstream also counts those that match
/// although another controller has them, and reads all pods of the namespace for it.
fn neighbours(
    snapshot: &Snapshot,
    replica_set: &ObjectRef,
    dialect: Dialect,
    replica_sets: KindId,
    pods: KindId,
) -> FxHashMap<Text, usize> {
    let mut counts = FxHashMap::default();
    let Some(controller) = replica_set.meta().controller() else { return counts };
    let siblings: Vec<&ObjectRef> = snapshot
        .by_index(replica_sets, "owner", &IndexValue::Uid(controller.uid.clone()))
        .filter(|sibling| is_controlled_by(sibling, &controller.uid))
        .collect();
    let selectors: Vec<LabelSelector> = siblings
        .iter()
        .filter_map(|sibling| LabelSelector::compile(Some(&(dialect.asks)(sibling)?.selector)).ok())
        .collect();
    let controlled = siblings.iter().filter_map(|sibling| sibling.meta().uid.as_ref()).flat_map(|uid| {
        let listed = snapshot.by_index(pods, "owner", &IndexValue::Uid(uid.clone()));
        listed.filter(move |pod| is_controlled_by(pod, uid))
    });
    let namespace = replica_set.meta().namespace.clone().unwrap_or_default();
    let orphans = snapshot.by_index(pods, "orphan", &IndexValue::Text(namespace));
    let selected = |pod: &&ObjectRef| {
        let labels = &pod.meta().labels;
        pod::is_active(pod) && selectors.iter().any(|selector| selector.matches(|label| labels.get(label)))
    };
    for pod in controlled.chain(orphans).filter(selected) {
        *counts.entry(node_of(pod)).or_default() += 1;
    }
    counts
}

/// The node that a pod is bound to; empty if there is none.
pub(super) fn node_of(pod: &Object) -> Text {
    pod.spec::<SharedPodSpec>().and_then(SharedPodSpec::node_name_text).cloned().unwrap_or_default()
}
