use setpoint_sim::suite::bugs::bugs;

#[test]
fn finds_every_seeded_bug() {
    let mut missed = Vec::new();
    for bug in bugs() {
        match bug.find() {
            Ok((runs, violation)) => {
                println!("{}: found by run {runs}, {}: {}", bug.name, violation.check, violation.message)
            }
            Err(runs) => missed.push(format!("{} in {runs} runs", bug.name)),
        }
    }
    assert!(missed.is_empty(), "not found: {missed:?}");
}
