//! Groups of several records, of which a crash leaves any sectors.

use setpoint_core::env::Simulation;

use super::world::World;
use crate::engine::durable::Faulty;
use crate::engine::durable::storage::{Crash, Faults};
use crate::engine::{Commit, Engine};

const NAMES: [&str; 8] = ["b", "c", "d", "e", "f", "g", "h", "i"];

/// INV-ST-04, INV-ST-15: no record of a group vouches for another of the same group. What comes before the first that
/// is not whole is there, and the rest is cut off.
#[test]
fn of_a_torn_group_there_is_a_beginning() {
    let world = World::new();
    let label = "y".repeat(250);
    let mut beginnings = [0; NAMES.len() + 1];
    for call in 1.. {
        let storage = Faulty::new();
        let sim = Simulation::new(1);
        let engine = sim.block_on(world.open(&sim.env(), &storage)).expect("it ends").expect("it is new");
        sim.block_on(world.put(&engine, "a", "1")).expect("it ends").expect("there is room");
        storage.set_faults(Faults { crash_at: Some(call), ..Faults::default() });
        let batch: Vec<Commit> = NAMES.iter().map(|name| world.commit(&engine, name, Some(&label))).collect();
        let results = sim.block_on(engine.commit_batch(batch)).expect("it ends");
        drop((engine, sim));
        if !storage.is_crashed() {
            break;
        }
        let told = results.iter().filter(|result| result.is_ok()).count();
        for (mode, seed) in Crash::ALL.into_iter().flat_map(|mode| (0..64).map(move |seed| (mode, seed))) {
            let sim = Simulation::new(2);
            let left = storage.crash(mode, seed);
            let again = match sim.block_on(world.open(&sim.env(), &left)).expect("it ends") {
                Ok(again) => again,
                Err(error) => panic!("call {call}, {mode:?}, seed {seed}: {error}"),
            };
            let objects = world.objects(&again);
            let found: Vec<&str> = objects.keys().map(String::as_str).collect();
            let there = found.len() - 1;
            assert_eq!(found[0], "a", "{mode:?}, {seed}");
            assert_eq!(found[1..], NAMES[..there], "call {call}, {mode:?}, seed {seed}");
            assert!(told <= there, "call {call}, {mode:?}, seed {seed}: {told} were told, {there} are there");
            beginnings[there] += 1;
        }
    }
    assert!(beginnings.iter().all(|count| *count > 0), "{beginnings:?}");
}
