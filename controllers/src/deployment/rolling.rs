//! How many replicas a rolling update gives each ReplicaSet (DEP-34 to DEP-40).
//!
//! Everything is computed in `i64`, so that no size a store can hold overflows.

use k8s_openapi::api::apps::v1::DeploymentSpec;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use setpoint_core::int_or_percent::{Rounding, resolve};

/// By how much a rolling update may leave the wanted number of replicas, up and down (DEP-34).
///
/// At least one of them is positive for a rolling update of a positive number of replicas. A Deployment
/// that recreates has neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fence {
    /// More replicas than wanted.
    pub surge: i64,
    /// Fewer available replicas than wanted; never more than are wanted.
    pub unavailable: i64,
}

/// What the size of a ReplicaSet is and how many of its pods are available.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// How many replicas it is to have.
    pub size: i64,
    /// How many of its pods are available, as its status says.
    pub available: i64,
}

/// A new size for one of the ReplicaSets that were asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resize {
    /// Which one, by its place among them.
    pub index: usize,
    /// Its size from now on.
    pub to: i64,
}

/// What is taken from the old ReplicaSets because it does not work anyway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleanup {
    /// The new sizes.
    pub resizes: Vec<Resize>,
    /// A status that is older than the size it belongs to was met; upstream leaves the old ReplicaSets
    /// alone then until the status has followed.
    pub is_stale: bool,
}

impl Fence {
    /// What a spec allows.
    pub fn of(spec: &DeploymentSpec) -> Self {
        if !is_rolling(spec) {
            return Self::default();
        }
        let wanted = wanted(spec);
        let rolling = spec.strategy.as_ref().and_then(|strategy| strategy.rolling_update.as_ref());
        let share = |value: Option<&IntOrString>, rounding| {
            // What is no share does not pass validation; should it be stored nevertheless, it is nothing.
            let share = value.map_or(Ok(0), |value| resolve(value, clamp(wanted), rounding));
            i64::from(share.unwrap_or(0).max(0))
        };
        let surge = share(rolling.and_then(|rolling| rolling.max_surge.as_ref()), Rounding::Up);
        let unavailable = share(rolling.and_then(|rolling| rolling.max_unavailable.as_ref()), Rounding::Down);
        // Shares that both round to nothing would never let anything move.
        let unavailable = if surge == 0 && unavailable == 0 { 1 } else { unavailable };
        Self { surge, unavailable: unavailable.min(wanted) }
    }
}

/// Whether a Deployment's pods are replaced little by little.
pub(super) fn is_rolling(spec: &DeploymentSpec) -> bool {
    spec.strategy.as_ref().and_then(|strategy| strategy.type_.as_deref()) == Some("RollingUpdate")
}

/// How many replicas are wanted; one if nothing is said (DEP-01).
pub(super) fn wanted(spec: &DeploymentSpec) -> i64 {
    i64::from(spec.replicas.unwrap_or(1))
}

/// As the API has it.
pub(super) fn clamp(count: i64) -> i32 {
    i32::try_from(count).unwrap_or(if count < 0 { 0 } else { i32::MAX })
}

/// The size of the new ReplicaSet of `current` replicas, where all ReplicaSets together have `total`
/// (DEP-20, DEP-35).
pub fn new_size(wanted: i64, fence: Fence, total: i64, current: i64) -> i64 {
    if current >= wanted {
        return wanted;
    }
    let room = wanted + fence.surge - total;
    current + room.min(wanted - current).max(0)
}

/// How many replicas the old ReplicaSets can lose altogether; nothing or less is none (DEP-36).
///
/// Pods of the new ReplicaSet that are not available count as if they were not there.
pub fn budget(wanted: i64, fence: Fence, old: &[Size], new: Size) -> i64 {
    let old: i64 = old.iter().map(|set| set.size).sum();
    let min_available = wanted - fence.unavailable;
    old + new.size - min_available - (new.size - new.available)
}

/// Takes what is not available from old ReplicaSets, given oldest first, `budget` at the most (DEP-37).
pub fn unavailable_first(budget: i64, old: &[Size]) -> Cleanup {
    let mut left = budget;
    let mut resizes = Vec::new();
    for (index, set) in old.iter().enumerate() {
        if left <= 0 {
            break;
        }
        if set.size == 0 || set.size == set.available {
            continue;
        }
        if set.available > set.size {
            return Cleanup { resizes, is_stale: true };
        }
        let taken = left.min(set.size - set.available);
        left -= taken;
        resizes.push(Resize { index, to: set.size - taken });
    }
    Cleanup { resizes, is_stale: false }
}

/// Takes from old ReplicaSets, given oldest first, what is available beyond need (DEP-38).
pub fn beyond_need(wanted: i64, fence: Fence, old: &[Size], new: Size) -> Vec<Resize> {
    let available = old.iter().map(|set| set.available).sum::<i64>() + new.available;
    let mut left = available - (wanted - fence.unavailable);
    let mut resizes = Vec::new();
    for (index, set) in old.iter().enumerate() {
        if left <= 0 {
            break;
        }
        if set.size == 0 {
            continue;
        }
        let taken = left.min(set.size);
        left -= taken;
        resizes.push(Resize { index, to: set.size - taken });
    }
    resizes
}

#[cfg(test)]
mod tests;
