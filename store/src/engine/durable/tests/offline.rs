use setpoint_core::env::Simulation;
use setpoint_core::object::Revision;

use super::world::{World, work};
use crate::engine::Engine;
use crate::engine::durable::{Faulty, REVISION_LEAP, backup, check, restore};

fn filled(world: &World) -> Faulty {
    let storage = Faulty::new();
    work(world, &storage);
    storage
}

#[test]
fn a_check_tells_what_is_there() {
    let world = World::new();
    let storage = filled(&world);
    let before = storage.content("FORMAT");
    let report = check(&storage).expect("it is whole");
    assert_eq!(report.objects.get("pods"), Some(&8), "{report:?}");
    assert_eq!(report.snapshots.len(), 2, "{report:?}");
    assert!(report.notes.is_empty() && report.records > 10 && !report.segments.is_empty(), "{report:?}");
    assert!(report.last_write.is_some());
    assert_eq!(storage.content("FORMAT"), before);
    assert!(check(&Faulty::new()).expect_err("nothing is there").is_not_a_store());
}

#[test]
fn a_restored_store_is_far_ahead_and_has_everything() {
    let world = World::new();
    let storage = filled(&world);
    let shelf = Faulty::new();
    let saved = backup(&storage, &shelf, "monday").expect("it is whole");
    assert!(backup(&storage, &shelf, "monday").expect_err("it is there").is_existing());
    let sim = Simulation::new(1);
    let target = Faulty::new();
    let restored = restore(&sim.env(), &shelf, "monday", &target).expect("it is whole");
    assert_eq!(restored, Revision(saved.0 + REVISION_LEAP));
    assert!(restore(&sim.env(), &shelf, "monday", &target).expect_err("it is not empty").is_existing());
    let old = sim.block_on(world.open(&sim.env(), &storage)).expect("it ends").expect("it is whole");
    let new = sim.block_on(world.open(&sim.env(), &target)).expect("it ends").expect("it is whole");
    assert_eq!(world.objects(&old), world.objects(&new));
    assert!(
        world.feed(&new, saved).is_err() && world.feed(&new, Revision(restored.0 - 1)).is_err(),
        "INV-ST-09"
    );
    assert!(world.feed(&new, restored).is_ok());
    let next = sim.block_on(world.put(&new, "x", "1")).expect("it ends").expect("it is new");
    assert_eq!(next.revision, restored.next(), "INV-ST-01");
    sim.block_on(new.close()).expect("it ends");
    check(&target).expect("it is whole");
}

#[test]
fn a_backup_can_be_restored_more_than_once() {
    let world = World::new();
    let shelf = Faulty::new();
    backup(&filled(&world), &shelf, "monday").expect("it is whole");
    let (first, second) = (Faulty::new(), Faulty::new());
    let sim = Simulation::new(1);
    restore(&sim.env(), &shelf, "monday", &first).expect("it is whole");
    let engine = sim.block_on(world.open(&sim.env(), &first)).expect("it ends").expect("it is whole");
    let made = sim.block_on(world.put(&engine, "x", "1")).expect("it ends").expect("it is new").revision;
    sim.run_for(std::time::Duration::from_secs(60));
    let again = restore(&sim.env(), &shelf, "monday", &second).expect("it is whole");
    assert!(again > made, "INV-ST-01: {again}, and {made} was given before");
    let engine = sim.block_on(world.open(&sim.env(), &second)).expect("it ends").expect("it is whole");
    assert!(
        world.feed(&engine, made).is_err(),
        "INV-ST-09: what another store has given is not resumed from"
    );
}

#[test]
fn an_open_store_can_be_saved() {
    let world = World::new();
    let storage = filled(&world);
    let sim = Simulation::new(1);
    let engine = sim.block_on(world.open(&sim.env(), &storage)).expect("it ends").expect("it is whole");
    let shelf = Faulty::new();
    let saved = sim.block_on(engine.backup(shelf.clone(), "now")).expect("it ends").expect("there is room");
    assert_eq!(saved, engine.snapshot().revision());
    let target = Faulty::new();
    restore(&sim.env(), &shelf, "now", &target).expect("it is whole");
    let new = sim.block_on(world.open(&sim.env(), &target)).expect("it ends").expect("it is whole");
    assert_eq!(world.objects(&engine), world.objects(&new));
}

#[test]
fn a_damaged_backup_is_refused_at_every_byte() {
    let world = World::new();
    let storage = filled(&world);
    let shelf = Faulty::new();
    backup(&storage, &shelf, "monday").expect("it is whole");
    let sim = Simulation::new(1);
    for at in 0..shelf.content("monday").len() {
        let broken = shelf.copy();
        broken.corrupt("monday", |bytes| bytes[at] ^= 1 << (at % 8));
        let refused = restore(&sim.env(), &broken, "monday", &Faulty::new());
        assert!(refused.is_err_and(|error| error.is_damaged()), "byte {at}");
    }
}
