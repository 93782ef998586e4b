//! How many replicas each ReplicaSet gets when the number that is wanted changes (DEP-27 to DEP-31).

use std::cmp::Reverse;

use super::rolling::{Fence, Resize};

/// A ReplicaSet with replicas, as scaling sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scaled {
    /// How many replicas it is to have.
    pub size: i64,
    /// How many replicas the Deployment was allowed when it was last resized; 0 if that is not known.
    pub max_before: i64,
}

/// The sizes of ReplicaSets that have replicas, given oldest first, in the order in which they are written
/// (DEP-29 to DEP-31).
///
/// Each gets its share of the replicas that are allowed; what rounding leaves goes to the first. All are
/// named, also those that keep their size.
pub fn proportional(wanted: i64, fence: Fence, status_replicas: i64, sets: &[Scaled]) -> Vec<Resize> {
    let to_add = to_add(wanted, fence, sets);
    let mut order: Vec<usize> = (0..sets.len()).collect();
    match to_add {
        0 => {}
        // The newest of equals first.
        1.. => order.sort_by_key(|&index| (Reverse(sets[index].size), Reverse(index))),
        _ => order.sort_by_key(|&index| (Reverse(sets[index].size), index)),
    }
    let mut added = 0;
    let mut resizes = Vec::with_capacity(sets.len());
    for index in order {
        let set = &sets[index];
        let share = share_of(set, wanted, fence, status_replicas);
        let left = to_add - added;
        let share = match to_add {
            _ if left == 0 => 0,
            1.. => share.min(left),
            _ => share.max(left),
        };
        added += share;
        resizes.push(Resize { index, to: set.size + share });
    }
    if to_add != 0
        && let Some(first) = resizes.first_mut()
    {
        first.to = (first.to + to_add - added).max(0);
    }
    resizes
}

/// By how much all of them together are to grow; negative if they are to shrink.
pub fn to_add(wanted: i64, fence: Fence, sets: &[Scaled]) -> i64 {
    let allowed = if wanted > 0 { wanted + fence.surge } else { 0 };
    allowed - sets.iter().map(|set| set.size).sum::<i64>()
}

/// By how much a ReplicaSet is to change for its share to stay what it was (DEP-30).
fn share_of(set: &Scaled, wanted: i64, fence: Fence, status_replicas: i64) -> i64 {
    if wanted == 0 {
        return -set.size;
    }
    let before = if set.max_before == 0 { status_replicas } else { set.max_before };
    if before <= 0 {
        return 0;
    }
    let product = i128::from(set.size) * i128::from(wanted + fence.surge);
    let before = i128::from(before);
    // Half away from zero; nothing here is negative.
    let rounded = (2 * product + before) / (2 * before);
    i64::try_from(rounded).unwrap_or(i64::MAX / 4) - set.size
}

#[cfg(test)]
mod tests;
