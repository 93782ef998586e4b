use jiff::Timestamp;
use k8s_openapi::api::apps::v1::{ReplicaSetCondition, ReplicaSetStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use setpoint_core::conditions;
use setpoint_core::object::{Object, TextMap};

use super::observed::Observed;
use crate::pod::Readiness;

const REPLICA_FAILURE: &str = "ReplicaFailure";

/// What is to be said of a ReplicaSet, of the pods it had before this sync (RS-25, RS-26).
///
/// `failure` is what went wrong while pods were created or deleted. It makes a condition, which stays as it
/// is until nothing goes wrong any more (RS-28).
pub fn status(observed: &Observed, failure: Option<&str>, now: Timestamp) -> ReplicaSetStatus {
    let dialect = observed.blueprint.dialect;
    let current = (dialect.said)(&observed.replica_set);
    let active = &observed.pods.kept;
    let min_ready_seconds = observed.min_ready_seconds();
    let (mut fully_labeled, mut ready, mut available) = (0, 0, 0);
    for pod in active {
        let readiness = Readiness::of(pod);
        fully_labeled += usize::from(has_labels(pod, observed.blueprint.labels()));
        ready += usize::from(readiness.is_ready());
        available += usize::from(readiness.is_available(min_ready_seconds, now));
    }
    let conditions = current.and_then(|status| status.conditions.clone()).unwrap_or_default();
    let conditions = with_failure(conditions, failure, active.len() < observed.replicas(), now);
    ReplicaSetStatus {
        replicas: number(active.len()),
        fully_labeled_replicas: unless_zero(fully_labeled),
        ready_replicas: unless_zero(ready),
        available_replicas: unless_zero(available),
        terminating_replicas: dialect.counts_terminating.then(|| number(observed.terminating)),
        observed_generation: Some(observed.replica_set.meta().generation),
        conditions: (!conditions.is_empty()).then_some(conditions),
    }
}

/// Whether a ReplicaSet says so already (RS-29).
pub(super) fn is_said(observed: &Observed, status: &ReplicaSetStatus) -> bool {
    let current = (observed.blueprint.dialect.said)(&observed.replica_set).unwrap_or_default();
    let counts = |status: &ReplicaSetStatus| {
        [status.fully_labeled_replicas, status.ready_replicas, status.available_replicas]
            .map(Option::unwrap_or_default)
    };
    current.replicas == status.replicas
        && counts(&current) == counts(status)
        && current.terminating_replicas == status.terminating_replicas
        && current.observed_generation.unwrap_or_default() == status.observed_generation.unwrap_or_default()
        && current.conditions.as_deref().unwrap_or_default()
            == status.conditions.as_deref().unwrap_or_default()
}

fn with_failure(
    mut current: Vec<ReplicaSetCondition>,
    failure: Option<&str>,
    too_few: bool,
    now: Timestamp,
) -> Vec<ReplicaSetCondition> {
    match failure {
        None => {
            conditions::remove(&mut current, REPLICA_FAILURE);
        }
        Some(_) if conditions::find(&current, REPLICA_FAILURE).is_some() => {}
        Some(failure) => {
            let reason = if too_few { "FailedCreate" } else { "FailedDelete" };
            let since = Timestamp::from_second(now.as_second()).unwrap_or(now);
            let condition = ReplicaSetCondition {
                type_: Some(REPLICA_FAILURE.to_owned()),
                status: Some("True".to_owned()),
                reason: Some(reason.to_owned()),
                message: Some(failure.to_owned()),
                last_transition_time: Some(Time(since)),
            };
            conditions::set(&mut current, condition);
        }
    }
    current
}

fn has_labels(pod: &Object, labels: &TextMap) -> bool {
    let found = &pod.meta().labels;
    found.ptr_eq(labels) || labels.iter().all(|(key, value)| found.get(key) == Some(value))
}

fn number(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// On the wire a count of zero is left out.
fn unless_zero(count: usize) -> Option<i32> {
    (count > 0).then(|| number(count))
}
