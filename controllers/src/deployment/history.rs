//! Which old ReplicaSets are kept no longer (DEP-47, DEP-48).

use std::cmp::Reverse;

use super::observed::{Observed, ReplicaSet};

/// Old ReplicaSets beyond the limit, lowest revision first.
///
/// Of those that are too many, some may still be in use: they stay, and nothing else goes in their place.
pub(super) fn superfluous(observed: &Observed) -> Vec<&ReplicaSet> {
    let Some(limit) = observed.spec().revision_history_limit.filter(|limit| *limit != i32::MAX) else {
        return Vec::new();
    };
    let mut old: Vec<&ReplicaSet> =
        observed.old_sets().filter(|set| !set.object.meta().is_terminating()).collect();
    let excess = old.len().saturating_sub(usize::try_from(limit).unwrap_or(0));
    if excess == 0 {
        return Vec::new();
    }
    // Where a revision is no number only the age says which is older; they come in its order.
    if old.iter().all(|set| set.revision().is_some()) {
        old.sort_by_key(|set| set.revision());
    }
    old.truncate(excess);
    old.retain(|set| set.size() == 0 && set.replicas() == 0 && is_observed(set));
    old
}

/// Whether the status is about the ReplicaSet as it is.
fn is_observed(set: &ReplicaSet) -> bool {
    set.object.meta().generation <= set.observed_generation()
}

/// The revision before the present one; `None` if there is none (DEP-45).
pub(super) fn last_revision(observed: &Observed) -> Option<i64> {
    let mut revisions: Vec<i64> = observed.sets.iter().filter_map(ReplicaSet::revision).collect();
    revisions.sort_by_key(|revision| Reverse(*revision));
    revisions.get(1).copied().filter(|revision| *revision != 0)
}
