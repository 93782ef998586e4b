//! Recorded behaviour of Kubernetes 1.36, replayed in process on virtual time.
//!
//! `tests/conformance/scenarios/NAME.json` is what a client does, `tests/conformance/golden/NAME.json` what a
//! kube-apiserver and kube-controller-manager showed it then. A scenario is played against a control plane with
//! the reference controllers; it plays the scheduler and the node agent itself. What a server may choose freely
//! (uids, times, suffixes) is brought into one form first, everything else must be the same.
//!
//! `pending.txt` lists the scenarios that do not pass yet, with the reason. A pending one that passes is a failure
//! too, so the list is true. `paces.txt` lists those in which pods changed together when they were recorded. To see all that is different in one scenario:
//!
//! ```text
//! SCENARIO=deployment-create SEED=7 cargo test -p setpoint --test it conformance
//! ```

mod agent;
mod difference;
mod log;
mod normal;
mod pace;
mod run;
mod scenario;
mod scrub;
pub(super) mod server;
mod step;

use std::collections::BTreeMap;

use self::difference::Difference;
use self::scenario::Scenario;

/// The order of steps, unless `SEED` gives another.
const SEED: u64 = 7;
/// Differences of a scenario that are told when many are played.
const SHOWN: usize = 8;

#[test]
fn scenarios_show_what_was_recorded() {
    let pending = scenario::pending();
    let mut failed = Vec::new();
    for scenario in scenario::all().iter().filter(|scenario| !pending.contains_key(&scenario.name)) {
        let differences = play(scenario);
        if !differences.is_empty() {
            failed.push(told(scenario, &differences));
        }
    }
    assert!(
        failed.is_empty(),
        "{} scenarios differ from the recording:\n\n{}",
        failed.len(),
        failed.join("\n")
    );
}

#[test]
fn pending_scenarios_do_not_pass_yet() {
    let pending = scenario::pending();
    let scenarios: BTreeMap<_, _> = scenario::all().into_iter().map(|it| (it.name.clone(), it)).collect();
    for name in pending.keys() {
        let scenario = scenarios.get(name).unwrap_or_else(|| panic!("no scenario is called {name}"));
        assert!(!play(scenario).is_empty(), "{name} passes: take it off pending.txt");
    }
}

/// Plays one scenario, and tells all that differs if `SCENARIO` asks for it.
fn play(scenario: &Scenario) -> Vec<Difference> {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(SEED);
    let seen = run::play(scenario, seed);
    let differences = difference::between(&scenario.golden, &seen);
    if !differences.is_empty() && std::env::var("SCENARIO").is_ok_and(|name| name == scenario.name) {
        let all: Vec<String> = differences.iter().map(ToString::to_string).collect();
        panic!("{}: {} differences\n{}", scenario.name, all.len(), all.join("\n"));
    }
    differences
}

fn told(scenario: &Scenario, differences: &[Difference]) -> String {
    let shown: Vec<String> = differences.iter().take(SHOWN).map(ToString::to_string).collect();
    let more = differences.len().saturating_sub(SHOWN);
    let rest = if more == 0 { String::new() } else { format!("\n  and {more} more") };
    format!("{} ({})\n{}{rest}", scenario.name, scenario.about, shown.join("\n"))
}
