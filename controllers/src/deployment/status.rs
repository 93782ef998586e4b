//! What a Deployment's status says of its ReplicaSets (DEP-49 to DEP-51).

use jiff::Timestamp;
use k8s_openapi::api::apps::v1::{DeploymentCondition, DeploymentStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use setpoint_core::conditions;

use super::observed::{Observed, ReplicaSet};
use super::rolling::clamp;

/// Whether enough replicas are available.
pub(super) const AVAILABLE: &str = "Available";

/// The counts, with the conditions that were there and the one on availability.
pub(super) fn counted(observed: &Observed, now: Timestamp) -> DeploymentStatus {
    let sum = |count: fn(&ReplicaSet) -> i64| observed.sets.iter().map(count).sum::<i64>();
    let available = sum(ReplicaSet::available);
    let before = observed.status();
    let mut conditions = before.and_then(|status| status.conditions.as_ref()).cloned().unwrap_or_default();
    conditions::set(&mut conditions, availability(observed, available, now));
    DeploymentStatus {
        observed_generation: number(observed.deployment.meta().generation),
        replicas: count(sum(ReplicaSet::replicas)),
        updated_replicas: count(observed.new_set().map_or(0, ReplicaSet::replicas)),
        ready_replicas: count(sum(ReplicaSet::ready)),
        available_replicas: count(available),
        unavailable_replicas: count(observed.total_size() - available),
        terminating_replicas: terminating(observed),
        collision_count: before.and_then(|status| status.collision_count),
        conditions: Some(conditions),
    }
}

/// Zero counts are left out.
fn count(count: i64) -> Option<i32> {
    Some(clamp(count.max(0))).filter(|count| *count != 0)
}

fn number(number: i64) -> Option<i64> {
    Some(number).filter(|number| *number != 0)
}

/// `None` if a ReplicaSet has been looked at by somebody who does not count them (DEP-50).
fn terminating(observed: &Observed) -> Option<i32> {
    let mut sum = 0;
    for set in &observed.sets {
        match set.status().and_then(|status| status.terminating_replicas) {
            Some(count) => sum += i64::from(count),
            None if set.observed_generation() == 0 => {}
            None => return None,
        }
    }
    Some(clamp(sum))
}

fn availability(observed: &Observed, available: i64, now: Timestamp) -> DeploymentCondition {
    let enough = available >= observed.wanted() - observed.fence().unavailable;
    let (status, reason, message) = match enough {
        true => ("True", "MinimumReplicasAvailable", "Deployment has minimum availability."),
        false => ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability."),
    };
    condition(AVAILABLE, status, reason, message, now)
}

/// A condition that was updated, and may have changed, now. Times are whole seconds.
pub(super) fn condition(
    type_: &str,
    status: &str,
    reason: &str,
    message: impl Into<String>,
    now: Timestamp,
) -> DeploymentCondition {
    let now = Time(Timestamp::from_second(now.as_second()).unwrap_or(now));
    DeploymentCondition {
        type_: Some(type_.to_owned()),
        status: Some(status.to_owned()),
        reason: Some(reason.to_owned()),
        message: Some(message.into()),
        last_transition_time: Some(now.clone()),
        last_update_time: Some(now),
    }
}
