use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{PodCondition, PodStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use setpoint_core::conditions;
use setpoint_core::object::Object;

/// How long an announced disruption may take to come.
const ANNOUNCEMENT_TIMEOUT: Duration = Duration::from_secs(120);
const DISRUPTION_TARGET: &str = "DisruptionTarget";

/// How long the announcement of a pod that has not gone may still stand; `None` if it has none to lose. Those of
/// the node agent stand for ever, and so do those on pods that have ended.
pub(super) fn stands_for(pod: &Object, now: Timestamp) -> Option<Duration> {
    let status = pod.status::<PodStatus>().filter(|_| !pod.meta().is_terminating())?;
    let condition = conditions::find(status.conditions.iter().flatten(), DISRUPTION_TARGET)?;
    let has_ended = matches!(status.phase.as_deref(), Some("Succeeded" | "Failed"));
    let is_agents = condition.reason.as_deref() == Some("TerminationByKubelet");
    if condition.status != "True" || is_agents || has_ended {
        return None;
    }
    let since = condition.last_transition_time.as_ref().map_or(Timestamp::UNIX_EPOCH, |time| time.0);
    let elapsed = Duration::try_from(now.duration_since(since)).unwrap_or_default();
    Some(ANNOUNCEMENT_TIMEOUT.saturating_sub(elapsed))
}

/// The status without the announcement.
pub(super) fn withdrawn(status: &PodStatus, generation: i64, now: Timestamp) -> PodStatus {
    let mut status = status.clone();
    let is_tracked = status.observed_generation.is_some_and(|generation| generation != 0);
    let condition = PodCondition {
        type_: DISRUPTION_TARGET.to_owned(),
        status: "False".to_owned(),
        last_transition_time: Some(Time(now)),
        observed_generation: is_tracked.then_some(generation),
        ..PodCondition::default()
    };
    conditions::update(status.conditions.get_or_insert_default(), condition);
    status
}
