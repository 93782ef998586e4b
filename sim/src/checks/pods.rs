use k8s_openapi::api::core::v1::PodStatus;
use setpoint_core::object::Object;

use super::{Check, is};
use crate::world::Step;

/// A pod's phase goes forward, and a finished pod stays finished (INV-RT-03).
#[derive(Debug, Default)]
pub struct PodPhase;

impl Check for PodPhase {
    fn id(&self) -> &'static str {
        "INV-RT-03"
    }

    fn step(&mut self, step: &Step<'_>) -> Result<(), String> {
        let (Some(old), Some(new)) = (step.old, step.new) else { return Ok(()) };
        if !is(new, "Pod") {
            return Ok(());
        }
        let (before, after) = (phase(old), phase(new));
        // An agent that had to make a sandbox anew, and knows of no container that ran before, calls the pod
        // pending again, as upstream's does.
        let is_begun_anew = step.process.starts_with("node-") && (before, after) == ("Running", "Pending");
        if rank(after) < rank(before) && !is_begun_anew || is_finished(before) && before != after {
            return Err(format!("pod {} went from {before} to {after}", new.key()));
        }
        Ok(())
    }
}

fn rank(phase: &str) -> u8 {
    match phase {
        "Running" | "Unknown" => 1,
        "Succeeded" | "Failed" => 2,
        _ => 0,
    }
}

/// What a pod's phase is; nothing said is pending.
pub(super) fn phase(pod: &Object) -> &str {
    pod.status::<PodStatus>().and_then(|status| status.phase.as_deref()).unwrap_or("Pending")
}

/// Whether a pod has ended for good.
pub(super) fn is_finished(phase: &str) -> bool {
    matches!(phase, "Succeeded" | "Failed")
}

/// Whether a pod counts: neither finished nor on its way out.
pub(crate) fn is_active(pod: &Object) -> bool {
    !is_finished(phase(pod)) && !pod.meta().is_terminating()
}
