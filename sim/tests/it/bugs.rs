use setpoint_sim::suite::bugs::bugs;

#[test]
fn finds_every_seeded_bug() {
    let hunted = bugs().into_iter().map(|bug| (bug.name, bug.find()));
    let missed: Vec<String> = hunted
        .filter_map(|(name, found)| found.err().map(|runs| format!("{name}, in {runs} runs")))
        .collect();
    assert!(missed.is_empty(), "not found: {missed:?}");
}
