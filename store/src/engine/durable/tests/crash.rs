//! A crash at every storage call of a workload, in every way a crash can be; then the store is opened, with a crash at
//! each call of that, too.
//!
//! In an ordinary test run this is done for a part of them. All of it, in some minutes:
//! `SETPOINT_CRASH=all cargo test -p setpoint-store --features durable --lib --release crash -- --nocapture`

#![expect(clippy::print_stdout, reason = "how much was tried is told")]

use std::ops::Range;

use setpoint_core::env::Simulation;
use setpoint_core::object::Revision;

use super::world::{Event, Told, World, check, drain, long_work};
use crate::engine::Engine;
use crate::engine::durable::Faulty;
use crate::engine::durable::storage::{Crash, Faults};

/// Up to how many changes of names each choice of them is tried.
const ALL_CHOICES_MAX: usize = 5;

/// What was tried.
#[derive(Debug, Default)]
struct Count {
    calls: u64,
    crashes: u64,
    /// Such as leave chosen changes of names.
    crashes_of_the_folder: u64,
    crashes_while_opening: u64,
}

#[test]
fn nothing_told_is_lost_whenever_it_crashes() {
    let everything = std::env::var("SETPOINT_CRASH").is_ok_and(|value| value == "all");
    let world = World::new();
    let (all, start, calls) = without_faults(&world);
    let mut count = Count { calls, ..Count::default() };
    let seeds = if everything { 0..6 } else { 0..1 };
    for call in 1..=calls {
        let storage = Faulty::new();
        storage.set_faults(Faults { crash_at: Some(call), ..Faults::default() });
        let told = long_work(&world, &storage);
        assert!(storage.is_crashed(), "call {call} was made without faults too");
        for mode in Crash::ALL {
            for seed in seeds.clone() {
                let seed = seed * 1_000 + call;
                let case = format!("call {call}, {mode:?}, seed {seed}");
                recover(&world, &storage.crash(mode, seed), &all, start, &told, &case);
                count.crashes += 1;
                if everything && seed < 2_000 || (call + mode as u64).is_multiple_of(97) {
                    let left = storage.crash(mode, seed);
                    count.crashes_while_opening +=
                        while_opening(&world, &left, &all, start, &told, &case, everything);
                }
            }
        }
        for kept in choices(storage.unsynced_names()) {
            let modes = if everything { &Crash::ALL[..] } else { &[Crash::Lost, Crash::Kept][..] };
            for mode in modes {
                let case = format!("call {call}, {mode:?}, of the changes of names those at {kept:?}");
                let left = storage.crash_with_names(*mode, call, |place| kept.contains(&place));
                recover(&world, &left, &all, start, &told, &case);
                count.crashes_of_the_folder += 1;
            }
        }
    }
    println!(
        "{{\"test\":\"crash consistency\",\"storage_calls\":{},\"crashes\":{},\"crashes_of_the_folder\":{},\
         \"crashes_while_opening\":{}}}",
        count.calls, count.crashes, count.crashes_of_the_folder, count.crashes_while_opening
    );
    assert!(count.crashes >= 500 && count.crashes_while_opening >= 500, "{count:?}");
    assert!(count.crashes_of_the_folder >= 500, "{count:?}");
}

/// Which of so many changes of names a crash leaves: each choice if they are few, else one run of them, or all but one
/// run.
fn choices(changes: usize) -> Vec<Vec<usize>> {
    if changes <= ALL_CHOICES_MAX {
        let chosen = |mask: usize| (0..changes).filter(|place| mask >> place & 1 == 1).collect();
        return (0..1 << changes).map(chosen).filter(|_| changes > 0).collect();
    }
    let runs = (0..changes).flat_map(|from| (from + 1..=changes).map(move |to| from..to));
    let choice = |run: Range<usize>| {
        let others = (0..changes).filter(|place| !run.contains(place)).collect();
        [run.clone().collect(), others]
    };
    runs.flat_map(choice).collect()
}

/// Every change of the workload, the revision before the first, and how many calls it makes.
fn without_faults(world: &World) -> (Vec<Event>, Revision, u64) {
    let storage = Faulty::new();
    let told = long_work(world, &storage);
    let calls = storage.calls();
    let sim = Simulation::new(7);
    let start = Revision(u64::try_from(sim.env().wall().as_microsecond()).expect("after 1970"));
    assert_eq!(told.acknowledged.len(), 50, "the workload is as long as it was");
    assert!(told.removed_at_once > 1, "a snapshot makes several pieces of the log go at once");
    assert!(
        told.acknowledged.iter().zip(start.0 + 1..).all(|(event, revision)| event.0.0 == revision),
        "INV-ST-01"
    );
    // What a watcher saw is all of it; the part that it could not see was acknowledged.
    let mut all = told.watched.clone();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), told.acknowledged.len(), "INV-ST-08: the watcher has seen every change once");
    (all, start, calls)
}

fn recover(world: &World, left: &Faulty, all: &[Event], start: Revision, told: &Told, case: &str) {
    let sim = Simulation::new(8);
    let done = sim.block_on(async {
        let engine = match world.open(&sim.env(), left).await {
            Ok(engine) => engine,
            Err(error) => panic!("INV-ST-02: {case}: {error}"),
        };
        // Nothing was told: it is another store, which begins at a time of its own.
        let start = if all.iter().any(|event| event.0 <= engine.snapshot().revision()) {
            start
        } else {
            engine.snapshot().revision()
        };
        check(world, &engine, all, start, told).await;
        assert!(!left.names().iter().any(|name| name.ends_with(".tmp")), "{case}: {:?}", left.names());
        engine.close().await;
        let again = world.open(&sim.env(), left).await.expect("it was closed");
        let remains: Vec<_> =
            again.health().notes.into_iter().filter(|note| note.contains("dropped")).collect();
        assert_eq!(remains, [""; 0], "{case}: what was cut off is gone");
        assert!(world.objects(&again).contains_key("after"), "{case}: a write after the crash is lost");
        let mut feed = world.feed(&again, again.snapshot().revision()).expect("it is the newest");
        assert_eq!(drain(&mut feed), []);
    });
    if let Err(stalled) = done {
        panic!("{case}: {stalled}");
    }
}

/// Crashes at every call of opening what a crash has left.
fn while_opening(
    world: &World,
    left: &Faulty,
    all: &[Event],
    start: Revision,
    told: &Told,
    case: &str,
    everything: bool,
) -> u64 {
    let fine = left.copy();
    let sim = Simulation::new(9);
    let opened = sim.block_on(world.open(&sim.env(), &fine)).expect("nothing waits");
    drop(opened.expect("it can be opened"));
    let calls = fine.calls();
    let mut count = 0;
    for call in 1..=calls {
        let struck = left.copy();
        struck.set_faults(Faults { crash_at: Some(call), ..Faults::default() });
        let sim = Simulation::new(9);
        let opened = sim.block_on(world.open(&sim.env(), &struck)).expect("nothing waits");
        drop(opened);
        drop(sim);
        let modes = if everything { &Crash::ALL[..] } else { &[Crash::Lost, Crash::Reordered][..] };
        for mode in modes {
            let case = format!("{case}; then call {call} of opening, {mode:?}");
            recover(world, &struck.crash(*mode, call), all, start, told, &case);
            count += 1;
        }
    }
    count
}
