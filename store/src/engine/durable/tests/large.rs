//! Changes that are too large for the log: they fail, and nobody else does.

use setpoint_core::env::Simulation;

use super::world::{SMALL, World, drain};
use crate::engine::durable::storage::Crash;
use crate::engine::durable::{Condition, Durable, Faulty};
use crate::engine::{CommitError, Engine};

/// More than a small pod takes.
const LIMIT: usize = 1_000;

#[test]
fn only_what_is_too_large_is_refused() {
    let world = World::new();
    let storage = Faulty::new();
    let sim = Simulation::new(1);
    let env = sim.env();
    let settings = SMALL.with_object_bytes(LIMIT);
    let open = || Durable::open(&env, storage.clone(), &world.registry, settings);
    let engine = sim.block_on(open()).expect("it ends").expect("it is new");
    let start = engine.snapshot().revision();
    let mut feed = world.feed(&engine, start).expect("it is the newest");
    let huge = "x".repeat(LIMIT);
    let commit = |name: &str, label: &str| world.commit(&engine, name, Some(label));
    let (batch, alone, large, again) = sim
        .block_on(async {
            let batch = vec![
                commit("a", "1"),
                commit("b", &huge),
                commit("c", "1"),
                // Of an object that the batch has made before.
                commit("a", "2"),
                commit("d", &huge),
                commit("e", "1"),
            ];
            // All are prepared before the first is written, so that they are one group.
            futures::join!(
                engine.commit_batch(batch),
                engine.commit(commit("f", "1")),
                engine.commit(commit("g", &huge)),
                engine.commit(commit("h", "1")),
            )
        })
        .expect("it ends");
    let refused = |result: &Result<_, CommitError>| matches!(result, Err(CommitError::TooLarge { bytes, limit: LIMIT }) if *bytes > LIMIT);
    assert!(batch[0].is_ok() && batch[2].is_ok() && batch[5].is_ok(), "{batch:?}");
    assert!(refused(&batch[1]) && refused(&batch[4]), "{batch:?}");
    assert!(matches!(batch[3], Err(CommitError::Mismatch { .. })), "{:?}", batch[3]);
    assert!(alone.is_ok() && refused(&large) && again.is_ok(), "{alone:?} {large:?} {again:?}");
    assert_eq!(engine.health().condition, Condition::Writable);
    let objects = world.objects(&engine);
    assert_eq!(objects.keys().map(String::as_str).collect::<String>(), "acefh");
    let seen = drain(&mut feed);
    assert!(
        seen.iter().zip(start.0 + 1..).all(|(event, revision)| event.0.0 == revision),
        "INV-ST-01: {seen:?}"
    );
    assert_eq!(seen.len(), 5);
    let left = storage.crash(Crash::Lost, 1);
    let sim = Simulation::new(2);
    let again = sim.block_on(world.open(&sim.env(), &left)).expect("it ends").expect("it is whole");
    assert_eq!(world.objects(&again), objects, "INV-ST-02");
}
