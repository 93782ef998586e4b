//! Against the engine in memory: the same writes give the same, whatever restarts and crashes are in between.

use futures::FutureExt;
use proptest::prelude::*;
use setpoint_core::env::Simulation;
use setpoint_core::object::Revision;

use super::world::{Event, World, drain, replayed};
use crate::engine::durable::Faulty;
use crate::engine::durable::storage::Crash;
use crate::engine::{Commit, Engine, Expect, Memory};

#[derive(Debug, Clone)]
enum Step {
    Put { name: u8, label: u8, stale: bool },
    Remove { name: u8, stale: bool },
    Snapshot,
    Compact { back: u8 },
    Reopen,
    Crash { mode: usize, seed: u8 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (0u8..8, 0u8..3, prop::bool::weighted(0.1)).prop_map(|(name, label, stale)| Step::Put { name, label, stale }),
        3 => (0u8..8, prop::bool::weighted(0.1)).prop_map(|(name, stale)| Step::Remove { name, stale }),
        1 => Just(Step::Snapshot),
        1 => (0u8..20).prop_map(|back| Step::Compact { back }),
        1 => Just(Step::Reopen),
        1 => (0usize..5, any::<u8>()).prop_map(|(mode, seed)| Step::Crash { mode, seed }),
    ];
    proptest::collection::vec(step, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn is_memory_that_survives(steps in steps()) {
        let world = World::new();
        let mut storage = Faulty::new();
        let sim = Simulation::new(1);
        let memory = Memory::new(&sim.env());
        let mut engine = sim.block_on(world.open(&sim.env(), &storage)).expect("it ends").expect("it is new");
        // Opening takes virtual time, and revisions begin at the time of day.
        let ahead = i128::from(engine.snapshot().revision().0) - i128::from(memory.snapshot().revision().0);
        let same = |revision: Revision| Revision(u64::try_from(i128::from(revision.0) + ahead).expect("positive"));
        let start = engine.snapshot().revision();
        let mut log: Vec<Event> = Vec::new();
        for step in steps {
            let (name, label, stale) = match step {
                Step::Put { name, label, stale } => (name, Some(label.to_string()), stale),
                Step::Remove { name, stale } => (name, None, stale),
                Step::Snapshot => {
                    sim.block_on(engine.make_snapshot()).expect("it ends").expect("there is room");
                    continue;
                }
                Step::Compact { back } => {
                    engine.compact(Revision(engine.snapshot().revision().0.saturating_sub(back.into())));
                    continue;
                }
                Step::Reopen => {
                    sim.block_on(engine.close()).expect("it ends");
                    engine = sim.block_on(world.open(&sim.env(), &storage)).expect("it ends").expect("it was closed");
                    prop_assert_eq!(&world.objects(&engine), &replayed(&log));
                    continue;
                }
                Step::Crash { mode, seed } => {
                    storage = storage.crash(Crash::ALL[mode], seed.into());
                    engine = sim.block_on(world.open(&sim.env(), &storage)).expect("it ends").expect("all was durable");
                    prop_assert_eq!(&world.objects(&engine), &replayed(&log));
                    continue;
                }
            };
            let name = format!("p{name}");
            let key = world.key(&name);
            let found = memory.snapshot().get(&key).map(|object| object.revision());
            let expect = |found: Option<Revision>| {
                found.map_or(Expect::Absent, |at| Expect::At(if stale { at.next() } else { at }))
            };
            let value = label.as_ref().map(|label| world.pod(&name, label));
            let commit = |found| Commit { key: key.clone(), expect: expect(found), value: value.clone(), compares: Vec::new() };
            let wanted = memory.commit(commit(found)).now_or_never().expect("memory does not wait");
            let got = sim.block_on(engine.commit(commit(found.map(same)))).expect("it ends");
            match (wanted, got) {
                (Ok(wanted), Ok(got)) => {
                    prop_assert_eq!(same(wanted.revision), got.revision);
                    log.push((got.revision, name, label));
                }
                (Err(_), Err(crate::engine::CommitError::Mismatch { .. })) => {}
                (wanted, got) => prop_assert!(false, "memory {wanted:?}, durable {got:?}"),
            }
        }
        prop_assert_eq!(&world.objects(&engine), &replayed(&log));
        let floor = engine.health().floor;
        for (seen, from) in [start].into_iter().chain(log.iter().map(|event| event.0)).enumerate() {
            match world.feed(&engine, from) {
                Ok(mut feed) => prop_assert_eq!(&drain(&mut feed), &log[seen..]),
                Err(expired) => prop_assert!(from < floor && expired.floor == floor, "INV-ST-09"),
            }
        }
    }
}
