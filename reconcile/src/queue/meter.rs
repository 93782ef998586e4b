use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use setpoint_core::env::Instant;

use super::{Key, State};

/// Upstream's work queue metrics under the name of one queue (OBSERVE-05), registered once: with no recorder
/// installed each is an empty handle.
pub(super) struct Meter {
    depth: Gauge,
    adds: Counter,
    retries: Counter,
    queued: Histogram,
    worked: Histogram,
    unfinished: Gauge,
    longest: Gauge,
    adds_told: u64,
}

impl Meter {
    pub(super) fn new(name: &str) -> Self {
        Self {
            depth: gauge!("workqueue_depth", "name" => name.to_owned()),
            adds: counter!("workqueue_adds_total", "name" => name.to_owned()),
            retries: counter!("workqueue_retries_total", "name" => name.to_owned()),
            queued: histogram!("workqueue_queue_duration_seconds", "name" => name.to_owned()),
            worked: histogram!("workqueue_work_duration_seconds", "name" => name.to_owned()),
            unfinished: gauge!("workqueue_unfinished_work_seconds", "name" => name.to_owned()),
            longest: gauge!("workqueue_longest_running_processor_seconds", "name" => name.to_owned()),
            adds_told: 0,
        }
    }

    /// Tells what any change may have changed.
    pub(super) fn level<K: Key>(&mut self, state: &State<K>) {
        self.depth.set(state.ready() as f64);
        let fresh = state.ready_total() - self.adds_told;
        if fresh > 0 {
            self.adds.increment(fresh);
            self.adds_told = state.ready_total();
        }
    }

    pub(super) fn delayed(&self) {
        self.retries.increment(1);
    }

    pub(super) fn started(&self, waited: Duration) {
        self.queued.record(waited);
    }

    pub(super) fn ended(&self, worked: Duration) {
        self.worked.record(worked);
    }

    pub(super) fn running<K: Key>(&self, state: &State<K>, now: Instant) {
        self.unfinished.set(state.unfinished(now));
        self.longest.set(state.longest_running(now));
    }
}

#[cfg(test)]
mod tests;
