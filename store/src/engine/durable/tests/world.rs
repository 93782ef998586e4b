//! What the tests of the durable engine share: a small workload whose every revision is known, and what is checked of
//! a store that was opened again.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::{FutureExt, StreamExt};
use parking_lot::Mutex;
use setpoint_core::builtin::SharedPodSpec;
use setpoint_core::env::{Env, Simulation};
use setpoint_core::kind::{Kind, Registry};
use setpoint_core::object::{Draft, Key, Meta, Object, Part, Revision, TextMap};

use crate::engine::durable::{Durable, Faulty, Settings, StorageError};
use crate::engine::{Commit, CommitError, Committed, Engine, Expect, Feed, Route};

/// Small files, so that a short workload has many.
pub(super) const SMALL: Settings = Settings::STANDARD
    .with_segment_bytes(1500)
    .with_reserve_bytes(700)
    .with_snapshots_after(1 << 20, 1 << 20);

/// A change as it is in the log: revision, name, label after it.
pub(super) type Event = (Revision, String, Option<String>);

/// What is at each name: the revision and the label.
pub(super) type Objects = BTreeMap<String, (Revision, String)>;

pub(super) struct World {
    pub(super) registry: Registry,
    pub(super) pods: Arc<Kind>,
}

impl World {
    pub(super) fn new() -> Self {
        let registry = Registry::builtin();
        let pods = registry.find("Pod", "v1").expect("a built-in kind");
        Self { registry, pods }
    }

    pub(super) async fn open(&self, env: &Env, storage: &Faulty) -> Result<Durable, StorageError> {
        Durable::open(env, storage.clone(), &self.registry, SMALL).await
    }

    pub(super) fn pod(&self, name: &str, label: &str) -> Draft {
        let meta = Meta::namespaced("ns", name);
        let mut draft = Draft::new(Arc::clone(&self.pods), meta, Part::new(SharedPodSpec::default()));
        draft.meta_mut().labels = TextMap::from_iter([("l", label)]);
        draft
    }

    pub(super) fn key(&self, name: &str) -> Key {
        Key::namespaced(self.pods.id, "ns", name)
    }

    /// The commit that makes a pod have a label, or removes it, as it is now.
    pub(super) fn commit(&self, engine: &Durable, name: &str, label: Option<&str>) -> Commit {
        let key = self.key(name);
        let found = engine.snapshot().get(&key).map(|object| object.revision());
        let value = label.map(|label| self.pod(name, label));
        Commit { key, expect: found.map_or(Expect::Absent, Expect::At), value, compares: Vec::new() }
    }

    pub(super) async fn put(
        &self,
        engine: &Durable,
        name: &str,
        label: &str,
    ) -> Result<Committed, CommitError> {
        engine.commit(self.commit(engine, name, Some(label))).await
    }

    pub(super) async fn remove(&self, engine: &Durable, name: &str) -> Result<Committed, CommitError> {
        engine.commit(self.commit(engine, name, None)).await
    }

    pub(super) fn objects(&self, engine: &Durable) -> Objects {
        let show = |object: &Arc<Object>| {
            let label = object.meta().labels.get("l").unwrap_or_default().to_owned();
            (object.place().1.to_owned(), (object.revision(), label))
        };
        engine.snapshot().list(self.pods.id).map(show).collect()
    }

    pub(super) fn feed(&self, engine: &Durable, from: Revision) -> Result<Feed, crate::engine::Expired> {
        engine.feed(self.pods.id, Route::Kind, from)
    }
}

/// The changes that can be read now.
pub(super) fn drain(feed: &mut Feed) -> Vec<Event> {
    let mut seen = Vec::new();
    while let Some(Some(Ok(change))) = feed.next().now_or_never() {
        let label = change.new.as_ref().map(|new| new.meta().labels.get("l").unwrap_or_default().to_owned());
        seen.push((change.revision, change.object().place().1.to_owned(), label));
    }
    seen
}

/// What the events leave.
pub(super) fn replayed<'a>(events: impl IntoIterator<Item = &'a Event>) -> Objects {
    let mut objects = Objects::new();
    for (revision, name, label) in events {
        match label {
            Some(label) => drop(objects.insert(name.clone(), (*revision, label.clone()))),
            None => drop(objects.remove(name)),
        }
    }
    objects
}

/// What was told to somebody before a crash.
#[derive(Debug, Default, Clone)]
pub(super) struct Told {
    /// Changes that were acknowledged.
    pub(super) acknowledged: Vec<Event>,
    /// Changes that a watcher saw.
    pub(super) watched: Vec<Event>,
    /// How many pieces of the log a snapshot has made go at the most.
    pub(super) removed_at_once: usize,
}

impl Told {
    pub(super) fn newest(&self) -> Revision {
        let told = self.acknowledged.iter().chain(&self.watched);
        told.map(|event| event.0).max().unwrap_or(Revision::ZERO)
    }
}

/// Creates, updates, deletes, batches, concurrent writes, snapshots and compactions on one store; closes it in the
/// middle and opens it again. What is told is noted as it is told, also if a crash ends it.
pub(super) fn work(world: &World, storage: &Faulty) -> Told {
    play(world, storage, false)
}

/// The same, and then what makes more of the log go at once.
pub(super) fn long_work(world: &World, storage: &Faulty) -> Told {
    play(world, storage, true)
}

fn play(world: &World, storage: &Faulty, is_long: bool) -> Told {
    let sim = Simulation::new(7);
    let env = sim.env();
    let told = Arc::new(Mutex::new(Told::default()));
    let noted = Arc::clone(&told);
    let done = sim.block_on(async {
        let Ok(engine) = world.open(&env, storage).await else { return };
        first_half(world, &engine, &noted).await;
        engine.close().await;
        let Ok(engine) = world.open(&env, storage).await else { return };
        second_half(world, &engine, &noted).await;
        if is_long {
            last_part(world, &engine, storage, &noted).await;
        }
    });
    done.expect("nothing waits for ever, whatever fails");
    let told = told.lock().clone();
    assert!(told.acknowledged.is_sorted_by_key(|event| event.0), "INV-ST-01");
    told
}

async fn first_half(world: &World, engine: &Durable, told: &Mutex<Told>) {
    let start = engine.snapshot().revision();
    let mut feed = world.feed(engine, start).expect("a new store has all");
    for (name, label) in [("a", "1"), ("b", "1"), ("c", "1"), ("a", "2"), ("d", "1")] {
        note(told, &[world.put(engine, name, label).await]);
        told.lock().watched.extend(drain(&mut feed));
    }
    let batch = ["e", "f", "g"].map(|name| world.commit(engine, name, Some("1")));
    note(told, &engine.commit_batch(batch.into()).await);
    note(told, &[world.remove(engine, "b").await]);
    // A snapshot that cannot be made leaves everything as it was.
    let _outcome = engine.make_snapshot().await;
    let together = ["a", "c", "h", "i"].map(|name| engine.commit(world.commit(engine, name, Some("3"))));
    let mut results = futures::future::join_all(together).await;
    results.sort_by_key(|result| result.as_ref().map_or(Revision::ZERO, |committed| committed.revision));
    note(told, &results);
    told.lock().watched.extend(drain(&mut feed));
    engine.compact(Revision(start.0 + 3));
    note(told, &[world.remove(engine, "i").await]);
    told.lock().watched.extend(drain(&mut feed));
}

async fn second_half(world: &World, engine: &Durable, told: &Mutex<Told>) {
    let mut feed = world.feed(engine, engine.snapshot().revision()).expect("nothing is newer");
    for label in ["4", "5", "6"] {
        for name in ["a", "c", "d"] {
            note(told, &[world.put(engine, name, label).await]);
        }
        let _outcome = engine.make_snapshot().await;
        note(told, &[world.put(engine, "j", label).await]);
        note(told, &[world.remove(engine, "j").await]);
        told.lock().watched.extend(drain(&mut feed));
    }
    note(told, &[world.put(engine, "k", "7").await]);
    told.lock().watched.extend(drain(&mut feed));
}

/// So many changes between two snapshots that the one after them makes several pieces of the log go at once.
async fn last_part(world: &World, engine: &Durable, storage: &Faulty, told: &Mutex<Told>) {
    let mut feed = world.feed(engine, engine.snapshot().revision()).expect("nothing is newer");
    for number in 0..14 {
        let label = format!("{number}-{}", "x".repeat(300));
        note(told, &[world.put(engine, "l", &label).await]);
    }
    // A group of several sectors, of which a crash can keep the last without the first.
    let wide = "y".repeat(450);
    let batch = ["m", "n", "o", "p"].map(|name| world.commit(engine, name, Some(&wide)));
    note(told, &engine.commit_batch(batch.into()).await);
    told.lock().watched.extend(drain(&mut feed));
    let pieces = || storage.names().iter().filter(|name| name.starts_with("wal-")).count();
    for label in ["7", "8"] {
        let before = pieces();
        let _outcome = engine.make_snapshot().await;
        let gone = before.saturating_sub(pieces());
        {
            let told = &mut *told.lock();
            told.removed_at_once = told.removed_at_once.max(gone);
        }
        note(told, &[world.put(engine, "k", label).await]);
    }
    told.lock().watched.extend(drain(&mut feed));
}

pub(super) fn note(told: &Mutex<Told>, results: &[Result<Committed, CommitError>]) {
    for committed in results.iter().flatten() {
        let object = &committed.object;
        // A removal shows what was there before.
        let label = object.meta().labels.get("l").unwrap_or_default().to_owned();
        told.lock().acknowledged.push((committed.revision, object.place().1.to_owned(), Some(label)));
    }
}

/// That a store that was opened after a crash keeps every promise, given all that would have been in its log.
pub(super) async fn check(world: &World, engine: &Durable, all: &[Event], start: Revision, told: &Told) {
    let revision = engine.snapshot().revision();
    assert!(
        told.newest() <= revision,
        "INV-ST-02, INV-ST-03: {} was told, {revision} is there",
        told.newest()
    );
    let there: Vec<&Event> = all.iter().filter(|event| event.0 <= revision).collect();
    assert_eq!(there.last().map_or(start, |event| event.0), revision, "INV-ST-04: a beginning of the log");
    assert_eq!(world.objects(engine), replayed(there.iter().copied()), "INV-ST-02 at {revision}");
    for event in all.iter().filter(|event| event.0 <= revision) {
        match world.feed(engine, event.0) {
            Ok(mut feed) => {
                let rest: Vec<Event> =
                    there.iter().filter(|later| later.0 > event.0).map(|event| (*event).clone()).collect();
                assert_eq!(drain(&mut feed), rest, "INV-ST-08 from {}", event.0);
                let then =
                    engine.snapshot_at(world.pods.id, event.0).expect("what can be resumed can be listed");
                assert_eq!(
                    then.list(world.pods.id).count(),
                    replayed(there.iter().copied().filter(|e| e.0 <= event.0)).len(),
                    "INV-ST-10"
                );
            }
            Err(expired) => assert!(expired.floor > event.0, "INV-ST-09"),
        }
    }
    assert!(world.feed(engine, Revision(1)).is_err(), "INV-ST-09: of another store");
    let next = world.put(engine, "after", "1").await.expect("a recovered store takes writes");
    assert_eq!(next.revision, revision.next(), "INV-ST-01");
}
