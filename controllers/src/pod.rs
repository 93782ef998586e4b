//! What controllers want to know of a pod.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::PodStatus;
use setpoint_core::conditions;
use setpoint_core::object::Object;

/// The phase; `Pending` if none is said.
pub fn phase(pod: &Object) -> &str {
    let phase = pod.status::<PodStatus>().and_then(|status| status.phase.as_deref());
    phase.filter(|phase| !phase.is_empty()).unwrap_or("Pending")
}

/// Whether its work is over, for better or worse.
pub fn is_finished(pod: &Object) -> bool {
    matches!(phase(pod), "Succeeded" | "Failed")
}

/// Whether it counts as a replica: its work is not over, and it is not being deleted (RS-11).
pub fn is_active(pod: &Object) -> bool {
    !pod.meta().is_terminating() && !is_finished(pod)
}

/// Whether it is on its way out, but not yet out (RS-26).
pub fn is_terminating(pod: &Object) -> bool {
    pod.meta().is_terminating() && !is_finished(pod)
}

/// How ready a pod is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// It is not.
    NotReady,
    /// It is, since then; nobody may have said since when.
    Ready(Option<Timestamp>),
}

impl Readiness {
    /// That of a pod.
    pub fn of(pod: &Object) -> Self {
        let conditions = pod.status::<PodStatus>().and_then(|status| status.conditions.as_deref());
        match conditions::find(conditions.unwrap_or_default(), "Ready") {
            Some(ready) if ready.status == "True" => {
                Self::Ready(ready.last_transition_time.as_ref().map(|time| time.0))
            }
            _ => Self::NotReady,
        }
    }

    /// Whether it is ready.
    pub fn is_ready(self) -> bool {
        self != Self::NotReady
    }

    /// Whether it has been ready for `min_ready_seconds` (RS-27).
    pub fn is_available(self, min_ready_seconds: i32, now: Timestamp) -> bool {
        match self {
            Self::NotReady => false,
            Self::Ready(_) if min_ready_seconds <= 0 => true,
            Self::Ready(since) => {
                since.is_some_and(|since| now.duration_since(since) >= seconds(min_ready_seconds))
            }
        }
    }

    /// How long until it is available if it stays ready; `None` if it is, or if that is not known (RS-27).
    pub fn available_in(self, min_ready_seconds: i32, now: Timestamp) -> Option<Duration> {
        let Self::Ready(Some(since)) = self else { return None };
        let left = seconds(min_ready_seconds).checked_sub(now.duration_since(since))?;
        if left.is_positive() { left.try_into().ok() } else { None }
    }
}

fn seconds(min_ready_seconds: i32) -> SignedDuration {
    SignedDuration::from_secs(min_ready_seconds.max(0).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    #[test]
    fn a_pod_is_available_once_it_was_ready_for_so_long() {
        // RS-27: the end is included.
        let cases = [
            ("not ready", Readiness::NotReady, 0, false, None),
            ("ready, nothing is asked for", Readiness::Ready(None), 0, true, None),
            ("ready, but since when", Readiness::Ready(None), 5, false, None),
            ("just ready", Readiness::Ready(Some(at(100))), 5, false, Some(5)),
            ("almost", Readiness::Ready(Some(at(96))), 5, false, Some(1)),
            ("exactly", Readiness::Ready(Some(at(95))), 5, true, None),
            ("for long", Readiness::Ready(Some(at(0))), 5, true, None),
            ("in the future", Readiness::Ready(Some(at(110))), 5, false, Some(15)),
            ("at the end of time", Readiness::Ready(Some(Timestamp::MAX)), i32::MAX, false, None),
        ];
        for (name, readiness, min_ready_seconds, available, left) in cases {
            assert_eq!(readiness.is_available(min_ready_seconds, at(100)), available, "{name}");
            if readiness != Readiness::Ready(Some(Timestamp::MAX)) {
                let left = left.map(Duration::from_secs);
                assert_eq!(readiness.available_in(min_ready_seconds, at(100)), left, "{name}");
            }
        }
    }
}
