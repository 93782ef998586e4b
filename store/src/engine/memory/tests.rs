use std::collections::BTreeMap;
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use proptest::prelude::*;
use setpoint_core::builtin::SharedPodSpec;
use setpoint_core::env::Simulation;
use setpoint_core::kind::Registry;
use setpoint_core::object::{Draft, Meta, Part, TextMap};

use super::*;
use crate::engine::{Expect, contract};

#[test]
fn keeps_the_contract() {
    let sim = Simulation::new(1);
    let env = sim.env();
    sim.block_on(contract::run(|| async { Memory::new(&env) })).expect("no check waits for ever");
}

#[test]
fn begins_at_the_time_of_day() {
    let sim = Simulation::new(1);
    let micros = sim.env().wall().as_microsecond();
    assert_eq!(Memory::new(&sim.env()).snapshot().revision().0, micros.unsigned_abs());
}

#[test]
fn history_is_bounded_by_age_and_count() {
    let sim = Simulation::new(1);
    let env = sim.env();
    let limits = HistoryLimits { age_max: Duration::from_secs(75), changes_max: 10 };
    let engine = Memory::with_history(&env, limits);
    let pods = Registry::builtin().find("Pod", "v1").expect("a built-in kind");
    let start = engine.snapshot().revision();
    let create = |name: String| {
        let meta = Meta::namespaced("ns", name);
        let value = Draft::new(Arc::clone(&pods), meta, Part::new(SharedPodSpec::default()));
        Commit { key: value.key(), expect: Expect::Absent, value: Some(value), compares: Vec::new() }
    };
    let commit = |name: String| {
        let committed = engine.commit(create(name)).now_or_never().expect("memory does not wait");
        committed.expect("a new name").revision
    };
    for name in 0..10 {
        commit(format!("a{name}"));
    }
    assert!(engine.feed(pods.id, Route::Kind, start).is_ok(), "WATCH-10: all ten are kept");
    commit("b".into());
    assert!(engine.feed(pods.id, Route::Kind, start).is_err());
    assert!(engine.feed(pods.id, Route::Kind, start.next()).is_ok());
    sim.run_for(Duration::from_secs(76));
    let last = commit("c".into());
    assert!(engine.feed(pods.id, Route::Kind, Revision(last.0 - 2)).is_err());
    assert!(engine.feed(pods.id, Route::Kind, Revision(last.0 - 1)).is_ok());
}

/// What the model keeps: every change, and what each key is now.
#[derive(Default)]
struct Model {
    log: Vec<(Revision, String, Option<String>)>,
    now: BTreeMap<String, (Revision, String)>,
}

#[derive(Debug, Clone)]
enum Step {
    Put { name: u8, label: u8, stale: bool },
    Remove { name: u8, stale: bool },
    Watch,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0u8..12, 0u8..3, prop::bool::weighted(0.1))
            .prop_map(|(name, label, stale)| Step::Put { name, label, stale }),
        3 => (0u8..12, prop::bool::weighted(0.1)).prop_map(|(name, stale)| Step::Remove { name, stale }),
        1 => Just(Step::Watch),
    ];
    proptest::collection::vec(step, 1..120)
}

proptest! {
    #[test]
    fn is_a_map_and_a_vector(steps in steps()) {
        let sim = Simulation::new(1);
        let engine = Memory::new(&sim.env());
        let pods = Registry::builtin().find("Pod", "v1").expect("a built-in kind");
        let start = engine.snapshot().revision();
        let mut model = Model::default();
        let mut feeds = Vec::new();
        for step in steps {
            let (name, label, stale) = match step {
                Step::Put { name, label, stale } => (name, Some(label.to_string()), stale),
                Step::Remove { name, stale } => (name, None, stale),
                Step::Watch => {
                    let from = engine.snapshot().revision();
                    let feed = engine.feed(pods.id, Route::Kind, from).expect("nothing is compacted");
                    feeds.push((model.log.len(), feed));
                    continue;
                }
            };
            let name = format!("p{name}");
            let mut value = Draft::new(
                Arc::clone(&pods),
                Meta::namespaced("ns", name.as_str()),
                Part::new(SharedPodSpec::default()),
            );
            value.meta_mut().labels = label.iter().map(|label| ("l", label.as_str())).collect();
            let known = model.now.get(&name).map(|(revision, _)| *revision);
            let claimed = if stale { known.map(Revision::next) } else { known };
            let commit = Commit {
                key: value.key(),
                expect: claimed.map_or(Expect::Absent, Expect::At),
                value: label.is_some().then_some(value),
                compares: Vec::new(),
            };
            let result = engine.commit(commit).now_or_never().expect("memory does not wait");
            let expected = claimed == known && (label.is_some() || known.is_some());
            prop_assert_eq!(result.is_ok(), expected);
            let Ok(committed) = result else { continue };
            model.log.push((committed.revision, name.clone(), label.clone()));
            match label {
                Some(label) => drop(model.now.insert(name, (committed.revision, label))),
                None => drop(model.now.remove(&name)),
            }
        }
        let show = |labels: &TextMap| labels.get("l").map(str::to_owned);
        let snapshot = engine.snapshot();
        let listed: BTreeMap<_, _> = snapshot
            .list_namespace(pods.id, "ns")
            .map(|pod| (pod.place().1.to_owned(), (pod.revision(), show(&pod.meta().labels).unwrap_or_default())))
            .collect();
        prop_assert_eq!(&listed, &model.now);
        // From every revision on, live or not, the feed is the rest of the log.
        let mut revisions = vec![(0, start)];
        revisions.extend(model.log.iter().enumerate().map(|(at, entry)| (at + 1, entry.0)));
        for (at, from) in revisions {
            let feed = engine.feed(pods.id, Route::Kind, from).expect("nothing is compacted");
            feeds.push((at, feed));
        }
        for (at, mut feed) in feeds {
            let mut seen = Vec::new();
            while let Some(Some(Ok(change))) = feed.next().now_or_never() {
                let after = change.new.as_ref().and_then(|new| show(&new.meta().labels));
                seen.push((change.revision, change.object().place().1.to_owned(), after));
            }
            prop_assert_eq!(&seen, &model.log[at..]);
        }
    }
}
