//! What every engine must do, as tests that any engine can run.
//!
//! Call [`run`] from a test with a function that makes an empty engine. It panics where a promise of the
//! [module above](super) does not hold.

use std::future::Future;
use std::sync::Arc;

use futures::{FutureExt, StreamExt};
use setpoint_core::builtin::SharedPodSpec;
use setpoint_core::kind::{Kind, Registry};
use setpoint_core::object::{Draft, Key, Meta, OwnerReference, Part, Revision, Text, TextMap, Uid};

use super::{Commit, CommitError, Committed, Engine, Expect, Expired, Feed, FeedEnd, Route};
use crate::tables::{Index, IndexValue};

/// Runs all checks, each on a fresh engine.
pub async fn run<E, F, Fut>(make: F)
where
    E: Engine,
    F: Fn() -> Fut,
    Fut: Future<Output = E>,
{
    let world = World::new();
    run_short(&make).await;
    a_reader_that_falls_behind_is_ended(&world, make().await).await;
}

/// The same without what takes a hundred thousand changes.
pub async fn run_short<E, F, Fut>(make: &F)
where
    E: Engine,
    F: Fn() -> Fut,
    Fut: Future<Output = E>,
{
    let world = World::new();
    each_change_has_a_revision_of_its_own(&world, make().await).await;
    commits_apply_only_if_what_they_expect_holds(&world, make().await).await;
    compares_on_other_objects_hold_at_the_same_revision(&world, make().await).await;
    batch_members_fail_singly(&world, make().await).await;
    batches_are_in_order(&world, make().await).await;
    snapshots_stay_as_they_are(&world, make().await).await;
    lists_are_in_order_of_namespace_and_name(&world, make().await).await;
    feeds_resume_anywhere_without_gap_or_repeat(&world, make().await).await;
    feeds_see_only_their_route(&world, make().await).await;
    revisions_before_the_floor_are_expired(&world, make().await).await;
    the_future_is_waited_for(&world, make().await).await;
    earlier_snapshots_show_what_was(&world, make().await).await;
    indices_follow_every_change(&world, make().await).await;
    a_value_of_a_unique_index_is_one_objects(&world, make().await).await;
}

struct World {
    pods: Arc<Kind>,
    nodes: Arc<Kind>,
}

impl World {
    fn new() -> Self {
        let registry = Registry::builtin();
        let find = |kind| registry.find(kind, "v1").expect("a built-in kind");
        Self { pods: find("Pod"), nodes: find("Node") }
    }

    fn pod(&self, namespace: &str, name: &str) -> Draft {
        let meta = Meta::namespaced(namespace, name);
        Draft::new(Arc::clone(&self.pods), meta, Part::new(SharedPodSpec::default()))
    }

    fn node(&self, name: &str) -> Draft {
        let spec = Part::new(k8s_openapi::api::core::v1::NodeSpec::default());
        Draft::new(Arc::clone(&self.nodes), Meta::cluster(name), spec)
    }
}

fn put(draft: Draft, expect: Expect) -> Commit {
    Commit { key: draft.key(), expect, value: Some(draft), compares: Vec::new() }
}

fn remove(key: Key, at: Revision) -> Commit {
    Commit { key, expect: Expect::At(at), value: None, compares: Vec::new() }
}

async fn create(engine: &impl Engine, draft: Draft) -> Revision {
    engine.commit(put(draft, Expect::Absent)).await.expect("nothing of that name is there").revision
}

/// The changes that are there to be read, as (revision, name, is there after).
fn drain(feed: &mut Feed) -> Vec<(Revision, String, bool)> {
    let mut seen = Vec::new();
    while let Some(Some(Ok(change))) = feed.next().now_or_never() {
        seen.push((change.revision, change.object().meta().name.to_string(), change.new.is_some()));
    }
    seen
}

async fn each_change_has_a_revision_of_its_own(world: &World, engine: impl Engine) {
    let start = engine.snapshot().revision();
    let first = create(&engine, world.pod("a", "x")).await;
    let second = create(&engine, world.node("n")).await;
    let removed = engine.commit(remove(world.pod("a", "x").key(), first)).await.expect("it is there");
    assert!(start < first && first < second && second < removed.revision);
    assert_eq!(removed.object.revision(), removed.revision, "STORE-20");
    assert_eq!(engine.snapshot().revision(), removed.revision);
}

async fn commits_apply_only_if_what_they_expect_holds(world: &World, engine: impl Engine) {
    let draft = || world.pod("a", "x");
    let first = create(&engine, draft()).await;
    for wrong in [put(draft(), Expect::Absent), put(draft(), Expect::At(first.next())), {
        remove(draft().key(), first.next())
    }] {
        let before = engine.snapshot().revision();
        let refused = engine.commit(wrong).await;
        let Err(CommitError::Mismatch { found, .. }) = refused else { panic!("applied: {refused:?}") };
        assert_eq!(found, Some(first));
        assert_eq!(engine.snapshot().revision(), before, "a refused commit changes nothing");
    }
    let missing = remove(world.pod("a", "none").key(), first);
    assert!(matches!(engine.commit(missing).await, Err(CommitError::Mismatch { found: None, .. })));
    let second = engine.commit(put(draft(), Expect::At(first))).await.expect("it is at that revision");
    engine.commit(remove(draft().key(), second.revision)).await.expect("it is at that revision");
    assert!(engine.snapshot().get(&draft().key()).is_none());
    create(&engine, draft()).await;
}

async fn compares_on_other_objects_hold_at_the_same_revision(world: &World, engine: impl Engine) {
    let node = create(&engine, world.node("n")).await;
    let mut commit = put(world.pod("a", "x"), Expect::Absent);
    commit.compares = vec![(world.node("n").key(), Expect::At(node.next()))];
    assert!(engine.commit(commit.clone()).await.is_err());
    commit.compares = vec![(world.node("n").key(), Expect::At(node))];
    engine.commit(commit).await.expect("the node is at that revision");
}

async fn batch_members_fail_singly(world: &World, engine: impl Engine) {
    let batch = ["a", "b", "a", "c"].map(|name| put(world.pod("ns", name), Expect::Absent));
    let results = engine.commit_batch(batch.into()).await;
    let applied: Vec<bool> = results.iter().map(Result::is_ok).collect();
    assert_eq!(applied, [true, true, false, true]);
}

async fn batches_are_in_order(world: &World, engine: impl Engine) {
    let mut feed =
        engine.feed(world.pods.id, Route::Kind, engine.snapshot().revision()).expect("it is the newest");
    let first = create(&engine, world.pod("ns", "there")).await;
    // Names whose own order is another; each fifth is in the way of what is there, and one is changed twice.
    let names: Vec<String> = (0..100).map(|number| format!("p{}", number * 37 % 100)).collect();
    let mut batch = Vec::new();
    for (number, name) in names.iter().enumerate() {
        if number % 5 == 0 {
            batch.push(put(world.pod("ns", "there"), Expect::Absent));
        }
        batch.push(put(world.pod("ns", name), Expect::Absent));
    }
    batch.push(remove(world.pod("ns", "there").key(), first));
    batch.push(put(world.pod("ns", "there"), Expect::Absent));
    let results = engine.commit_batch(batch).await;
    let made: Vec<_> = results.iter().flatten().map(|committed| committed.revision).collect();
    assert_eq!((results.len(), made.len()), (122, 102), "INV-ST-04: each for itself");
    assert!(made.is_sorted_by(|one, next| one < next), "INV-ST-04: {made:?}");
    let seen: Vec<String> = drain(&mut feed).into_iter().map(|(_, name, _)| name).collect();
    let there = "there".to_owned();
    let wanted: Vec<&String> = [&there].into_iter().chain(&names).chain([&there, &there]).collect();
    assert_eq!(seen.iter().collect::<Vec<_>>(), wanted, "INV-ST-04");
}

async fn snapshots_stay_as_they_are(world: &World, engine: impl Engine) {
    let first = create(&engine, world.pod("a", "x")).await;
    let snapshot = engine.snapshot();
    for name in 0..200 {
        create(&engine, world.pod("a", &format!("y{name}"))).await;
    }
    engine.commit(remove(world.pod("a", "x").key(), first)).await.expect("it is there");
    assert_eq!(snapshot.count(world.pods.id), 1);
    assert_eq!(snapshot.revision(), first);
    assert!(snapshot.get(&world.pod("a", "x").key()).is_some());
    assert_eq!(engine.snapshot().count(world.pods.id), 200);
}

async fn lists_are_in_order_of_namespace_and_name(world: &World, engine: impl Engine) {
    // STORE-31: bytewise, and namespaces do not run into each other.
    for (namespace, name) in [("b", "a"), ("a", "b"), ("a-b", "c"), ("a", "a.b"), ("a", "a-b")] {
        create(&engine, world.pod(namespace, name)).await;
    }
    let snapshot = engine.snapshot();
    let places: Vec<_> = snapshot.list(world.pods.id).map(|object| object.place()).collect();
    assert_eq!(places, [("a", "a-b"), ("a", "a.b"), ("a", "b"), ("a-b", "c"), ("b", "a")]);
    let names: Vec<_> = snapshot.list_namespace(world.pods.id, "a").map(|object| object.place().1).collect();
    assert_eq!(names, ["a-b", "a.b", "b"]);
    assert_eq!(snapshot.list_from(world.pods.id, "a", "b").count(), 3);
}

async fn feeds_resume_anywhere_without_gap_or_repeat(world: &World, engine: impl Engine) {
    let start = engine.snapshot().revision();
    let mut live = engine.feed(world.pods.id, Route::Kind, start).expect("nothing is compacted");
    let mut revisions = vec![start];
    for name in ["a", "b", "c"] {
        revisions.push(create(&engine, world.pod("ns", name)).await);
    }
    let gone = engine.commit(remove(world.pod("ns", "b").key(), revisions[2])).await.expect("it is there");
    let all = drain(&mut live);
    let names: Vec<_> = all.iter().map(|(_, name, there)| (name.as_str(), *there)).collect();
    assert_eq!(names, [("a", true), ("b", true), ("c", true), ("b", false)]);
    for (skipped, from) in revisions.into_iter().enumerate() {
        let mut feed = engine.feed(world.pods.id, Route::Kind, from).expect("nothing is compacted");
        assert_eq!(drain(&mut feed), all[skipped..], "INV-ST-08: resumed from {from}");
    }
    assert_eq!(live.caught_up(), Some(gone.revision));
    create(&engine, world.node("n")).await;
    assert!(live.caught_up() > Some(gone.revision), "WATCH-05: other kinds move it too");
}

async fn feeds_see_only_their_route(world: &World, engine: impl Engine) {
    engine.add_index(world.pods.id, Index::node());
    let start = engine.snapshot().revision();
    let on_node = |node: &str| Route::Index("node".into(), IndexValue::Text(node.into()));
    let routes =
        [Route::Namespace("a".into()), Route::Place("a".into(), "x".into()), on_node("n1"), on_node("")];
    let feed =
        |route: &Route| engine.feed(world.pods.id, route.clone(), start).expect("nothing is compacted");
    let mut live: Vec<_> = routes.iter().map(feed).collect();
    let x = create(&engine, world.pod("a", "x")).await;
    create(&engine, world.pod("a", "y")).await;
    create(&engine, world.pod("b", "x")).await;
    let mut bound = world.pod("a", "x");
    let spec = bound.spec_mut::<SharedPodSpec>().expect("a pod");
    spec.set_node_name(Some("n1".into()));
    engine.commit(put(bound, Expect::At(x))).await.expect("it is at that revision");
    let expected: [&[&str]; 4] = [&["x", "y", "x"], &["x", "x"], &["x"], &["x", "y", "x", "x"]];
    for ((live, route), expected) in live.iter_mut().zip(&routes).zip(expected) {
        let names = |feed: &mut Feed| drain(feed).into_iter().map(|(_, name, _)| name).collect::<Vec<_>>();
        assert_eq!(names(live), expected, "{route:?}");
        assert_eq!(names(&mut feed(route)), expected, "{route:?} from the history");
    }
}

async fn revisions_before_the_floor_are_expired(world: &World, engine: impl Engine) {
    let start = engine.snapshot().revision();
    let first = create(&engine, world.pod("a", "x")).await;
    create(&engine, world.pod("a", "y")).await;
    let feed = |from| engine.feed(world.pods.id, Route::Kind, from);
    // INV-ST-09: also what an earlier store may have given.
    for older in [Revision::ZERO, Revision(1), Revision(start.0 - 1)] {
        assert!(matches!(feed(older), Err(Expired { .. })), "{older}");
        assert!(engine.snapshot_at(world.pods.id, older).is_err(), "{older}");
    }
    engine.compact(first);
    assert_eq!(feed(start).err(), Some(Expired { requested: start, floor: first }));
    assert!(engine.snapshot_at(world.pods.id, start).is_err());
    assert_eq!(drain(&mut feed(first).expect("from the floor on all is known")).len(), 1);
}

async fn the_future_is_waited_for(world: &World, engine: impl Engine) {
    let newest = create(&engine, world.pod("a", "x")).await;
    // On an engine that others write to, a revision may have been given that it has not seen.
    let from = Revision(newest.0 + 2);
    let mut future = engine.feed(world.pods.id, Route::Kind, from).expect("the future is waited for");
    assert_eq!(drain(&mut future), []);
    assert_eq!(future.caught_up(), Some(from), "WATCH-05");
    let mut made = Vec::new();
    while made.last().is_none_or(|last| *last <= Revision(from.0 + 2)) {
        made.push(create(&engine, world.pod("a", &format!("y{}", made.len()))).await);
    }
    let told: Vec<_> = drain(&mut future).into_iter().map(|(revision, _, _)| revision).collect();
    made.retain(|revision| *revision > from);
    assert_eq!(told, made, "INV-ST-08: nothing at or before it is told");
}

async fn earlier_snapshots_show_what_was(world: &World, engine: impl Engine) {
    let first = create(&engine, world.pod("a", "x")).await;
    create(&engine, world.pod("a", "y")).await;
    engine.commit(remove(world.pod("a", "x").key(), first)).await.expect("it is there");
    let then = engine.snapshot_at(world.pods.id, first).expect("nothing is compacted");
    let names: Vec<_> = then.list(world.pods.id).map(|object| object.place().1).collect();
    assert_eq!((then.revision(), names), (first, vec!["x"]), "INV-ST-10");
}

async fn a_reader_that_falls_behind_is_ended(world: &World, engine: impl Engine) {
    let start = engine.snapshot().revision();
    let mut slow = engine.feed(world.pods.id, Route::Kind, start).expect("nothing is compacted");
    for batch in 0..=Feed::PENDING_MAX / 1000 {
        let batch =
            (0..1000).map(|name| put(world.pod(&format!("n{batch}"), &format!("p{name}")), Expect::Absent));
        engine.commit_batch(batch.collect()).await;
    }
    // INV-ST-13: what it got is whole, then it is told.
    let mut seen = Vec::new();
    let slow_end = loop {
        match slow.next().await {
            Some(Ok(change)) => seen.push(change.revision),
            end => break end,
        }
    };
    assert_eq!(seen.len(), Feed::PENDING_MAX);
    assert!(seen.is_sorted_by(|a, b| a < b));
    let last = *seen.last().expect("many were sent");
    let mut resumed = engine.feed(world.pods.id, Route::Kind, last).expect("the history has the rest");
    assert_eq!(drain(&mut resumed).len(), 1000);
    assert!(matches!(slow_end, Some(Err(FeedEnd::Behind))));
}

async fn indices_follow_every_change(world: &World, engine: impl Engine) {
    engine.add_index(world.pods.id, Index::label("app"));
    let owner = Uid::new("5dd1f4a8-4b3f-4b0c-9c4e-0f6f4f0f7c11");
    let by_owner = IndexValue::Uid(owner.clone());
    let by_label = IndexValue::Pair("a".into(), "web".into());
    let orphans = IndexValue::Text("a".into());
    let count =
        |value: &IndexValue, index: &str| engine.snapshot().count_by_index(world.pods.id, index, value);
    let first = create(&engine, world.pod("a", "x")).await;
    assert_eq!(
        (count(&by_owner, "owner"), count(&orphans, "orphan"), count(&by_label, "label app")),
        (0, 1, 0)
    );

    let mut owned = world.pod("a", "x");
    owned.meta_mut().labels = TextMap::from_iter([("app", "web")]);
    owned.meta_mut().owner_references = [OwnerReference {
        api_version: "apps/v1".into(),
        kind: "ReplicaSet".into(),
        name: Text::from("rs"),
        uid: owner,
        controller: Some(true),
        block_owner_deletion: None,
    }]
    .into();
    let second = engine.commit(put(owned, Expect::At(first))).await.expect("it is at that revision").revision;
    assert_eq!(
        (count(&by_owner, "owner"), count(&orphans, "orphan"), count(&by_label, "label app")),
        (1, 0, 1)
    );
    let snapshot = engine.snapshot();
    let listed: Vec<_> = snapshot.by_index(world.pods.id, "owner", &by_owner).collect();
    assert_eq!(listed[0].revision(), second, "an index lists the newest version");

    engine.add_index(world.pods.id, Index::node());
    assert_eq!(count(&IndexValue::Text("".into()), "node"), 1, "a new index lists what is there");
    engine.commit(remove(world.pod("a", "x").key(), second)).await.expect("it is there");
    assert_eq!(
        (count(&by_owner, "owner"), count(&orphans, "orphan"), count(&by_label, "label app")),
        (0, 0, 0)
    );
}

async fn a_value_of_a_unique_index_is_one_objects(world: &World, engine: impl Engine) {
    engine.add_index(world.pods.id, Index::label("seat").unique());
    let seated = |name: &str, seat: &str| {
        let mut pod = world.pod("a", name);
        pod.meta_mut().labels = TextMap::from_iter([("seat", seat)]);
        pod
    };
    let first = create(&engine, seated("x", "1")).await;
    let taken = |result: Result<Committed, CommitError>, by: Draft, at: Revision| {
        let expected = CommitError::Mismatch { key: by.key(), expected: Expect::Absent, found: Some(at) };
        assert_eq!(result.err(), Some(expected));
    };
    taken(engine.commit(put(seated("y", "1"), Expect::Absent)).await, seated("x", "1"), first);
    // In one batch, too, and each member for itself.
    let batch = vec![put(seated("y", "2"), Expect::Absent), put(seated("z", "3"), Expect::Absent)];
    let results = engine.commit_batch(batch).await;
    let [Ok(y), Ok(_)] = &results[..] else { panic!("they are free: {results:?}") };
    taken(engine.commit(put(seated("y", "3"), Expect::At(y.revision))).await, seated("z", "3"), {
        results[1].as_ref().expect("it is there").revision
    });
    // What an object has, it keeps, and what it gives back is free.
    let kept = engine.commit(put(seated("x", "1"), Expect::At(first))).await.expect("it is its own");
    let moved = engine.commit(put(seated("x", "4"), Expect::At(kept.revision))).await.expect("it is free");
    create(&engine, seated("v", "1")).await;
    engine.commit(remove(seated("x", "4").key(), moved.revision)).await.expect("it is there");
    create(&engine, seated("w", "4")).await;
    // Of writes at the same time, one.
    let together = ["p", "q", "r", "s"].map(|name| engine.commit(put(seated(name, "9"), Expect::Absent)));
    let results = futures::future::join_all(together).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
    let nine = IndexValue::Pair("a".into(), "9".into());
    assert_eq!(engine.snapshot().count_by_index(world.pods.id, "label seat", &nine), 1);
}
