//! Full disks.

use setpoint_core::env::Simulation;

use super::world::World;
use crate::engine::durable::storage::{Crash, Faults};
use crate::engine::durable::{Condition, Faulty};
use crate::engine::{CommitError, Engine};

fn capacity(bytes: u64) -> Faults {
    Faults { capacity: Some(bytes), ..Faults::default() }
}

/// INV-ST-16, at every size of the disk.
#[test]
fn a_full_disk_is_survived_and_said() {
    let world = World::new();
    let mut refusals = 0;
    for bytes in (0..4_000).step_by(37) {
        let storage = Faulty::new();
        let sim = Simulation::new(1);
        let engine = sim.block_on(world.open(&sim.env(), &storage)).expect("it ends").expect("it is new");
        let mut there = 0;
        for _ in 0..3 {
            sim.block_on(world.put(&engine, &format!("p{there}"), "1"))
                .expect("it ends")
                .expect("there is room");
            there += 1;
        }
        storage.set_faults(capacity(storage.used() + bytes));
        let refused = loop {
            let written = sim.block_on(world.put(&engine, &format!("p{there}"), "1")).expect("it ends");
            match written {
                Ok(_) => there += 1,
                Err(error) => break error,
            }
        };
        assert!(matches!(&refused, CommitError::Unavailable(why) if why.contains("storage")), "{refused:?}");
        assert!(matches!(engine.health().condition, Condition::Refusing(_)));
        assert_eq!(world.objects(&engine).len(), there, "reads go on");
        refusals += 1;
        sim.block_on(world.remove(&engine, "p0")).expect("it ends").expect("the reserve is for deletions");
        there -= 1;
        storage.set_faults(Faults::default());
        let name = format!("q{bytes}");
        sim.block_on(world.put(&engine, &name, "2")).expect("it ends").expect("there is room again");
        assert_eq!(engine.health().condition, Condition::Writable);
        let objects = world.objects(&engine);
        assert_eq!(objects.len(), there + 1);
        drop((engine, sim));
        for mode in Crash::ALL {
            let sim = Simulation::new(2);
            let again = sim.block_on(world.open(&sim.env(), &storage.crash(mode, bytes))).expect("it ends");
            assert_eq!(world.objects(&again.expect("it opens")), objects, "{mode:?}");
        }
    }
    assert!(refusals > 100);
}

/// INV-ST-02: a group that is refused for want of room is not there after a crash, though a part of it was written.
#[test]
fn nothing_of_a_refused_group_is_there_after_a_crash() {
    let world = World::new();
    let mut partly = 0;
    for bytes in (0..600).step_by(20) {
        let storage = Faulty::new();
        let sim = Simulation::new(1);
        let engine = sim.block_on(world.open(&sim.env(), &storage)).expect("it ends").expect("it is new");
        sim.block_on(world.put(&engine, "a", "1")).expect("it ends").expect("there is room");
        let (objects, revision) = (world.objects(&engine), engine.snapshot().revision());
        storage.set_faults(capacity(storage.used() + bytes));
        let batch = ["b", "c", "d", "e"].map(|name| world.commit(&engine, name, Some("2")));
        let results = sim.block_on(engine.commit_batch(batch.into())).expect("it ends");
        if results.iter().all(Result::is_ok) {
            continue;
        }
        assert!(
            results.iter().all(|result| matches!(result, Err(CommitError::Unavailable(_)))),
            "{results:?}"
        );
        partly += 1;
        drop((engine, sim));
        for (mode, seed) in Crash::ALL.into_iter().flat_map(|mode| (0..4).map(move |seed| (mode, seed))) {
            let sim = Simulation::new(2);
            let left = storage.crash(mode, seed);
            let again = sim.block_on(world.open(&sim.env(), &left)).expect("it ends").expect("it opens");
            let found = (world.objects(&again), again.snapshot().revision());
            assert_eq!(found, (objects.clone(), revision), "{bytes} bytes of room, {mode:?}");
        }
    }
    assert!(partly > 5, "{partly}");
}

#[test]
fn a_store_opens_on_a_full_disk() {
    let world = World::new();
    let storage = Faulty::new();
    let sim = Simulation::new(1);
    let engine = sim.block_on(world.open(&sim.env(), &storage)).expect("it ends").expect("it is new");
    for number in 0..5 {
        sim.block_on(world.put(&engine, &format!("p{number}"), "1"))
            .expect("it ends")
            .expect("there is room");
    }
    let objects = world.objects(&engine);
    drop((engine, sim));
    let left = storage.crash(Crash::Kept, 1);
    left.set_faults(capacity(0));
    let sim = Simulation::new(2);
    let again = sim.block_on(world.open(&sim.env(), &left)).expect("it ends").expect("it needs no room");
    assert_eq!(world.objects(&again), objects);
}

#[test]
fn a_snapshot_without_room_is_said_and_leaves_nothing_behind() {
    let world = World::new();
    let storage = Faulty::new();
    let sim = Simulation::new(1);
    let engine = sim.block_on(world.open(&sim.env(), &storage)).expect("it ends").expect("it is new");
    sim.block_on(world.put(&engine, "a", "1")).expect("it ends").expect("there is room");
    storage.set_faults(capacity(0));
    let made = sim.block_on(engine.make_snapshot()).expect("it ends");
    assert!(made.is_err() && engine.health().snapshot_failure.is_some());
    storage.set_faults(Faults::default());
    let made = sim.block_on(engine.make_snapshot()).expect("it ends").expect("there is room");
    assert_eq!((made, engine.health().snapshot_failure), (engine.snapshot().revision(), None));
}
