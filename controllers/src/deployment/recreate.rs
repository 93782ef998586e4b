//! Replacing all pods at once: the old ones go before the new ones come (DEP-41, DEP-42).

use super::observed::{Observed, ReplicaSet};

/// Whether pods of old ReplicaSets still run. Those that are on their way out do.
pub(super) fn old_pods_run(observed: &Observed) -> bool {
    let counted: i64 = observed.old_sets().map(ReplicaSet::replicas).sum();
    counted > 0 || observed.old_sets().any(|set| set.has_running_pods)
}
