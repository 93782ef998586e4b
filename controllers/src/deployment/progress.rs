//! Whether a rollout gets anywhere: the conditions Progressing and ReplicaFailure (DEP-44, DEP-52 to
//! DEP-58).

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::apps::v1::{
    DeploymentCondition, DeploymentSpec, DeploymentStatus, ReplicaSetCondition,
};
use setpoint_core::conditions::{self, Condition};

use super::observed::{Observed, ReplicaSet};
use super::status::{self, condition};

/// Whether the rollout gets anywhere.
pub(super) const PROGRESSING: &str = "Progressing";
const REPLICA_FAILURE: &str = "ReplicaFailure";

const AVAILABLE: &str = "NewReplicaSetAvailable";
const TIMED_OUT: &str = "ProgressDeadlineExceeded";
const PAUSED: &str = "DeploymentPaused";

/// After the deadline by so much a Deployment is looked at again; upstream's figure.
const MARGIN: SignedDuration = SignedDuration::from_secs(1);

/// The time a rollout may stand still; `None` if for ever (DEP-54).
pub(super) fn deadline(spec: &DeploymentSpec) -> Option<SignedDuration> {
    let seconds = spec.progress_deadline_seconds.filter(|seconds| *seconds != i32::MAX)?;
    Some(SignedDuration::from_secs(seconds.into()))
}

/// The condition Progressing, as it was when the sync began.
pub(super) fn current(status: Option<&DeploymentStatus>) -> Option<&DeploymentCondition> {
    conditions::find(status?.conditions.iter().flatten(), PROGRESSING)
}

/// What pausing and resuming make of the condition, if anything (DEP-44).
pub(super) fn pause_change(observed: &Observed, now: Timestamp) -> Option<DeploymentCondition> {
    let spec = observed.spec();
    deadline(spec)?;
    let reason = current(observed.status()).map_or("", Condition::reason);
    let change = |reason, message| Some(condition(PROGRESSING, "Unknown", reason, message, now));
    match (reason, spec.paused.unwrap_or(false)) {
        // That it took too long stays said.
        (TIMED_OUT, _) => None,
        (PAUSED, false) => change("DeploymentResumed", "Deployment is resumed"),
        (PAUSED, true) | (_, false) => None,
        (_, true) => change(PAUSED, "Deployment is paused"),
    }
}

/// The condition after a new ReplicaSet was created (DEP-54).
pub(super) fn created(name: &str, now: Timestamp) -> DeploymentCondition {
    let message = format!("Created new replica set {name:?}");
    condition(PROGRESSING, "True", "NewReplicaSetCreated", message, now)
}

/// The condition of a Deployment that has a new ReplicaSet and nothing yet to say of it (DEP-54).
pub(super) fn found(name: &str, now: Timestamp) -> DeploymentCondition {
    let message = format!("Found new replica set {name:?}");
    condition(PROGRESSING, "True", "FoundNewReplicaSet", message, now)
}

/// The condition after a new ReplicaSet could not be created (DEP-20).
pub(super) fn not_created(message: &str, now: Timestamp) -> DeploymentCondition {
    condition(PROGRESSING, "False", "ReplicaSetCreateError", message, now)
}

/// The status after a step of a rollout (DEP-52 to DEP-58).
pub(super) fn rolled_out(observed: &Observed, now: Timestamp) -> DeploymentStatus {
    let mut status = status::counted(observed, now);
    let mut conditions = status.conditions.take().unwrap_or_default();
    let current = current(observed.status());
    match deadline(observed.spec()) {
        None => {
            conditions::remove(&mut conditions, PROGRESSING);
        }
        // What has succeeded once stays so until there is something new to roll out.
        Some(_) if is_over(&status, current) => {}
        Some(deadline) => {
            let judged = judge(observed, &status, current, deadline, now);
            if let Some(judged) = judged {
                if judged.reason() == "ReplicaSetUpdated" {
                    // It is stamped anew even if nothing else of it changes.
                    conditions::remove(&mut conditions, PROGRESSING);
                }
                conditions::set(&mut conditions, judged);
            }
        }
    }
    match replica_failure(observed) {
        Some(failure) => {
            conditions::set(&mut conditions, failure);
        }
        None => {
            conditions::remove(&mut conditions, REPLICA_FAILURE);
        }
    }
    status.conditions = Some(conditions);
    status
}

/// Whether everything is new, and was available once (DEP-52).
fn is_over(status: &DeploymentStatus, current: Option<&DeploymentCondition>) -> bool {
    status.replicas == status.updated_replicas
        && current.is_some_and(|condition| condition.reason() == AVAILABLE)
}

fn judge(
    observed: &Observed,
    status: &DeploymentStatus,
    current: Option<&DeploymentCondition>,
    deadline: SignedDuration,
    now: Timestamp,
) -> Option<DeploymentCondition> {
    let what = match observed.new_set() {
        Some(set) => format!("ReplicaSet {:?}", set.name()),
        None => format!("Deployment {:?}", &*observed.deployment.meta().name),
    };
    if is_complete(observed, status) {
        let message = format!("{what} has successfully progressed.");
        return Some(condition(PROGRESSING, "True", AVAILABLE, message, now));
    }
    if has_progressed(observed.status(), status) {
        let message = format!("{what} is progressing.");
        let mut progressed = condition(PROGRESSING, "True", "ReplicaSetUpdated", message, now);
        if let Some(current) = current.filter(|current| current.status() == "True") {
            progressed.last_transition_time.clone_from(&current.last_transition_time);
        }
        return Some(progressed);
    }
    let current = current?;
    let expires = current.last_update_time.as_ref().map(|time| time.0.saturating_add(deadline));
    let is_late = match current.reason() {
        AVAILABLE => false,
        TIMED_OUT => true,
        _ => expires.is_none_or(|expires| expires.is_ok_and(|expires| expires < now)),
    };
    is_late.then(|| {
        let message = format!("{what} has timed out progressing.");
        condition(PROGRESSING, "False", TIMED_OUT, message, now)
    })
}

/// Whether the rollout is done (DEP-52).
pub(super) fn is_complete(observed: &Observed, status: &DeploymentStatus) -> bool {
    let wanted = observed.wanted();
    let is_all = |count: Option<i32>| count.map_or(0, i64::from) == wanted;
    is_all(status.updated_replicas)
        && is_all(status.replicas)
        && is_all(status.available_replicas)
        && status.observed_generation.unwrap_or(0) >= observed.deployment.meta().generation
}

/// Whether there is more than before of what is new, or less of what is old (DEP-53).
fn has_progressed(before: Option<&DeploymentStatus>, now: &DeploymentStatus) -> bool {
    let count = |count: fn(&DeploymentStatus) -> Option<i32>| {
        let number = |status| count(status).map_or(0, i64::from);
        (before.map_or(0, number), number(now))
    };
    let (updated_before, updated) = count(|status| status.updated_replicas);
    let (replicas_before, replicas) = count(|status| status.replicas);
    let (ready_before, ready) = count(|status| status.ready_replicas);
    let (available_before, available) = count(|status| status.available_replicas);
    updated > updated_before
        || replicas - updated < replicas_before - updated_before
        || ready > ready_before
        || available > available_before
}

/// The failure of the new ReplicaSet, or else of any (DEP-58).
fn replica_failure(observed: &Observed) -> Option<DeploymentCondition> {
    let failure = |set: &ReplicaSet| {
        let conditions = set.status()?.conditions.as_ref()?;
        conditions::find(conditions, REPLICA_FAILURE).map(as_deployments)
    };
    observed.new_set().and_then(failure).or_else(|| observed.old_then_new().find_map(failure))
}

fn as_deployments(of_set: &ReplicaSetCondition) -> DeploymentCondition {
    DeploymentCondition {
        type_: of_set.type_.clone(),
        status: of_set.status.clone(),
        reason: of_set.reason.clone(),
        message: of_set.message.clone(),
        last_transition_time: of_set.last_transition_time.clone(),
        last_update_time: of_set.last_transition_time.clone(),
    }
}

/// When to look again at a rollout of which nothing changes: once its deadline has passed (DEP-57).
pub(super) fn next_look(observed: &Observed, status: &DeploymentStatus, now: Timestamp) -> Option<Duration> {
    let deadline = deadline(observed.spec())?;
    let current = current(observed.status())?;
    // What has succeeded or has timed out cannot time out any more.
    if is_complete(observed, status) || [TIMED_OUT, AVAILABLE].contains(&current.reason()) {
        return None;
    }
    let since = current.last_update_time.as_ref()?.0;
    let left = deadline.checked_sub(now.duration_since(since)).unwrap_or_default();
    let wait = left.max(SignedDuration::ZERO).checked_add(MARGIN)?;
    wait.try_into().ok()
}

#[cfg(test)]
mod tests;
