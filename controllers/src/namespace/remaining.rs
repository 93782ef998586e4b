use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::PodStatus;
use setpoint_core::builtin::SharedPodSpec;
use setpoint_core::object::{Object, ObjectRef};

/// How long finalizers are given, in seconds, where nothing better is known.
const FINALIZER_ESTIMATE_SECS: i64 = 15;

/// What is left of a kind in a namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remaining {
    /// How many objects.
    pub count: usize,
    /// How many of them each finalizer keeps.
    pub finalizers: BTreeMap<String, usize>,
    /// The longest grace period of those that are still at work, in seconds.
    pub grace_secs: i64,
}

impl Remaining {
    /// Counts objects.
    pub fn of(objects: &[ObjectRef]) -> Self {
        let mut remaining = Self { count: objects.len(), ..Self::default() };
        for object in objects {
            for finalizer in object.meta().finalizers.iter() {
                *remaining.finalizers.entry(finalizer.to_string()).or_default() += 1;
            }
            remaining.grace_secs = remaining.grace_secs.max(grace_secs(object));
        }
        remaining
    }

    /// Seconds until it may be gone, if the deletion began at `since`; `None` if nobody knows what it is
    /// waiting for.
    pub fn estimate_secs(&self, since: Timestamp, now: Timestamp) -> Option<i64> {
        let elapsed = now.duration_since(since).as_secs();
        if self.grace_secs > 0 && elapsed < self.grace_secs {
            return Some(self.grace_secs);
        }
        (!self.finalizers.is_empty()).then_some(FINALIZER_ESTIMATE_SECS)
    }
}

/// How long a pod's processes get to end.
fn grace_secs(object: &Object) -> i64 {
    let Some(spec) = object.spec::<SharedPodSpec>() else { return 0 };
    let phase = object.status::<PodStatus>().and_then(|status| status.phase.as_deref());
    if matches!(phase, Some("Succeeded" | "Failed")) {
        return 0;
    }
    spec.common().termination_grace_period_seconds.unwrap_or_default()
}
