use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::apps::v1::ReplicaSetStatus;
use setpoint_reconcile::plan::{Next, Plan};

use super::action::{Action, Version};
use super::memory::{Managing, Memory, Writing};
use super::observed::Observed;
use super::ranking::victims;
use super::status::{is_said, status};
use crate::claim::ClaimStage;
use crate::pod::Readiness;

/// Pods that are created or deleted in one sync at the most (RS-15).
pub const BURST_REPLICAS: usize = 500;
/// Pods in the first batch of a slow start (RS-16).
const FIRST_BATCH: usize = 1;

/// The next stage of a sync: pods are claimed, then created or deleted, then the status is written.
pub fn plan(observed: &Observed, memory: &Memory, now: Timestamp) -> Plan<Action, Memory> {
    let mut memory = memory.clone();
    if observed.blueprint.selector.is_err() {
        return Plan { actions: Vec::new(), memory, next: Next::Settled };
    }
    match memory.claims.stage(&observed.replica_set, &observed.pods) {
        ClaimStage::Settled => {}
        ClaimStage::Failed(error) => return end(memory, Next::Failed(error)),
        ClaimStage::Act(actions) => {
            let actions = actions.into_iter().map(Action::Claim).collect();
            return Plan { actions, memory, next: Next::Replan };
        }
    }
    let actions = manage(observed, &mut memory, now);
    if !actions.is_empty() {
        return Plan { actions, memory, next: Next::Continue };
    }
    if let Some(action) = tell(observed, &mut memory, now) {
        return Plan { actions: vec![action], memory, next: Next::Continue };
    }
    let next = next(observed, &memory, now);
    end(memory, next)
}

fn end(memory: Memory, next: Next) -> Plan<Action, Memory> {
    Plan { actions: Vec::new(), memory, next }
}

/// Brings the number of active pods closer to the one wanted (RS-15, RS-16, RS-20).
fn manage(observed: &Observed, memory: &mut Memory, now: Timestamp) -> Vec<Action> {
    if memory.managing == Managing::Due {
        let (active, wanted) = (observed.pods.kept.len(), observed.replicas());
        if observed.replica_set.meta().is_terminating() || active == wanted {
            memory.managing = Managing::Done;
        } else if active > wanted {
            memory.managing = Managing::Done;
            return delete(observed, (active - wanted).min(BURST_REPLICAS), now);
        } else if observed.blueprint.labels().is_empty() {
            // Such pods could not be found again (RS-17).
            memory.failure = Some("unable to create pods, no labels".to_owned());
        } else {
            let left = (wanted - active).min(BURST_REPLICAS);
            memory.managing = Managing::Creating { left, batch: FIRST_BATCH };
        }
    }
    match memory.managing {
        Managing::Creating { left, batch }
            if left > 0 && memory.failure.is_none() && !memory.namespace_terminating =>
        {
            let count = batch.min(left);
            memory.managing = Managing::Creating { left: left - count, batch: batch * 2 };
            vec![Action::Create { count }]
        }
        _ => {
            memory.managing = Managing::Done;
            Vec::new()
        }
    }
}

fn delete(observed: &Observed, count: usize, now: Timestamp) -> Vec<Action> {
    let chosen = victims(&observed.pods.kept, &observed.neighbours, count, now);
    chosen.into_iter().map(|pod| Action::Delete { pod: pod.key(), uid: pod.meta().uid.clone() }).collect()
}

/// Says what there is, if that is not said already; a second time if it is refused (RS-29).
fn tell(observed: &Observed, memory: &mut Memory, now: Timestamp) -> Option<Action> {
    let said = memory.status.get_or_insert_with(|| {
        let status = status(observed, memory.failure.as_deref(), now);
        Arc::new(status)
    });
    let said: Arc<ReplicaSetStatus> = Arc::clone(said);
    match &memory.writing {
        Writing::Due if is_said(observed, &said) => {
            memory.writing = Writing::Done;
            None
        }
        Writing::Due => {
            memory.writing = Writing::First;
            Some(Action::WriteStatus { onto: Version(observed.replica_set.clone()), status: said })
        }
        Writing::Reading => {
            let meta = observed.replica_set.meta();
            Some(Action::ReadLive { replica_set: observed.replica_set.key(), uid: meta.uid.clone() })
        }
        Writing::Read(live) => {
            let onto = live.clone();
            memory.writing = Writing::Second;
            Some(Action::WriteStatus { onto, status: said })
        }
        // Every write is learned of before the next stage.
        Writing::First | Writing::Second | Writing::Failed(_) | Writing::Done => None,
    }
}

/// What follows a sync in which everything was done that could be (RS-27, RS-28).
fn next(observed: &Observed, memory: &Memory, now: Timestamp) -> Next {
    if let Writing::Failed(error) = &memory.writing {
        return Next::Failed(error.clone());
    }
    if let Some(error) = &memory.failure {
        return Next::Failed(error.clone());
    }
    let min_ready_seconds = observed.min_ready_seconds();
    let unavailable = memory.status.as_ref().is_some_and(|status| {
        status.ready_replicas.unwrap_or_default() != status.available_replicas.unwrap_or_default()
    });
    if min_ready_seconds <= 0 || !unavailable {
        return Next::Settled;
    }
    let pods = observed.pods.kept.iter();
    let soonest = pods.filter_map(|pod| Readiness::of(pod).available_in(min_ready_seconds, now)).min();
    Next::After(soonest.unwrap_or_else(|| Duration::from_secs(min_ready_seconds.unsigned_abs().into())))
}

#[cfg(test)]
mod tests;
