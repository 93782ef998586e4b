use k8s_openapi::api::apps::v1::ReplicaSetStatus;
use setpoint_core::object::Object;

use super::kinds::{controlled, controller_uid};
use super::pods::is_active;
use super::{Check, Kinds, is};
use crate::world::Step;

const CONTROLLER: &str = "deployment-controller";
const REVISION: &str = "deployment.kubernetes.io/revision";

/// A new template gets a revision above all others, and no ReplicaSet goes that has pods (INV-DP-06).
#[derive(Debug)]
pub struct RevisionHistory(Kinds);

impl RevisionHistory {
    /// For ReplicaSets and pods of these kinds.
    pub fn new(kinds: Kinds) -> Self {
        Self(kinds)
    }
}

impl Check for RevisionHistory {
    fn id(&self) -> &'static str {
        "INV-DP-06"
    }

    fn step(&mut self, step: &Step<'_>) -> Result<(), String> {
        let object = step.object();
        if step.actor != CONTROLLER || !is(object, "ReplicaSet") || step.late {
            return Ok(());
        }
        let deletes = step.new.is_none_or(|new| new.meta().is_terminating());
        if deletes {
            return self.deleted(step, object);
        }
        let (Some(new), Some(owner)) = (revision(object), controller_uid(object)) else { return Ok(()) };
        if step.old.and_then(|old| revision(old)) == Some(new) {
            return Ok(());
        }
        let others = controlled(step.truth, self.0.replica_sets, owner)
            .filter(|other| other.meta().uid != object.meta().uid);
        match others.filter_map(|other| revision(other)).max() {
            Some(newest) if newest >= new => {
                Err(format!("{} gets revision {new}, another one has {newest}", object.key()))
            }
            _ => Ok(()),
        }
    }
}

impl RevisionHistory {
    fn deleted(&self, step: &Step<'_>, set: &Object) -> Result<(), String> {
        let Some(uid) = &set.meta().uid else { return Ok(()) };
        let is_told = set.status::<ReplicaSetStatus>().is_some_and(|status| status.replicas == 0);
        let active = controlled(step.truth, self.0.pods, uid).filter(|pod| is_active(pod)).count();
        if active > 0 && !is_told {
            return Err(format!("{} is deleted for its age and has {active} pods", set.key()));
        }
        Ok(())
    }
}

/// The revision that an object is said to be.
pub(super) fn revision(object: &Object) -> Option<u64> {
    object.meta().annotations.get(REVISION)?.parse().ok()
}
