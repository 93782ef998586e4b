use setpoint_sim::{suite, trace_of};

/// `setpoint-sim --trace` prints the same fingerprints in debug and release builds, and on any number of cores.
#[test]
fn a_seed_gives_one_trace() {
    for scenario in suite::scenarios() {
        for seed in 0..2 {
            let (once, twice) = (trace_of(&scenario, seed), trace_of(&scenario, seed));
            assert_eq!(once, twice, "{} SEED={seed}", scenario.name());
        }
        assert_ne!(trace_of(&scenario, 1), trace_of(&scenario, 2), "{}", scenario.name());
    }
}
