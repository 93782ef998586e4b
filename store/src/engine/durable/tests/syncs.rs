//! Syncs that fail, each in turn, and lie afterwards.

use futures::FutureExt;
use setpoint_core::env::Simulation;
use setpoint_core::object::Revision;

use super::world::{World, drain, replayed};
use crate::engine::durable::storage::{Crash, Faults};
use crate::engine::durable::{Condition, Faulty};
use crate::engine::{CommitError, Engine};

#[test]
fn a_failed_sync_poisons_and_is_told_as_unknown() {
    let world = World::new();
    let storage = Faulty::new();
    let sim = Simulation::new(1);
    let env = sim.env();
    let engine = sim.block_on(world.open(&env, &storage)).expect("it ends").expect("it is new");
    let first = sim.block_on(world.put(&engine, "a", "1")).expect("it ends").expect("nothing fails");
    let mut feed = world.feed(&engine, first.revision).expect("it is the newest");
    storage.set_faults(Faults { failed_syncs: vec![1], ..Faults::default() });
    let (written, later) = sim
        .block_on(async {
            let struck = engine.commit(world.commit(&engine, "a", Some("2")));
            // Comes up while the group is being written.
            let waiting = async {
                env.sleep(Simulation::BLOCKING_COST / 2).await;
                engine.commit(world.commit(&engine, "b", Some("1"))).await
            };
            futures::join!(struck, waiting)
        })
        .expect("it ends");
    assert!(matches!(written, Err(CommitError::Unknown(_))), "{written:?}");
    assert!(matches!(later, Err(CommitError::Unavailable(_))), "it was not even written: {later:?}");
    assert!(matches!(engine.health().condition, Condition::Failed(_)));
    let refused = engine.commit(world.commit(&engine, "c", Some("1"))).now_or_never().expect("at once");
    assert!(matches!(refused, Err(CommitError::Unavailable(_))), "{refused:?}");
    assert_eq!(
        world.objects(&engine),
        [("a".to_owned(), (first.revision, "1".to_owned()))].into(),
        "INV-ST-03"
    );
    assert_eq!(drain(&mut feed), [], "INV-ST-03");
    sim.block_on(engine.close()).expect("it ends");
}

/// After each failed sync the store is opened again, as it is or after a crash: what was acknowledged is there.
#[test]
fn whichever_sync_fails_nothing_acknowledged_is_lost() {
    let world = World::new();
    let syncs = {
        let storage = Faulty::new();
        super::world::long_work(&world, &storage);
        storage.syncs()
    };
    for sync in 1..=syncs {
        for mode in Crash::ALL {
            let storage = Faulty::new();
            storage.set_faults(Faults { failed_syncs: vec![sync], ..Faults::default() });
            let told = super::world::long_work(&world, &storage);
            // First opened by the next process of the same system, which sees what is in memory only.
            let sim = Simulation::new(2);
            storage.set_faults(Faults::default());
            let engine = sim.block_on(world.open(&sim.env(), &storage)).expect("it ends");
            let engine = engine.unwrap_or_else(|error| panic!("sync {sync}: {error}"));
            let served = world.objects(&engine);
            let revision = engine.snapshot().revision();
            assert!(told.newest() <= revision, "sync {sync}: INV-ST-02");
            drop((engine, sim));
            // What that process has shown survives the crash of the system.
            let left = storage.crash(mode, sync);
            let sim = Simulation::new(3);
            let engine = sim.block_on(world.open(&sim.env(), &left)).expect("it ends");
            let engine = engine.unwrap_or_else(|error| panic!("sync {sync}, {mode:?}: {error}"));
            assert_eq!(
                (world.objects(&engine), engine.snapshot().revision()),
                (served, revision),
                "sync {sync}, {mode:?}"
            );
        }
    }
}

#[test]
fn what_is_waiting_for_a_sync_is_neither_read_nor_watched_nor_a_reason() {
    let world = World::new();
    let storage = Faulty::new();
    let sim = Simulation::new(1);
    let env = sim.env();
    let engine = sim.block_on(world.open(&env, &storage)).expect("it ends").expect("it is new");
    let start = engine.snapshot().revision();
    let mut feed = world.feed(&engine, start).expect("it is the newest");
    sim.block_on(async {
        let create = world.commit(&engine, "a", Some("1"));
        let mut first = std::pin::pin!(engine.commit(create.clone()));
        assert!(first.as_mut().now_or_never().is_none(), "it waits for the disk");
        // A second creation is refused because of the first, so it must not be before that is durable.
        let mut second = std::pin::pin!(engine.commit(create));
        assert!(second.as_mut().now_or_never().is_none(), "INV-ST-03");
        assert_eq!((drain(&mut feed), engine.snapshot().revision()), (vec![], start), "INV-ST-03");
        let first = first.await.expect("nothing fails");
        let second = second.await;
        assert!(
            matches!(second, Err(CommitError::Mismatch { found: Some(found), .. }) if found == first.revision)
        );
        assert_eq!(drain(&mut feed).len(), 1);
    })
    .expect("it ends");
    assert_eq!(
        world.objects(&engine),
        replayed(&[(Revision(start.0 + 1), "a".to_owned(), Some("1".to_owned()))])
    );
}

#[test]
fn many_writers_share_a_sync() {
    let world = World::new();
    let storage = Faulty::new();
    let sim = Simulation::new(1);
    let engine = sim.block_on(world.open(&sim.env(), &storage)).expect("it ends").expect("it is new");
    storage.set_faults(Faults::default());
    let writes = (0..64).map(|number| engine.commit(world.commit(&engine, &format!("p{number}"), Some("1"))));
    let results = sim.block_on(futures::future::join_all(writes)).expect("it ends");
    assert!(results.iter().all(Result::is_ok));
    assert!(storage.syncs() <= 3, "{} syncs for 64 writes", storage.syncs());
}
