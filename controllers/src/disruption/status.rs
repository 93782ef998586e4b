use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::PodStatus;
use k8s_openapi::api::policy::v1::{PodDisruptionBudgetSpec, PodDisruptionBudgetStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use setpoint_core::conditions;
use setpoint_core::int_or_percent::{Rounding, resolve};
use setpoint_core::object::{Object, ObjectRef};
use setpoint_core::rules::pod_disruption_budget::{default_status, set_disruption_allowed};

use super::expected::Scale;
use super::plan::DELETION_TIMEOUT;

/// How many pods there should be, and how many of them have to be healthy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// How many there should be.
    pub expected: i32,
    /// How many have to be healthy.
    pub desired: i32,
}

/// What a budget asks for (OTHER-08).
///
/// # Errors
///
/// If a share is no share.
pub(super) fn counts(spec: &PodDisruptionBudgetSpec, pods: usize, scale: &Scale) -> Result<Counts, String> {
    let share = |value: &IntOrString, of| resolve(value, of, Rounding::Up).map_err(|error| error.to_string());
    if let Some(most) = &spec.max_unavailable {
        let expected = scale.replicas;
        let desired = expected.saturating_sub(share(most, expected)?).max(0);
        return Ok(Counts { expected, desired });
    }
    match &spec.min_available {
        Some(IntOrString::Int(desired)) => {
            Ok(Counts { expected: i32::try_from(pods).unwrap_or(i32::MAX), desired: *desired })
        }
        Some(least) => Ok(Counts { expected: scale.replicas, desired: share(least, scale.replicas)? }),
        None => Ok(Counts { expected: 0, desired: 0 }),
    }
}

/// Evictions that were granted and are not done.
#[derive(Debug, Default)]
pub(super) struct Disrupted {
    /// Those that are still waited for, by pod.
    pub(super) pending: BTreeMap<String, Time>,
    /// Pods that did not go in time.
    pub(super) overdue: Vec<ObjectRef>,
    /// When the first of those that are waited for is over.
    pub(super) next: Option<Timestamp>,
}

/// Looks through the evictions that a status lists. Those of pods that are gone or going are done.
pub(super) fn disrupted(pods: &[ObjectRef], status: &PodDisruptionBudgetStatus, now: Timestamp) -> Disrupted {
    let mut found = Disrupted::default();
    let Some(listed) = status.disrupted_pods.as_ref().filter(|listed| !listed.is_empty()) else {
        return found;
    };
    for pod in pods.iter().filter(|pod| !pod.meta().is_terminating()) {
        let Some((name, since)) = listed.get_key_value(&*pod.meta().name) else { continue };
        let until = expires(since);
        if until < now {
            found.overdue.push(pod.clone());
        } else {
            found.pending.insert(name.clone(), since.clone());
            found.next = Some(found.next.map_or(until, |next| next.min(until)));
        }
    }
    found
}

fn expires(since: &Time) -> Timestamp {
    let timeout = SignedDuration::try_from(DELETION_TIMEOUT).unwrap_or(SignedDuration::MAX);
    since.0.saturating_add(timeout).unwrap_or(Timestamp::MAX)
}

/// How many pods are ready, and neither going nor about to go.
pub(super) fn healthy(pods: &[ObjectRef], pending: &BTreeMap<String, Time>, now: Timestamp) -> i32 {
    let is_healthy = |pod: &&ObjectRef| {
        let leaves = pending.get(&*pod.meta().name).is_some_and(|since| expires(since) > now);
        !pod.meta().is_terminating() && !leaves && is_ready(pod)
    };
    i32::try_from(pods.iter().filter(is_healthy).count()).unwrap_or(i32::MAX)
}

fn is_ready(pod: &Object) -> bool {
    let listed = pod.status::<PodStatus>().and_then(|status| status.conditions.as_ref());
    conditions::is_true(listed.into_iter().flatten(), "Ready")
}

/// The status that says all this, if it is not the one that is there.
pub(super) fn status(
    old: &PodDisruptionBudgetStatus,
    generation: i64,
    counts: Counts,
    healthy: i32,
    pending: BTreeMap<String, Time>,
    now: Timestamp,
) -> Option<PodDisruptionBudgetStatus> {
    let allowed = if counts.expected > 0 { healthy.saturating_sub(counts.desired).max(0) } else { 0 };
    let mut status = PodDisruptionBudgetStatus {
        conditions: old.conditions.clone(),
        current_healthy: Some(healthy),
        desired_healthy: Some(counts.desired),
        disrupted_pods: (!pending.is_empty()).then_some(pending),
        disruptions_allowed: Some(allowed),
        expected_pods: Some(counts.expected),
        observed_generation: Some(generation),
    };
    set_disruption_allowed(&mut status, now);
    default_status(&mut status);
    (status != *old).then_some(status)
}
