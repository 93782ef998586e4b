use proptest::prelude::*;

use super::*;
use crate::deployment::tests::scene::{deployment, recreate, rolling};

/// A ReplicaSet's place and new size.
type Expected<'a> = &'a [(usize, i64)];

fn set(size: i64, available: i64) -> Size {
    Size { size, available }
}

fn fence(surge: i64, unavailable: i64) -> Fence {
    Fence { surge, unavailable }
}

#[test]
fn fences_follow_shares_and_numbers() {
    // DEP-34
    let rows = [
        (10, rolling("25%", "25%"), 3, 2),
        (1, rolling("25%", "25%"), 1, 0),
        (0, rolling("25%", "25%"), 0, 0),
        (0, rolling("3", "2"), 3, 0),
        (100, rolling("7%", "7%"), 7, 7),
        (10, rolling("0", "1%"), 0, 1),
        (10, rolling("0%", "0"), 0, 1),
        (2, rolling("0", "5"), 0, 2),
        (2, rolling("250%", "100%"), 5, 2),
        (10, rolling("nonsense", "nonsense"), 0, 1),
        (10, rolling("-3", "-2"), 0, 1),
        (10, recreate(), 0, 0),
    ];
    for (replicas, strategy, surge, unavailable) in rows {
        let mut spec = deployment("app:1", replicas).spec;
        spec.strategy = strategy;
        assert_eq!(Fence::of(&spec), fence(surge, unavailable), "{replicas} {:?}", spec.strategy);
    }
}

#[test]
fn the_new_one_grows_as_far_as_surge_lets_it() {
    // DEP-20, DEP-35; wanted, surge, total, current, then the size
    let rows = [
        (10, 3, 10, 0, 3),
        (10, 3, 13, 0, 0),
        (10, 3, 11, 3, 5),
        (10, 3, 20, 3, 3),
        (10, 0, 10, 0, 0),
        (10, 0, 8, 0, 2),
        (10, 3, 10, 10, 10),
        (10, 3, 15, 15, 10),
        (3, 10, 0, 0, 3),
        (0, 1, 4, 4, 0),
        (i64::from(i32::MAX), i64::from(i32::MAX), 0, 0, i64::from(i32::MAX)),
    ];
    for (wanted, surge, total, current, expected) in rows {
        let size = new_size(wanted, fence(surge, 0), total, current);
        assert_eq!(size, expected, "{wanted}+{surge}, {current} of {total}");
    }
}

#[test]
fn old_ones_shrink_only_by_what_the_new_one_can_do_without() {
    // DEP-36
    let rows = [
        (vec![set(8, 8)], set(5, 0), 0),
        (vec![set(10, 10)], set(3, 0), 2),
        (vec![set(8, 8)], set(5, 5), 5),
        (vec![set(8, 8), set(5, 0)], set(0, 0), 5),
    ];
    for (old, new, expected) in rows {
        assert_eq!(budget(10, fence(3, 2), &old, new), expected, "{old:?} {new:?}");
    }
}

#[test]
fn what_is_not_available_goes_first_and_from_the_oldest() {
    // DEP-37
    let rows: [(&str, i64, Vec<Size>, Expected<'_>, bool); 7] = [
        ("all work", 5, vec![set(8, 8)], &[], false),
        ("some do not", 5, vec![set(8, 6)], &[(0, 6)], false),
        ("more than may go", 2, vec![set(8, 0)], &[(0, 6)], false),
        ("over two", 10, vec![set(4, 2), set(9, 0)], &[(0, 2), (1, 1)], false),
        ("empty ones are passed over", 5, vec![set(0, 3), set(4, 3)], &[(1, 3)], false),
        ("an old status ends it", 5, vec![set(4, 3), set(8, 10), set(5, 0)], &[(0, 3)], true),
        ("but not once enough went", 1, vec![set(4, 3), set(8, 10)], &[(0, 3)], false),
    ];
    for (name, budget, old, expected, is_stale) in rows {
        let resizes = expected.iter().map(|(index, to)| Resize { index: *index, to: *to }).collect();
        assert_eq!(unavailable_first(budget, &old), Cleanup { resizes, is_stale }, "{name}");
    }
}

#[test]
fn what_is_available_beyond_need_goes_from_the_oldest() {
    // DEP-38
    let rows: [(&str, Vec<Size>, Size, Expected<'_>); 5] = [
        ("just enough", vec![set(8, 8)], set(5, 0), &[]),
        ("too little", vec![set(8, 4)], set(5, 2), &[]),
        ("two too many", vec![set(10, 10)], set(3, 0), &[(0, 8)]),
        ("over two", vec![set(2, 2), set(6, 6)], set(5, 5), &[(0, 0), (1, 3)]),
        ("more than there is", vec![set(1, 9)], set(10, 10), &[(0, 0)]),
    ];
    for (name, old, new, expected) in rows {
        let expected: Vec<_> = expected.iter().map(|(index, to)| Resize { index: *index, to: *to }).collect();
        assert_eq!(beyond_need(10, fence(3, 2), &old, new), expected, "{name}");
    }
}

/// One sync as the planner does it, with the statuses it goes by. Says whether anything was resized.
fn sync(wanted: i64, fence: Fence, old: &mut [Size], new: &mut Size) -> bool {
    let total = old.iter().map(|set| set.size).sum::<i64>() + new.size;
    let size = new_size(wanted, fence, total, new.size);
    if size != new.size {
        new.size = size;
        return true;
    }
    let budget = budget(wanted, fence, old, *new);
    if old.iter().all(|set| set.size == 0) || budget <= 0 {
        return false;
    }
    let cleanup = unavailable_first(budget, old);
    let mut has_changed = false;
    let mut apply = |resizes: &[Resize], old: &mut [Size]| {
        for resize in resizes {
            has_changed |= old[resize.index].size != resize.to;
            old[resize.index].size = resize.to;
        }
    };
    apply(&cleanup.resizes, old);
    if !cleanup.is_stale {
        let beyond = beyond_need(wanted, fence, old, *new);
        apply(&beyond, old);
    }
    has_changed
}

proptest! {
    #[test]
    fn a_rolling_update_converges_within_its_bounds(
        sizes in prop::collection::vec((0..12_i64, 0..12_i64), 1..4),
        wanted in 0..12_i64,
        surge in 0..5_i64,
        unavailable in 0..5_i64,
        broken_rounds in 0..4_usize,
    ) {
        // DEP-39
        let unavailable = if surge == 0 { unavailable.max(1) } else { unavailable }.min(wanted);
        let fence = fence(surge, unavailable);
        let mut old: Vec<Size> = sizes.iter().map(|(size, less)| set(*size, (size - less).max(0))).collect();
        let mut new = set(0, 0);
        let total = |old: &[Size], new: Size| old.iter().map(|set| set.size).sum::<i64>() + new.size;
        // What is available once all sizes have become true; the pods that do not work go first.
        let available =
            |old: &[Size], new: Size| old.iter().map(|set| set.available.min(set.size)).sum::<i64>() + new.available.min(new.size);
        let max = total(&old, new).max(wanted + surge);
        let min = available(&old, new).min(wanted - unavailable);
        for round in 0..200 {
            let mut syncs = 0;
            while sync(wanted, fence, &mut old, &mut new) {
                prop_assert!(total(&old, new) <= max, "{old:?} {new:?} above {max}");
                prop_assert!(available(&old, new) >= min, "{old:?} {new:?} below {min}");
                // The statuses follow at once, as far as pods are taken away.
                for set in old.iter_mut().chain([&mut new]) {
                    set.available = set.available.min(set.size);
                }
                syncs += 1;
                prop_assert!(syncs < 50, "it goes on without any pod becoming available: {old:?} {new:?}");
            }
            if old.iter().all(|set| set.size == 0) && new.size == wanted && new.available == wanted {
                return Ok(());
            }
            if round >= broken_rounds && new.available < new.size {
                new.available += 1;
            }
        }
        prop_assert!(false, "it does not come to an end: {old:?} {new:?}");
    }
}
