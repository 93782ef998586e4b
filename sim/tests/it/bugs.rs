use setpoint_sim::suite::bugs::{bugs, table};

/// Debug builds pass over the bugs that may take more runs than this.
const RUNS_MAX: u64 = if cfg!(debug_assertions) { 100 } else { u64::MAX };

#[test]
fn finds_every_seeded_bug() {
    let mut missed = Vec::new();
    for bug in bugs().into_iter().filter(|bug| bug.hunt.runs() <= RUNS_MAX) {
        match bug.find() {
            Ok((_, violation)) if violation.check == bug.check => {}
            Ok((runs, violation)) => {
                missed.push(format!("{}: by {} in run {runs}", bug.name, violation.check))
            }
            Err(runs) => missed.push(format!("{}: not found in {runs} runs", bug.name)),
        }
    }
    assert!(missed.is_empty(), "not as docs/testing.md says: {missed:#?}");
}

#[test]
fn the_table_is_in_the_guide() {
    let guide = include_str!("../../../docs/testing.md");
    assert!(guide.contains(&table()), "docs/testing.md should have:\n{}", table());
}
