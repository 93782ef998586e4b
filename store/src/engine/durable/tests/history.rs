//! What a restart keeps, and how files come and go.

use std::time::Duration;

use setpoint_core::env::Simulation;
use setpoint_core::object::Revision;

use super::world::{SMALL, World, drain};
use crate::engine::Engine;
use crate::engine::durable::storage::{Crash, Storage};
use crate::engine::durable::{Durable, Faulty};

#[test]
fn a_restart_keeps_the_watch_window() {
    let world = World::new();
    let storage = Faulty::new();
    let sim = Simulation::new(1);
    let engine = sim.block_on(world.open(&sim.env(), &storage)).expect("it ends").expect("it is new");
    let start = engine.snapshot().revision();
    for number in 0..40 {
        sim.block_on(world.put(&engine, &format!("p{}", number % 7), &number.to_string()))
            .expect("it ends")
            .expect("it is new");
    }
    let events = drain(&mut world.feed(&engine, start).expect("all is kept"));
    sim.block_on(engine.close()).expect("it ends");
    let sim = Simulation::new(2);
    let again = sim.block_on(world.open(&sim.env(), &storage)).expect("it ends").expect("it was closed");
    assert_eq!(again.health().notes, Vec::<String>::new());
    for (seen, from) in (start.0..).map(Revision).take(41).enumerate() {
        let mut feed = world.feed(&again, from).expect("nothing is forgotten");
        assert_eq!(drain(&mut feed), events[seen..], "INV-ST-08 from {from}");
    }
}

#[test]
fn compaction_is_kept_and_by_time_too() {
    let world = World::new();
    let storage = Faulty::new();
    let sim = Simulation::new(1);
    let engine = sim.block_on(world.open(&sim.env(), &storage)).expect("it ends").expect("it is new");
    let write = |name: &str| {
        sim.block_on(world.put(&engine, name, "1")).expect("it ends").expect("it is new").revision
    };
    let (first, second) = (write("a"), write("b"));
    sim.run_for(Duration::from_secs(60));
    let third = write("c");
    engine.compact_older_than(Duration::from_secs(30));
    assert!(world.feed(&engine, first).is_err(), "INV-ST-09");
    assert!(world.feed(&engine, second).is_ok());
    write("d");
    sim.block_on(engine.close()).expect("it ends");
    let sim = Simulation::new(2);
    let again = sim.block_on(world.open(&sim.env(), &storage)).expect("it ends").expect("it was closed");
    assert!(world.feed(&again, first).is_err(), "INV-ST-09");
    assert_eq!(drain(&mut world.feed(&again, second).expect("it is the floor")).len(), 2);
    assert_eq!(again.health().floor, second);
    assert!(third > second);
}

#[test]
fn two_generations_are_kept_and_the_log_between_them() {
    let world = World::new();
    let storage = Faulty::new();
    let sim = Simulation::new(1);
    let settings = SMALL.with_snapshots_after(4_000, 1 << 20);
    let env = sim.env();
    let open = Durable::open(&env, storage.clone(), &world.registry, settings);
    let engine = sim.block_on(open).expect("it ends").expect("it is new");
    for number in 0..300 {
        sim.block_on(world.put(&engine, &format!("p{}", number % 5), &number.to_string()))
            .expect("it ends")
            .expect("it is valid");
    }
    sim.run_for(Duration::from_secs(1));
    let health = engine.health();
    assert_eq!(health.snapshots.len(), 2, "{health:?}");
    let names = storage.list().expect("nothing fails");
    let count = |part: &str| names.iter().filter(|name| name.contains(part)).count();
    assert_eq!(count("snap-"), 2, "{names:?}");
    assert!(count("wal-") <= 10, "the log is cut: {names:?}");
    let objects = world.objects(&engine);
    let floor = health.snapshots[0];
    drop((engine, sim));
    let left = storage.crash(Crash::Lost, 1);
    let sim = Simulation::new(2);
    let again = sim.block_on(world.open(&sim.env(), &left)).expect("it ends").expect("it opens");
    assert_eq!(world.objects(&again), objects);
    assert!(world.feed(&again, floor).is_ok(), "from the older snapshot on all is known");
    assert!(world.feed(&again, Revision(floor.0 - 1)).is_err());
}

#[test]
fn one_store_at_a_time() {
    let world = World::new();
    let storage = Faulty::new();
    let sim = Simulation::new(1);
    let engine = sim.block_on(world.open(&sim.env(), &storage)).expect("it ends").expect("it is new");
    let second = sim.block_on(world.open(&sim.env(), &storage)).expect("it ends").expect_err("it is in use");
    assert!(second.is_locked(), "{second}");
    sim.block_on(engine.close()).expect("it ends");
    sim.block_on(world.open(&sim.env(), &storage)).expect("it ends").expect("it is free");
}
