use setpoint_sim::{suite, trace_of};

#[test]
fn a_seed_gives_one_trace() {
    for scenario in suite::scenarios() {
        for seed in 0..4 {
            assert_eq!(
                trace_of(&scenario, seed),
                trace_of(&scenario, seed),
                "{} SEED={seed}",
                scenario.name()
            );
        }
        assert_ne!(trace_of(&scenario, 1), trace_of(&scenario, 2), "{}", scenario.name());
    }
}
