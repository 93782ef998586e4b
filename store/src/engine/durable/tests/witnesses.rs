//! What says that something is missing, when what mostly says so is missing too: without `MARK`, the records, the pieces
//! and the snapshots vouch for each other (INV-ST-15, INV-ST-17).

use setpoint_core::env::Simulation;
use setpoint_core::object::Revision;

use super::world::{Objects, World};
use crate::engine::durable::storage::Faults;
use crate::engine::durable::{Faulty, StorageError};
use crate::engine::{Committed, Engine};

/// Puts so many pods, one after the other, and ends as a killed process does.
fn grown(world: &World, storage: &Faulty, names: &[&str], has_snapshot: bool) -> Vec<Committed> {
    let sim = Simulation::new(1);
    let engine = sim.block_on(world.open(&sim.env(), storage)).expect("it ends").expect("it is whole");
    let put =
        |name: &&str| sim.block_on(world.put(&engine, name, "1")).expect("it ends").expect("it is valid");
    let put = names.iter().map(put).collect();
    if has_snapshot {
        sim.block_on(engine.make_snapshot()).expect("it ends").expect("there is room");
    }
    put
}

fn opened(world: &World, storage: &Faulty) -> Result<(Objects, Revision), StorageError> {
    let sim = Simulation::new(2);
    let engine = sim.block_on(world.open(&sim.env(), storage)).expect("it ends")?;
    Ok((world.objects(&engine), engine.snapshot().revision()))
}

fn pieces(storage: &Faulty) -> Vec<String> {
    storage.names().into_iter().filter(|name| name.starts_with("wal-")).collect()
}

/// A damaged record that others follow was durable, since they say so. Of the last group nobody can tell.
#[test]
fn later_records_vouch_for_earlier_ones() {
    let world = World::new();
    let storage = Faulty::new();
    let put = grown(&world, &storage, &["a", "b", "c", "d"], false);
    let left = storage.copy();
    left.lose("MARK");
    let piece = pieces(&left).pop().expect("a store has a log");
    let length = left.content(&piece).len();
    let mut refused = 0;
    for at in 64..length {
        let broken = left.copy();
        broken.corrupt(&piece, |bytes| bytes[at] ^= 1);
        match opened(&world, &broken) {
            Err(error) => {
                assert!(error.damage().is_some_and(|damage| damage.what.contains("proves")), "{at}: {error}");
                refused += 1;
            }
            Ok((objects, revision)) => {
                assert_eq!(
                    (objects.len(), revision),
                    (3, put[2].revision),
                    "byte {at}: more than the last is lost"
                );
            }
        }
    }
    assert!(refused > (length - 64) / 2, "{refused} of {length}");
}

/// The piece before says that it is not the last.
#[test]
fn the_end_of_a_piece_vouches_for_the_next() {
    let world = World::new();
    let storage = Faulty::new();
    let names: Vec<String> = (0..40).map(|number| format!("p{number}")).collect();
    grown(&world, &storage, &names.iter().map(String::as_str).collect::<Vec<_>>(), false);
    let left = storage.copy();
    assert!(pieces(&left).len() > 2);
    left.lose("MARK");
    left.lose(&pieces(&left).pop().expect("there are several"));
    let error = opened(&world, &left).expect_err("a piece is missing");
    assert!(error.to_string().contains("a piece that is missing"), "{error}");
}

/// A log that ends before a snapshot has lost what the snapshot has.
#[test]
fn a_snapshot_vouches_for_the_log() {
    let world = World::new();
    let storage = Faulty::new();
    let put = grown(&world, &storage, &["a", "b", "c"], true);
    let left = storage.copy();
    left.lose("MARK");
    let piece = pieces(&left).pop().expect("a store has a log");
    for length in 64..left.content(&piece).len() {
        let broken = left.copy();
        broken.corrupt(&piece, |bytes| bytes.truncate(length));
        match opened(&world, &broken) {
            Err(error) => assert!(error.is_damaged(), "{length}: {error}"),
            Ok(found) => assert_eq!((found.0.len(), found.1), (3, put[2].revision), "{length}"),
        }
    }
}

/// A snapshot of what never was in the log, though each is whole in itself.
#[test]
fn a_snapshot_and_the_log_have_the_same_objects() {
    let world = World::new();
    let storage = Faulty::new();
    grown(&world, &storage, &["a"], false);
    let (one, other) = (storage.copy(), storage.copy());
    grown(&world, &one, &["b"], true);
    grown(&world, &other, &["c"], true);
    let is_snapshot = |name: &String| name.starts_with("snap-");
    let name = one.names().into_iter().find(is_snapshot).expect("one was made");
    assert!(other.names().contains(&name), "both are at one revision");
    let (left, wrong) = (one.copy(), other.content(&name));
    left.corrupt(&name, |bytes| *bytes = wrong);
    let error = opened(&world, &left).expect_err("INV-ST-17");
    assert!(error.damage().is_some_and(|damage| damage.file == name), "{error}");
}

/// A snapshot that is not what was written is none, and nothing is removed for its sake.
#[test]
fn a_snapshot_is_read_again_before_it_counts() {
    let world = World::new();
    let mut failed = 0;
    for garbled in 1..6 {
        let storage = Faulty::new();
        let sim = Simulation::new(1);
        let engine = sim.block_on(world.open(&sim.env(), &storage)).expect("it ends").expect("it is new");
        for name in ["a", "b", "c"] {
            sim.block_on(world.put(&engine, name, "1")).expect("it ends").expect("it is valid");
        }
        storage.set_faults(Faults { garbled_writes: vec![garbled], ..Faults::default() });
        let made = sim.block_on(engine.make_snapshot()).expect("it ends");
        assert_eq!(made.is_err(), engine.health().snapshots.is_empty(), "write {garbled}: {made:?}");
        failed += u32::from(made.is_err());
        storage.set_faults(Faults::default());
        let next = sim.block_on(engine.make_snapshot()).expect("it ends").expect("nothing is wrong any more");
        assert_eq!(engine.health().snapshots, [next]);
        let objects = world.objects(&engine);
        drop((engine, sim));
        assert_eq!(opened(&world, &storage.copy()).expect("it is whole").0, objects);
    }
    assert!(failed > 1, "{failed}");
}
