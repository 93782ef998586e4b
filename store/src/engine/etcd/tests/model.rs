//! Against the engine in memory: the same writes give the same, whatever restarts are in between.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::{FutureExt, StreamExt};
use setpoint_core::builtin::SharedPodSpec;
use setpoint_core::env::Random;
use setpoint_core::kind::Kind;
use setpoint_core::object::{Draft, Key, Meta, Part, Revision, TextMap};

use super::world::{World, with_etcd};
use crate::engine::{Commit, CommitError, Engine, Etcd, Expect, Feed, Memory, Route};

const STEPS: usize = 400;

fn pod(kind: &Arc<Kind>, name: &str, label: u64) -> Draft {
    let meta = Meta::namespaced("ns", name);
    let mut draft = Draft::new(Arc::clone(kind), meta, Part::new(SharedPodSpec::default()));
    draft.meta_mut().labels = TextMap::from_iter([("l", label.to_string())]);
    draft
}

/// What is there: names, revisions and labels.
fn objects(engine: &impl Engine, kind: &Kind) -> Vec<(String, Revision, String)> {
    let snapshot = engine.snapshot();
    let show = |object: &setpoint_core::object::ObjectRef| {
        let label = object.meta().labels.get("l").unwrap_or_default().to_owned();
        (object.meta().name.to_string(), object.revision(), label)
    };
    snapshot.list(kind.id).map(show).collect()
}

/// The changes of a feed: revision, name, and whether it is there after it.
fn drain(feed: &mut Feed) -> Vec<(Revision, String, bool)> {
    let mut seen = Vec::new();
    while let Some(Some(Ok(change))) = feed.next().now_or_never() {
        seen.push((change.revision, change.object().meta().name.to_string(), change.new.is_some()));
    }
    seen
}

#[test]
fn is_memory_that_others_share() {
    with_etcd(async |world: &World| {
        let settings = world.settings();
        let memory = Memory::new(&world.env);
        let mut engine: Etcd = world.open(&settings).await;
        let kind = setpoint_core::kind::Registry::builtin().find("Pod", "v1").expect("a built-in kind");
        let mut random = Random::seeded(7);
        // The revisions in etcd of those in memory.
        let mut same: BTreeMap<Revision, Revision> = BTreeMap::new();
        let mut start = engine.snapshot().revision();
        let mut log = Vec::new();
        for _ in 0..STEPS {
            let (what, name, label) = (random.next_u64() % 40, random.next_u64() % 8, random.next_u64() % 3);
            if what == 0 {
                engine.close().await;
                engine = world.open(&settings).await;
                (start, log) = (engine.snapshot().revision(), Vec::new());
                continue;
            }
            let name = format!("p{name}");
            let key = Key::namespaced(kind.id, "ns", name.as_str());
            let found = memory.snapshot().get(&key).map(|object| object.revision());
            let is_stale = what < 4;
            let expect = |found: Option<Revision>| match found {
                Some(at) if is_stale => Expect::At(Revision(at.0 - 1)),
                Some(at) => Expect::At(at),
                None if is_stale => Expect::At(Revision(1)),
                None => Expect::Absent,
            };
            let value = (what % 3 > 0).then(|| pod(&kind, &name, label));
            let commit = |found| Commit {
                key: key.clone(),
                expect: expect(found),
                value: value.clone(),
                compares: Vec::new(),
            };
            let wanted = memory.commit(commit(found)).await;
            let got = engine.commit(commit(found.map(|at| same[&at]))).await;
            match (wanted, got) {
                (Ok(wanted), Ok(got)) => {
                    same.insert(wanted.revision, got.revision);
                    assert_eq!(got.object.revision(), got.revision);
                    log.push((got.revision, name, value.is_some()));
                }
                (
                    Err(CommitError::Mismatch { found: wanted, .. }),
                    Err(CommitError::Mismatch { found: got, .. }),
                ) => assert_eq!(wanted.map(|at| same[&at]), got, "INV-ST-05"),
                (wanted, got) => panic!("memory {wanted:?}, etcd {got:?}"),
            }
        }
        let wanted = objects(&memory, &kind).into_iter().map(|(name, at, label)| (name, same[&at], label));
        assert_eq!(objects(&engine, &kind), wanted.collect::<Vec<_>>());
        for (seen, from) in [start].into_iter().chain(log.iter().map(|change| change.0)).enumerate() {
            let mut feed = engine.feed(kind.id, Route::Kind, from).expect("nothing is compacted");
            assert_eq!(drain(&mut feed), log[seen..], "INV-ST-08: resumed from {from}");
        }
    });
}
