use crate::framework::Profile;
use crate::queue::Backoff;

/// How a scheduler works.
#[derive(Debug, Clone)]
pub struct Settings {
    /// It schedules the pods whose `schedulerName` this is (SCHED-04). Also who reports its events.
    pub scheduler_name: String,
    /// Its filters and scores.
    pub profile: Profile,
    /// How long pods wait after an attempt.
    pub backoff: Backoff,
    /// For what share of many nodes it looks, in percent; 0 adapts to their number (SCHED-11).
    pub percentage_of_nodes_to_score: usize,
}

impl Settings {
    /// As upstream's default scheduler.
    pub fn upstream() -> Self {
        Self {
            scheduler_name: "default-scheduler".to_owned(),
            profile: Profile::upstream(),
            backoff: Backoff::UPSTREAM,
            percentage_of_nodes_to_score: 0,
        }
    }
}
