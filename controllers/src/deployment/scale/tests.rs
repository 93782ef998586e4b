use proptest::prelude::*;

use super::*;

/// What is wanted, the surge, sizes with their maximum, then the sizes.
type Row<'a> = (&'a str, i64, i64, &'a [(i64, i64)], &'a [i64]);

fn sets(sets: &[(i64, i64)]) -> Vec<Scaled> {
    sets.iter().map(|(size, max_before)| Scaled { size: *size, max_before: *max_before }).collect()
}

fn sizes(wanted: i64, surge: i64, before: &[(i64, i64)]) -> Vec<i64> {
    let sets = sets(before);
    let mut sizes: Vec<i64> = sets.iter().map(|set| set.size).collect();
    for resize in proportional(wanted, Fence { surge, unavailable: 0 }, 0, &sets) {
        sizes[resize.index] = resize.to;
    }
    sizes
}

#[test]
fn sizes_keep_their_proportion() {
    // DEP-29, DEP-30, DEP-31
    let rows: [Row<'_>; 12] = [
        ("8+5 to 30+3", 30, 3, &[(8, 13), (5, 13)], &[20, 13]),
        ("up, the larger gets the rest", 20, 0, &[(5, 10), (3, 10), (2, 10)], &[10, 6, 4]),
        ("up from three equals, the newest gets the rest", 6, 0, &[(5, 15), (5, 15), (5, 15)], &[2, 2, 2]),
        ("down by one, the oldest of equals", 14, 0, &[(5, 15), (5, 15), (5, 15)], &[4, 5, 5]),
        ("up by one, the newest of equals", 16, 0, &[(5, 15), (5, 15), (5, 15)], &[5, 5, 6]),
        ("to nothing", 0, 3, &[(8, 13), (5, 13)], &[0, 0]),
        ("as many as before", 13, 0, &[(8, 13), (5, 13)], &[8, 5]),
        ("what they were part of is not known", 20, 0, &[(8, 0), (5, 0)], &[15, 5]),
        ("one too small for a share", 11, 0, &[(9, 10), (1, 10)], &[10, 1]),
        ("half goes away from zero", 15, 0, &[(7, 10), (3, 10)], &[11, 4]),
        ("a stale maximum never shrinks below nothing", 1, 0, &[(10, 1), (9, 1)], &[0, 9]),
        ("none at all", 5, 1, &[], &[]),
    ];
    for (name, wanted, surge, before, expected) in rows {
        assert_eq!(sizes(wanted, surge, before), expected, "{name}");
    }
}

#[test]
fn the_status_stands_in_for_a_maximum_that_is_not_known() {
    // DEP-30
    let fence = Fence { surge: 0, unavailable: 0 };
    let resized = proportional(20, fence, 10, &sets(&[(6, 0), (4, 0)]));
    let expected = [Resize { index: 0, to: 12 }, Resize { index: 1, to: 8 }];
    assert_eq!(resized, expected);
}

#[test]
fn the_largest_is_written_first_and_equals_by_age() {
    // DEP-29
    let fence = Fence { surge: 0, unavailable: 0 };
    let order = |wanted| -> Vec<usize> {
        let before = sets(&[(2, 9), (5, 9), (2, 9)]);
        proportional(wanted, fence, 9, &before).into_iter().map(|resize| resize.index).collect()
    };
    assert_eq!((order(18), order(3), order(9)), (vec![1, 2, 0], vec![1, 0, 2], vec![0, 1, 2]));
}

proptest! {
    #[test]
    fn the_sum_is_what_is_allowed(
        before in prop::collection::vec(1..50_i64, 2..5),
        wanted in 0..100_i64,
        surge in 0..20_i64,
    ) {
        // All were resized together last, so that each knows what all of them are.
        let total: i64 = before.iter().sum();
        let stamped: Vec<_> = before.iter().map(|size| (*size, total)).collect();
        let after = sizes(wanted, surge, &stamped);
        let allowed = if wanted == 0 { 0 } else { wanted + surge };
        prop_assert_eq!(after.iter().sum::<i64>(), allowed);
        prop_assert!(after.iter().all(|size| *size >= 0));
        let grows = allowed >= total;
        for (before, after) in before.iter().zip(&after) {
            prop_assert!(if grows { after >= before } else { after <= before }, "{before} to {after}");
        }
    }
}
