use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::api::core::v1::PodStatus;
use setpoint_core::builtin::SharedPodSpec;
use setpoint_core::env::Instant;
use setpoint_core::object::{Key, Object, ObjectRef, Uid};
use setpoint_store::tables::Snapshot;

use super::kinds::{controlled, controller_uid};
use super::pods::{is_active, phase};
use super::{Check, Kinds, LAG_MAX, is};
use crate::world::Step;

const CONTROLLER: &str = "replicaset-controller";
const COST: &str = "controller.kubernetes.io/pod-deletion-cost";
/// A deletion that is to go first has happened by then.
const SETTLED: Duration = Duration::from_secs(100);

/// A ReplicaSet that is to shrink loses the pods first that are missed least: not assigned, not running, not
/// ready, of a lower cost (INV-RS-03).
///
/// Several pods go at once, in any order; so a pod that should have gone before another one is looked at a
/// while later. Where anybody else has changed the pods meanwhile, or shortly before, nothing is said.
#[derive(Debug)]
pub struct Ranking {
    kinds: Kinds,
    disturbed: BTreeMap<Uid, Instant>,
    pending: Vec<Pending>,
}

/// Pods that should have gone before another one.
#[derive(Debug)]
struct Pending {
    at: Instant,
    owner: Uid,
    deleted: Key,
    first: Vec<(Key, Uid)>,
}

impl Ranking {
    /// For pods of these kinds.
    pub fn new(kinds: Kinds) -> Self {
        Self { kinds, disturbed: BTreeMap::new(), pending: Vec::new() }
    }
}

impl Check for Ranking {
    fn id(&self) -> &'static str {
        "INV-RS-03"
    }

    fn step(&mut self, step: &Step<'_>) -> Result<(), String> {
        self.look_back(step.at, step.truth)?;
        let object = step.object();
        if is(object, "ReplicaSet") && step.actor != CONTROLLER && !is_resize(step) {
            self.disturb(object.meta().uid.as_ref(), step.at);
        }
        if !is(object, "Pod") {
            return Ok(());
        }
        let owner = [step.old, step.new].into_iter().flatten().find_map(|pod| controller_uid(pod)).cloned();
        let Some(owner) = owner else { return Ok(()) };
        let deletes =
            step.old.is_some_and(|old| is_active(old)) && step.new.is_none_or(|new| !is_active(new));
        match step.old {
            Some(old) if deletes && step.actor == CONTROLLER && !step.late => self.deleted(step, old, owner),
            _ if changes_rank(step) => self.disturb(Some(&owner), step.at),
            _ => {}
        }
        Ok(())
    }

    fn rest(&mut self, truth: &Snapshot) -> Result<(), String> {
        self.look_back(Instant::NEVER, truth)
    }
}

impl Ranking {
    fn disturb(&mut self, owner: Option<&Uid>, at: Instant) {
        if let Some(owner) = owner {
            self.disturbed.insert(owner.clone(), at);
            self.pending.retain(|pending| pending.owner != *owner);
        }
    }

    fn deleted(&mut self, step: &Step<'_>, pod: &ObjectRef, owner: Uid) {
        if self.disturbed.get(&owner).is_some_and(|disturbed| step.at - *disturbed < LAG_MAX) {
            return;
        }
        let mine = rank(pod);
        let first = controlled(step.truth, self.kinds.pods, &owner)
            .filter(|other| is_active(other) && rank(other) < mine)
            .filter_map(|other| Some((other.key(), other.meta().uid.clone()?)))
            .collect::<Vec<_>>();
        if !first.is_empty() {
            self.pending.push(Pending { at: step.at, owner, deleted: pod.key(), first });
        }
    }

    fn look_back(&mut self, now: Instant, truth: &Snapshot) -> Result<(), String> {
        let is_due = |pending: &Pending| now == Instant::NEVER || now - pending.at > SETTLED;
        for pending in self.pending.extract_if(.., |pending| is_due(pending)) {
            let is_left = |(key, uid): &&(Key, Uid)| {
                truth.get(key).is_some_and(|pod| pod.meta().uid.as_ref() == Some(uid) && is_active(pod))
            };
            if let Some((left, _)) = pending.first.iter().find(is_left) {
                return Err(format!("pod {} is deleted, and {left} is left", pending.deleted));
            }
        }
        Ok(())
    }
}

/// What goes first is less.
fn rank(pod: &Object) -> (bool, bool, bool, i32) {
    let assigned = pod.spec::<SharedPodSpec>().is_some_and(|spec| spec.node_name().is_some());
    let conditions = pod.status::<PodStatus>().and_then(|status| status.conditions.as_ref());
    let ready = conditions.into_iter().flatten().any(|it| it.type_ == "Ready" && it.status == "True");
    let cost = pod.meta().annotations.get(COST).and_then(|cost| cost.parse().ok()).unwrap_or(0);
    (assigned, phase(pod) == "Running", ready, cost)
}

fn changes_rank(step: &Step<'_>) -> bool {
    let seen = |pod: Option<&ObjectRef>| pod.map(|pod| (rank(pod), is_active(pod)));
    seen(step.old) != seen(step.new)
}

/// Whether nothing but the number of replicas, or a status, has changed.
fn is_resize(step: &Step<'_>) -> bool {
    let (Some(old), Some(new)) = (step.old, step.new) else { return false };
    old.meta().labels == new.meta().labels && !new.meta().is_terminating()
}
