use std::sync::Arc;

use super::{Filter, Score};
use crate::plugins;

/// How many filters a profile has at the most.
pub const FILTERS_MAX: usize = 32;

/// The filters and scores of a scheduler.
#[derive(Debug, Clone)]
pub struct Profile {
    filters: Vec<Arc<dyn Filter>>,
    scores: Vec<(Arc<dyn Score>, i64)>,
}

impl Profile {
    /// Those of upstream's default scheduler, with its weights (SCHED-03).
    pub fn upstream() -> Self {
        Self::empty()
            .filter(plugins::NodeUnschedulable)
            .filter(plugins::NodeName)
            .filter(plugins::TaintToleration)
            .filter(plugins::NodeAffinity)
            .filter(plugins::NodePorts)
            .filter(plugins::NodeResourcesFit)
            .filter(plugins::VolumeBinding)
            .filter(plugins::PodTopologySpread)
            .filter(plugins::InterPodAffinity)
            .filter(plugins::DynamicResources)
            .score(plugins::TaintToleration, 3)
            .score(plugins::NodeAffinity, 2)
            .score(plugins::PodTopologySpread, 2)
            .score(plugins::InterPodAffinity, 2)
            .score(plugins::NodeResourcesFit, 1)
            .score(plugins::BalancedAllocation, 1)
    }

    /// Without any: every pod may go everywhere.
    pub fn empty() -> Self {
        Self { filters: Vec::new(), scores: Vec::new() }
    }

    /// Asks one more filter, after the others.
    ///
    /// # Panics
    ///
    /// With more than [`FILTERS_MAX`].
    #[must_use]
    pub fn filter(mut self, filter: impl Filter + 'static) -> Self {
        assert!(self.filters.len() < FILTERS_MAX, "a profile has at most {FILTERS_MAX} filters");
        self.filters.push(Arc::new(filter));
        self
    }

    /// Asks one more score, which counts `weight` times.
    #[must_use]
    pub fn score(mut self, score: impl Score + 'static, weight: i64) -> Self {
        self.scores.push((Arc::new(score), weight));
        self
    }

    /// The filters in their order.
    pub fn filters(&self) -> &[Arc<dyn Filter>] {
        &self.filters
    }

    /// The scores with their weights.
    pub fn scores(&self) -> &[(Arc<dyn Score>, i64)] {
        &self.scores
    }
}
