use std::sync::Arc;

use setpoint_core::env::Instant;

use crate::framework::Rejectors;
use crate::pod::PodInfo;

/// A pod that waits, and what came of earlier attempts.
#[derive(Debug, Clone)]
pub struct QueuedPod {
    /// The pod.
    pub pod: Arc<PodInfo>,
    /// When it was added or given back.
    pub since: Instant,
    /// How often it was popped.
    pub attempts: u32,
    /// How often it was refused.
    pub(super) refused: u32,
    /// How often in a row an attempt ended in an error.
    pub(super) errors: u32,
    /// Who refused it last.
    pub(super) rejectors: Rejectors,
}

impl QueuedPod {
    /// A pod that is new.
    pub fn new(pod: Arc<PodInfo>, now: Instant) -> Self {
        Self { pod, since: now, attempts: 0, refused: 0, errors: 0, rejectors: Rejectors::NONE }
    }

    /// What its back-off is counted by.
    pub(super) fn failures(&self) -> u32 {
        if self.errors > 0 { self.errors } else { self.refused }
    }
}
