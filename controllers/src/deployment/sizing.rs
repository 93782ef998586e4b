//! New sizes of ReplicaSets as actions, and those that another number of replicas asks for (DEP-27 to
//! DEP-33).

use super::action::{Action, Direction, Scale};
use super::observed::{Observed, ReplicaSet};
use super::rolling::{Resize, is_rolling};
use super::{annotations, scale};

/// Whether another number of replicas is wanted than when the ReplicaSets were resized (DEP-27).
pub(super) fn is_scaled(observed: &Observed) -> bool {
    let wanted = observed.wanted();
    observed.sets.iter().filter(|set| set.size() > 0).any(|set| {
        let desired = annotations::desired_replicas(&set.object.meta().annotations);
        desired.is_some_and(|desired| desired != wanted)
    })
}

/// Sizes for another number of replicas, without any roll-out (DEP-28 to DEP-31, DEP-33).
pub(super) fn scaled(observed: &Observed) -> Vec<Action> {
    let wanted = observed.wanted();
    let active: Vec<&ReplicaSet> = observed.sets.iter().filter(|set| set.size() > 0).collect();
    if active.len() <= 1 {
        let only = active.first().copied().or(observed.new_set()).or(observed.sets.last());
        return only
            .filter(|set| set.size() != wanted)
            .map(|set| resize(observed, set, wanted))
            .into_iter()
            .collect();
    }
    if observed.new_set().is_some_and(|new| is_saturated(new, wanted)) {
        return observed.active_old_sets().into_iter().map(|set| resize(observed, set, 0)).collect();
    }
    if !is_rolling(observed.spec()) {
        return Vec::new();
    }
    let fence = observed.fence();
    let sizes: Vec<_> = active.iter().map(|set| set.to_scaled()).collect();
    let replicas = observed.status().and_then(|status| status.replicas).map_or(0, i64::from);
    let direction = match scale::to_add(wanted, fence, &sizes) {
        1.. => Direction::Up,
        _ => Direction::Down,
    };
    let resizes = scale::proportional(wanted, fence, replicas, &sizes);
    let stamped = |set: &ReplicaSet| {
        let own = &set.object.meta().annotations;
        annotations::with_replicas(own, wanted, wanted + fence.surge) == *own
    };
    resizes
        .into_iter()
        .map(|Resize { index, to }| (active[index], to))
        .filter(|(set, to)| set.size() != *to || !stamped(set))
        .map(|(set, to)| Action::Scale(Scale { direction, ..resized(observed, set, to) }))
        .collect()
}

/// Whether the new ReplicaSet alone is all that is wanted (DEP-28).
fn is_saturated(new: &ReplicaSet, wanted: i64) -> bool {
    let desired = annotations::desired_replicas(&new.object.meta().annotations);
    new.size() == wanted && desired == Some(wanted) && new.available() == wanted
}

/// One new size.
pub(super) fn resize(observed: &Observed, set: &ReplicaSet, to: i64) -> Action {
    Action::Scale(resized(observed, set, to))
}

fn resized(observed: &Observed, set: &ReplicaSet, to: i64) -> Scale {
    let (wanted, from) = (observed.wanted(), set.size());
    let max = wanted + observed.fence().surge;
    Scale { name: set.name().into(), from, to, direction: Direction::between(from, to), wanted, max }
}

/// New sizes for some of the ReplicaSets that were asked about.
pub(super) fn resizes(observed: &Observed, sets: &[&ReplicaSet], resizes: &[Resize]) -> Vec<Action> {
    resizes.iter().map(|Resize { index, to }| resize(observed, sets[*index], *to)).collect()
}
