use setpoint_sim::suite;

/// Seeds of all scenarios together.
const SEEDS: usize = 500;

#[test]
fn random_worlds_come_to_rest_where_they_should() {
    let scenarios = suite::scenarios();
    let each = SEEDS.div_ceil(scenarios.len()) as u64;
    for scenario in scenarios {
        if let Err(failure) = scenario.random(0..each) {
            panic!("{failure}");
        }
    }
}
