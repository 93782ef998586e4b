//! Damage of every sort to every file: it is named, or does no harm and is noted; nothing is lost in silence
//! (INV-ST-14, INV-ST-15).

use setpoint_core::env::Simulation;
use setpoint_core::object::Revision;

use super::world::{Objects, World, work};
use crate::engine::Engine;
use crate::engine::durable::storage::Storage;
use crate::engine::durable::{Faulty, StorageError, check};

/// What a damaged store is opened as.
enum Opened {
    /// With everything.
    Whole {
        notes: usize,
    },
    Refused(StorageError),
    /// With less, or something else.
    Wrong(Objects),
}

struct Case {
    world: World,
    storage: Faulty,
    objects: Objects,
    revision: Revision,
}

impl Case {
    fn new() -> Self {
        let world = World::new();
        let storage = Faulty::new();
        work(&world, &storage);
        let sim = Simulation::new(1);
        let engine = sim.block_on(world.open(&sim.env(), &storage)).expect("it ends").expect("it is whole");
        sim.block_on(world.put(&engine, "last", "1")).expect("it ends").expect("it is new");
        let (objects, revision) = (world.objects(&engine), engine.snapshot().revision());
        drop((engine, sim));
        // As a killed process leaves it.
        Self { storage: storage.copy(), objects, revision, world }
    }

    fn open(&self, broken: &Faulty) -> Opened {
        let checked = check(&broken.copy());
        let sim = Simulation::new(2);
        let engine = match sim.block_on(self.world.open(&sim.env(), broken)).expect("it ends") {
            Ok(engine) => engine,
            Err(error) => {
                assert!(checked.is_err(), "a check finds what opening finds: {error}");
                return Opened::Refused(error);
            }
        };
        let whole =
            self.world.objects(&engine) == self.objects && engine.snapshot().revision() == self.revision;
        match whole {
            true => Opened::Whole { notes: engine.health().notes.len() },
            false => Opened::Wrong(self.world.objects(&engine)),
        }
    }

    fn files(&self) -> Vec<String> {
        self.storage.list().expect("nothing fails")
    }

    /// Breaks a file in a way and expects damage to be named, in that file or in one that shows it, or to do no harm.
    fn try_out(&self, name: &str, what: &str, change: impl FnOnce(&mut Vec<u8>)) -> bool {
        let broken = self.storage.copy();
        broken.corrupt(name, change);
        match self.open(&broken) {
            Opened::Whole { .. } => false,
            Opened::Refused(error) => {
                let named =
                    error.damage().is_some_and(|damage| !damage.file.is_empty()) || error.is_not_a_store();
                assert!(named, "{name}, {what}: {error}");
                true
            }
            Opened::Wrong(objects) => {
                panic!("{name}, {what}: opened with {} of {} objects", objects.len(), self.objects.len())
            }
        }
    }
}

#[test]
fn a_flipped_bit_anywhere_is_found_or_does_no_harm() {
    let case = Case::new();
    let mut refused = 0;
    for name in case.files() {
        for at in 0..case.storage.content(&name).len() {
            if name == "RESERVE" && at > 0 || name == "MARK" && at % 4096 > 64 {
                continue;
            }
            refused +=
                u64::from(case.try_out(&name, &format!("byte {at}"), |bytes| bytes[at] ^= 1 << (at % 8)));
        }
    }
    assert!(refused > 1_000, "{refused}");
}

#[test]
fn zeroed_pages_are_found_or_do_no_harm() {
    let case = Case::new();
    for name in case.files() {
        let length = case.storage.content(&name).len();
        for at in (0..length).step_by(256) {
            case.try_out(&name, &format!("zeros from {at}"), |bytes| {
                let end = length.min(at + 512);
                bytes[at..end].fill(0);
            });
        }
    }
}

#[test]
fn a_file_that_is_cut_off_is_found_or_does_no_harm() {
    let case = Case::new();
    for name in case.files() {
        for length in (0..case.storage.content(&name).len()).step_by(13) {
            case.try_out(&name, &format!("cut to {length}"), |bytes| bytes.truncate(length));
        }
        case.try_out(&name, "with more behind", |bytes| bytes.extend_from_slice(&[7; 100]));
    }
}

#[test]
fn a_missing_file_is_found_or_does_no_harm() {
    let case = Case::new();
    let mut refused = Vec::new();
    for name in case.files() {
        let broken = case.storage.copy();
        broken.lose(&name);
        match case.open(&broken) {
            Opened::Whole { .. } => {}
            Opened::Refused(error) => {
                assert!(error.is_damaged() || error.is_not_a_store(), "{name}: {error}");
                refused.push(name);
            }
            Opened::Wrong(_) => panic!("{name} is missing and nobody notices"),
        }
    }
    assert!(refused.iter().any(|name| name == "FORMAT"), "{refused:?}");
    let segments: Vec<_> = case.files().into_iter().filter(|name| name.starts_with("wal-")).collect();
    let last = segments.last().expect("a store has a log");
    assert!(segments.len() > 1 && refused.contains(last), "{refused:?}");
}

#[test]
fn files_of_another_store_are_found() {
    let case = Case::new();
    let other = Faulty::new();
    {
        let sim = Simulation::new(99);
        let engine = sim.block_on(case.world.open(&sim.env(), &other)).expect("it ends").expect("it is new");
        for label in 0..60 {
            sim.block_on(case.world.put(&engine, "a", &label.to_string()))
                .expect("it ends")
                .expect("it is valid");
        }
        sim.block_on(engine.make_snapshot()).expect("it ends").expect("there is room");
        sim.block_on(engine.close()).expect("it ends");
    }
    let pieces = |storage: &Faulty, of: &str| -> Vec<String> {
        storage.list().expect("nothing fails").into_iter().filter(|name| name.starts_with(of)).collect()
    };
    for of in ["wal-", "snap-", "FORMAT"] {
        let foreign = other.content(&pieces(&other, of)[0]);
        for name in pieces(&case.storage, of) {
            case.try_out(&name, "of another store", |bytes| *bytes = foreign.clone());
        }
    }
    let broken = case.storage.copy();
    broken.corrupt("notes.txt", |bytes| bytes.extend_from_slice(b"hello"));
    assert!(matches!(case.open(&broken), Opened::Whole { notes: 1 }), "it is noted");
    let strange = Faulty::new();
    strange.corrupt("notes.txt", |bytes| bytes.extend_from_slice(b"hello"));
    let sim = Simulation::new(1);
    let refused =
        sim.block_on(case.world.open(&sim.env(), &strange)).expect("it ends").expect_err("it is not empty");
    assert!(refused.is_not_a_store(), "{refused}");
}

#[test]
fn one_generation_makes_up_for_the_other() {
    let case = Case::new();
    let snapshots: Vec<_> = case.files().into_iter().filter(|name| name.starts_with("snap-")).collect();
    assert_eq!(snapshots.len(), 2);
    for name in &snapshots {
        let broken = case.storage.copy();
        broken.corrupt(name, |bytes| bytes[100] ^= 1);
        match case.open(&broken) {
            Opened::Whole { notes } => assert!(notes > 0 || *name == snapshots[1], "what is read is noted"),
            Opened::Refused(error) => panic!("{name}: {error}"),
            Opened::Wrong(_) => panic!("{name}"),
        }
    }
    let broken = case.storage.copy();
    for name in &snapshots {
        broken.corrupt(name, |bytes| bytes[100] ^= 1);
    }
    let Opened::Refused(error) = case.open(&broken) else { panic!("both are damaged") };
    let damage = error.damage().expect("it is named");
    assert!(damage.file.starts_with("snap-") && damage.offset > 0, "{damage}");
}
