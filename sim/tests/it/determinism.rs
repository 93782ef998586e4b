use std::fmt::Write;

use setpoint_sim::{suite, trace_of};

/// Fingerprints of seeds of each world; `TRACES=rewrite` with this test writes them anew.
const TRACES: &str = include_str!("traces.txt");
const SEEDS: u64 = 3;

/// The same on any machine, on any number of cores, in debug and release builds.
#[test]
fn a_seed_gives_the_trace_that_it_gave_before() {
    let mut traces = String::from("# Scenario, seed, fingerprint of everything that happened.\n");
    for scenario in suite::scenarios() {
        for seed in 0..SEEDS {
            // Writing to a string does not fail.
            let _written = writeln!(traces, "{} {seed} {:016x}", scenario.name(), trace_of(&scenario, seed));
        }
    }
    if std::env::var("TRACES").is_ok_and(|value| value == "rewrite") {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/traces.txt");
        std::fs::write(path, &traces).expect("the folder can be written to");
    } else {
        assert!(
            traces == TRACES,
            "TRACES=rewrite, if worlds have changed on purpose; now they are\n{traces}"
        );
    }
}

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
