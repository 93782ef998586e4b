//! Random histories of Deployments: edits, pods that become ready, fail and go, deletions, nodes that are lost.
//!
//! The controllers run to rest after every step; every change that they made on the way is looked at, in order, and the
//! invariants INV-DP-01 to INV-DP-10, INV-RS-01 to INV-RS-07, INV-C-01, INV-C-02 and INV-C-08 are checked. At the end
//! everything is healed, and has to become what is wanted. A history that breaks an invariant is made as short as it
//! gets, and printed as text that can be put among the [`FOUND`] ones.
//!
//! `HISTORIES=2000 cargo test -p setpoint-controllers --test it histories` plays more of them.

mod cluster;
mod end;
mod ledger;
mod step;
mod story;

use proptest::prelude::*;

use self::step::{History, history};

/// Histories of one run, unless `HISTORIES` gives another number.
const CASES: u32 = 64;
/// Steps of a history at the most.
const STEPS_MAX: usize = 16;

/// Histories that have broken an invariant once, or looked as if they had.
const FOUND: [&str; 5] = [
    "create 6\nready 6\nimage 1\nready 1\nreplicas 3\nstrategy recreate\nimage 2\ngone 9\nroll back 1\npause\nresume",
    "create 4\nready 4\ndelete deployment orphan\ncreate 4\nimage 1\nlose node 0\nready 2\nroll back 0",
    // The only way to old ReplicaSets beyond the limit that are in use: clean-up in a pause (DEP-14, DEP-47).
    "create 6\nready 6\nimage 1\npause\nhistory 0",
    // The ReplicaSet that is only needed to know which revision was before (DEP-45).
    "create 2\nready 8\nstrategy recreate\nimage 1\nroll back 0",
    // A timer that goes off at the end of a step.
    "create 3\nready 8\nreplicas 2\nmin ready 5\nunready 2\nimage 1\nimage 0\nready 3\nstrategy rolling 0 1\ncreate 0",
];

fn cases() -> u32 {
    std::env::var("HISTORIES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(CASES)
}

#[test]
fn histories_that_were_found_hold() {
    let one = std::env::var("HISTORY").ok();
    for text in one.as_deref().into_iter().chain(FOUND) {
        let history: History = text.parse().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(history.to_string(), text);
        for seed in 0..3 {
            story::play(seed, &history);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(),
        max_shrink_iters: 2000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// INV-DP-01 to INV-DP-10, INV-RS-01 to INV-RS-07, INV-C-01, INV-C-02, INV-C-08
    #[test]
    fn whatever_happens_the_invariants_hold(
        seed in any::<u64>(),
        history in history(STEPS_MAX),
    ) {
        story::play(seed, &history);
    }
}
