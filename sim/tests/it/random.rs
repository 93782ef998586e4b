use setpoint_sim::suite;

/// Seeds of all scenarios together.
const SEEDS: u64 = if cfg!(debug_assertions) { 120 } else { 500 };
/// Those whose random runs are known to be good.
const SCENARIOS: [&str; 8] =
    ["replica-set", "rollout", "revisions", "ownership", "scaled", "recreated", "refused", "churn"];

#[test]
fn random_worlds_come_to_rest_where_they_should() {
    let each = SEEDS.div_ceil(SCENARIOS.len() as u64);
    for scenario in SCENARIOS {
        if let Err(failure) = suite::scenario(scenario).random(0..each) {
            panic!("{failure}");
        }
    }
}
