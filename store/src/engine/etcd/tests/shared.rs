//! Several processes on one etcd, and what befalls the way to it.

use std::sync::Arc;
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use k8s_openapi::api::core::v1::{ConfigMap, Event};
use serde_json::json;
use setpoint_core::kind::Subresource;
use setpoint_core::object::{Draft, Key, Obj, Revision};
use setpoint_core::{Reason, Result};

use super::proxy::Proxy;
use super::world::{World, with_etcd};
use crate::engine::{Commit, CommitError, Engine, Etcd, Expect, FeedEnd, Route};
use crate::request::{DeleteOptions, Guard, ReadAt, RequestContext, Write};
use crate::{ObjectStore, Objects, Store};

fn map(name: &str, text: &str) -> ConfigMap {
    serde_json::from_value(json!({"metadata": {"name": name}, "data": {"text": text}})).expect("a ConfigMap")
}

fn maps(store: &Store<Etcd>) -> Objects<ConfigMap> {
    Objects::namespaced(store, "ns").expect("a built-in kind")
}

fn text(map: &Obj<ConfigMap>) -> String {
    map.data.clone().unwrap_or_default().remove("text").unwrap_or_default()
}

fn key_of(store: &Store<Etcd>, name: &str) -> Key {
    maps(store).key(name)
}

/// A change, past all rules.
async fn commit(engine: &Etcd, store: &Store<Etcd>, name: &str) -> Result<Revision, CommitError> {
    let kind = store.registry().of::<ConfigMap>().expect("a built-in kind");
    let mut draft = Draft::from_whole(kind, map(name, "committed")).expect("a ConfigMap");
    draft.meta_mut().namespace = Some("ns".into());
    let commit =
        Commit { key: draft.key(), expect: Expect::Absent, value: Some(draft), compares: Vec::new() };
    engine.commit(commit).await.map(|committed| committed.revision)
}

#[test]
fn what_one_writes_the_other_reads() {
    with_etcd(async |world: &World| {
        let settings = world.settings();
        let (a, b) = (world.store(&settings).await, world.store(&settings).await);
        a.ensure_namespace("ns").await.expect("it is new");
        for round in 0..20 {
            let name = format!("m{round}");
            // Right after the answer of one, the other knows: the namespace, the object, its version.
            let made = maps(&a).create(map(&name, "first")).await.expect("it is new");
            let read = maps(&b).get(&name).await.expect("what was acknowledged is read");
            assert_eq!(made.metadata.resource_version, read.metadata.resource_version);
            let mut changed = ConfigMap::clone(&made);
            changed.data = map(&name, "second").data;
            let changed = maps(&b).replace(changed).await.expect("INV-ST-05: its version is the newest");
            let stale = maps(&a).replace(ConfigMap::clone(&made)).await.map(|map| map.metadata.clone());
            assert!(
                stale.as_ref().is_err_and(|error| error.is_conflict()),
                "{stale:?} after {:?}",
                changed.metadata
            );
            assert_eq!(text(&maps(&a).get(&name).await.expect("it is there")), "second");
            assert!(maps(&a).create(map(&name, "x")).await.is_err_and(|error| error.is_already_exists()));
            drop(changed);
            maps(&a).delete(&name, DeleteOptions::default()).await.expect("it is there");
            assert!(maps(&b).get(&name).await.is_err_and(|error| error.is_not_found()));
            maps(&b).create(map(&name, "again")).await.expect("it is gone");
        }
    });
}

#[test]
fn a_guard_that_another_breaks_refuses_the_write() {
    with_etcd(async |world: &World| {
        let settings = world.settings();
        let (a, b) = (world.store(&settings).await, world.store(&settings).await);
        a.ensure_namespace("ns").await.expect("it is new");
        let epoch = maps(&a).create(map("epoch", "a")).await.expect("it is new").into_object();
        let guards = Arc::from([Guard { key: epoch.key(), revision: epoch.revision() }]);
        let guarded = RequestContext { guards, ..RequestContext::system("a") };
        let led = maps(&a).with_context(guarded);
        led.create(map("before", "a")).await.expect("the guard holds");
        maps(&b).replace(map("epoch", "b")).await.expect("it is there");
        let refused = led.create(map("after", "a")).await.expect_err("the guard is broken");
        assert!(refused.is_fenced(), "{refused}");
        let refused = led.replace(map("before", "late")).await.expect_err("the guard is broken");
        assert!(refused.is_fenced(), "{refused}");
        assert!(maps(&b).get("after").await.is_err_and(|error| error.is_not_found()));
    });
}

#[test]
fn a_restart_shows_what_was_and_knows_no_history() {
    with_etcd(async |world: &World| {
        let settings = world.settings().with_page(3);
        let store = world.store(&settings).await;
        store.ensure_namespace("ns").await.expect("it is new");
        for name in 0..10 {
            maps(&store).create(map(&format!("m{name}"), "x")).await.expect("it is new");
        }
        let before: Vec<String> = maps(&store).list().await.expect("it answers").iter().map(shown).collect();
        let early = Revision(store.engine().snapshot().revision().0 - 2);
        store.engine().close().await;
        assert!(matches!(commit(store.engine(), &store, "late").await, Err(CommitError::Unavailable(_))));
        let again = world.store(&settings).await;
        let after: Vec<String> = maps(&again).list().await.expect("it answers").iter().map(shown).collect();
        assert_eq!(after, before);
        let kind = maps(&again).kind().id;
        assert!(again.engine().feed(kind, Route::Kind, early).is_err(), "INV-ST-09");
    });

    fn shown(map: &Obj<ConfigMap>) -> String {
        format!("{:?} {:?} {}", map.metadata.name, map.metadata.resource_version, text(map))
    }
}

#[test]
fn what_others_write_is_shown_or_told() {
    with_etcd(async |world: &World| {
        let settings = world.settings();
        let store = world.store(&settings).await;
        store.ensure_namespace("ns").await.expect("it is new");
        let mut kv = world.client.kv_client();
        let path = |name: &str| format!("{}configmaps/ns/{name}", settings.prefix);
        let value = json!({"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "good", "namespace": "ns"}, "data": {"text": "theirs"}});
        kv.put(path("good"), value.to_string(), None).await.expect("etcd takes anything");
        assert_eq!(text(&maps(&store).get("good").await.expect("it is shown")), "theirs");
        for (name, value) in
            [("binary", b"k8s\0\x0a".to_vec()), ("broken", b"{".to_vec()), ("good", vec![0xff])]
        {
            kv.put(path(name), value, None).await.expect("etcd takes anything");
        }
        kv.put(format!("{}nothing/of/ours", settings.prefix), "?", None).await.expect("etcd takes anything");
        store.engine().catch_up().await.expect("it answers");
        let health = store.engine().health();
        let told: Vec<String> = health.undecodable.iter().map(|value| value.key.clone()).collect();
        assert_eq!(told, ["binary", "broken", "good"].map(path));
        assert_eq!(health.unknown, 1);
        assert!(
            maps(&store).get("good").await.is_err_and(|error| error.is_not_found()),
            "it cannot be shown"
        );
        // What is there is in the way of a new object, and nothing is lost.
        let taken = maps(&store).create(map("broken", "mine")).await;
        assert!(taken.is_err_and(|error| error.is_already_exists()));
        kv.delete(path("broken"), None).await.expect("it is there");
        maps(&store).create(map("broken", "mine")).await.expect("now it is free");
        assert_eq!(store.engine().health().undecodable.len(), 2);
        // And so it is for the next to open it.
        let again = world.store(&settings).await;
        assert_eq!(again.engine().health().undecodable.len(), 2);
        kv.delete(path("good"), None).await.expect("it is there");
        kv.delete(path("binary"), None).await.expect("it is there");
        again.engine().catch_up().await.expect("it answers");
        assert_eq!(again.engine().health().undecodable, []);
    });
}

#[test]
fn objects_of_a_kind_that_is_registered_later_take_their_places() {
    #[derive(
        kube::CustomResource,
        Debug,
        Clone,
        PartialEq,
        serde::Deserialize,
        serde::Serialize,
        schemars::JsonSchema,
    )]
    #[kube(group = "example.com", version = "v1", kind = "Widget", namespaced)]
    struct WidgetSpec {
        size: i32,
    }

    with_etcd(async |world: &World| {
        let settings = world.settings();
        let store = world.store(&settings).await;
        store.ensure_namespace("ns").await.expect("it is new");
        let value = json!({"apiVersion": "example.com/v1", "kind": "Widget",
            "metadata": {"name": "w", "namespace": "ns"}, "spec": {"size": 3}});
        let path = format!("{}example.com/widgets/ns/w", settings.prefix);
        world.client.kv_client().put(path, value.to_string(), None).await.expect("etcd takes anything");
        store.engine().catch_up().await.expect("it answers");
        assert_eq!(store.engine().health().unknown, 1);
        store.registry().register::<Widget>().expect("it is new");
        let widgets = Objects::<Widget>::namespaced(&store, "ns").expect("it is registered");
        assert_eq!(widgets.get("w").await.expect("it is shown").spec.size, 3);
        assert_eq!(store.engine().health().unknown, 0);
    });
}

#[test]
fn an_object_that_is_too_large_is_refused() {
    with_etcd(async |world: &World| {
        let store = world.store(&world.settings()).await;
        store.ensure_namespace("ns").await.expect("it is new");
        let kind = store.registry().of::<ConfigMap>().expect("a built-in kind");
        let long = "x".repeat(super::super::VALUE_BYTES_MAX);
        let mut draft = Draft::from_whole(kind, map("large", &long)).expect("a ConfigMap");
        draft.meta_mut().namespace = Some("ns".into());
        let commit =
            Commit { key: draft.key(), expect: Expect::Absent, value: Some(draft), compares: Vec::new() };
        let refused = store.engine().commit(commit).await.expect_err("etcd takes less");
        assert!(matches!(refused, CommitError::TooLarge { .. }), "{refused}");
    });
}

#[test]
fn events_go_by_themselves() {
    with_etcd(async |world: &World| {
        let settings = world.settings().with_event_ttl(Some(Duration::from_secs(1)));
        let store = world.store(&settings).await;
        store.ensure_namespace("ns").await.expect("it is new");
        let events = Objects::<Event>::namespaced(&store, "ns").expect("a built-in kind");
        for name in ["a", "b"] {
            let event = json!({"metadata": {"name": name}, "involvedObject": {"namespace": "ns"},
                "reason": "Test", "type": "Normal", "firstTimestamp": "2026-01-01T00:00:00Z",
                "reportingComponent": "test", "source": {"component": "test"}});
            events.create(serde_json::from_value(event).expect("an Event")).await.expect("it is valid");
        }
        assert_eq!(events.list().await.expect("it answers").len(), 2);
        let leases = world.client.lease_client().leases().await.expect("it answers");
        assert_eq!(leases.leases().len(), 1, "they share a lease");
        world.until(|| async { events.list().await.is_ok_and(|events| events.is_empty()) }).await;
    });
}

/// The changes of ConfigMaps that a feed has ready, by name.
fn drain(feed: &mut crate::engine::Feed) -> Vec<String> {
    let mut names = Vec::new();
    while let Some(Some(Ok(change))) = feed.next().now_or_never() {
        names.push(change.object().meta().name.to_string());
    }
    names
}

#[test]
fn a_lost_connection_loses_nothing() {
    with_etcd(async |world: &World| {
        let settings = world.settings();
        let far = world.store(&settings).await;
        far.ensure_namespace("ns").await.expect("it is new");
        let mut proxy = Proxy::open(&world.env, &world.endpoint()).await;
        let mut through = settings.clone().with_request_timeout(Duration::from_secs(2));
        through.endpoints = vec![proxy.endpoint()];
        let near = world.store(&through).await;
        let kind = maps(&near).kind().id;
        let mut feed =
            near.engine().feed(kind, Route::Kind, near.engine().snapshot().revision()).expect("the newest");
        maps(&far).create(map("m0", "x")).await.expect("it is new");
        near.engine().catch_up().await.expect("it answers");
        for round in 1..4 {
            proxy.cut();
            let refused = commit(near.engine(), &near, "nowhere").await.expect_err("nobody answers");
            assert!(matches!(refused, CommitError::Unavailable(_) | CommitError::Unknown(_)), "{refused}");
            let unread =
                near.get(&RequestContext::system("test"), &key_of(&near, "m0"), ReadAt::Newest).await;
            assert!(unread.is_err_and(|error| error.is_retryable()), "nobody can tell what is the newest");
            let old = near.get(&RequestContext::system("test"), &key_of(&near, "m0"), ReadAt::Any).await;
            assert!(old.is_ok(), "what was seen is read");
            maps(&far).create(map(&format!("m{round}"), "x")).await.expect("it is new");
            proxy.mend().await;
            world.until(|| async { near.engine().catch_up().await.is_ok() }).await;
        }
        assert_eq!(drain(&mut feed), ["m0", "m1", "m2", "m3"], "INV-ST-08");
        assert!(near.engine().health().is_connected);
    });
}

#[test]
fn a_connection_that_cannot_be_made_is_unavailable_and_not_unknown() {
    with_etcd(async |world: &World| {
        let mut proxy = Proxy::open(&world.env, &world.endpoint()).await;
        let mut through = world.settings().with_request_timeout(Duration::from_secs(1));
        through.endpoints = vec![proxy.endpoint()];
        let near = world.store(&through).await;
        proxy.cut();
        // The first may have been on its way.
        let _first = commit(near.engine(), &near, "first").await;
        for _ in 0..3 {
            let refused = commit(near.engine(), &near, "nowhere").await.expect_err("nobody answers");
            assert!(matches!(refused, CommitError::Unavailable(_)), "{refused}");
        }
        let error = maps(&near).create(map("nowhere", "x")).await.expect_err("nobody answers");
        assert_eq!(error.reason(), Reason::ServiceUnavailable, "{error}");
        assert!(!error.is_outcome_unknown());
    });
}

/// Sends a signal to the only member of etcd.
fn signal(world: &World, signal: &str) {
    let process = world.etcd.process_id(0).expect("it runs").to_string();
    let sent =
        std::process::Command::new("kill").args([signal, &process]).status().expect("a signal is sent");
    assert!(sent.success());
}

/// INV-ST-05: what was sent and not answered may have been done.
#[test]
fn a_write_that_is_not_answered_is_unknown() {
    with_etcd(async |world: &World| {
        let settings = world.settings().with_request_timeout(Duration::from_secs(1));
        let store = world.store(&settings).await;
        store.ensure_namespace("ns").await.expect("it is new");
        signal(world, "-STOP");
        let refused = commit(store.engine(), &store, "perhaps").await.expect_err("nobody answers");
        assert!(matches!(refused, CommitError::Unknown(_)), "{refused}");
        let error = maps(&store).create(map("perhaps-too", "x")).await.expect_err("nobody answers");
        assert!(error.is_outcome_unknown(), "{error}");
        signal(world, "-CONT");
        world.until(|| async { store.engine().catch_up().await.is_ok() }).await;
        for name in ["perhaps", "perhaps-too"] {
            let again = maps(&store).create(map(name, "again")).await;
            assert!(again.is_ok() || again.is_err_and(|error| error.is_already_exists()));
            maps(&store).get(name).await.expect("now it is there for certain");
        }
    });
}

/// INV-ST-04: what follows in its batch cannot be there without it.
#[test]
fn a_batch_ends_where_nobody_can_tell() {
    with_etcd(async |world: &World| {
        let settings = world.settings().with_request_timeout(Duration::from_secs(1));
        let store = world.store(&settings).await;
        store.ensure_namespace("ns").await.expect("it is new");
        let kind = store.registry().of::<ConfigMap>().expect("a built-in kind");
        let names = ["a", "b", "c"];
        let batch = names.map(|name| {
            let mut draft = Draft::from_whole(Arc::clone(&kind), map(name, "x")).expect("a ConfigMap");
            draft.meta_mut().namespace = Some("ns".into());
            Commit { key: draft.key(), expect: Expect::Absent, value: Some(draft), compares: Vec::new() }
        });
        signal(world, "-STOP");
        let results = store.engine().commit_batch(batch.into()).await;
        signal(world, "-CONT");
        assert!(matches!(&results[0], Err(CommitError::Unknown(_))), "{results:?}");
        for later in &results[1..] {
            assert!(matches!(later, Err(CommitError::Unavailable(_))), "{results:?}");
        }
        world.until(|| async { store.engine().catch_up().await.is_ok() }).await;
        for name in ["b", "c"] {
            assert!(maps(&store).get(name).await.is_err_and(|error| error.is_not_found()), "{name}");
        }
    });
}

#[test]
fn what_etcd_has_forgotten_is_read_anew_and_told() {
    with_etcd(async |world: &World| {
        let settings = world.settings();
        let far = world.store(&settings).await;
        far.ensure_namespace("ns").await.expect("it is new");
        for name in ["stays", "changes", "goes", "comes-anew"] {
            maps(&far).create(map(name, "before")).await.expect("it is new");
        }
        let mut proxy = Proxy::open(&world.env, &world.endpoint()).await;
        let mut through = settings.clone().with_request_timeout(Duration::from_secs(2));
        through.endpoints = vec![proxy.endpoint()];
        let near = world.store(&through).await;
        let kind = maps(&near).kind().id;
        let seen = near.engine().snapshot().revision();
        let mut feed = near.engine().feed(kind, Route::Kind, seen).expect("the newest");
        proxy.cut();
        for name in ["goes", "comes-anew"] {
            maps(&far).delete(name, DeleteOptions::default()).await.expect("it is there");
        }
        maps(&far).replace(map("changes", "after")).await.expect("it is there");
        maps(&far).create(map("comes-anew", "after")).await.expect("it is gone");
        maps(&far).create(map("comes", "after")).await.expect("it is new");
        let now = i64::try_from(far.engine().snapshot().revision().0).expect("a small number");
        world.client.kv_client().compact(now, None).await.expect("it is a revision");
        proxy.mend().await;
        world.until(|| async { near.engine().catch_up().await.is_ok() }).await;
        let show = async |store: &Store<Etcd>| {
            let list = maps(store).list().await.expect("it answers");
            list.iter()
                .map(|map| (map.metadata.name.clone(), map.metadata.uid.clone(), text(map)))
                .collect::<Vec<_>>()
        };
        assert_eq!(show(&near).await, show(&far).await);
        assert!(matches!(feed.next().await, Some(Err(FeedEnd::Closed))), "it cannot go on without a gap");
        let expired = near.engine().feed(kind, Route::Kind, seen);
        assert!(expired.is_err(), "INV-ST-09: a gap is never skipped in silence");
        // And life goes on.
        let mut feed =
            near.engine().feed(kind, Route::Kind, near.engine().snapshot().revision()).expect("the newest");
        maps(&near).create(map("later", "x")).await.expect("it is new");
        assert_eq!(drain(&mut feed), ["later"]);
    });
}

#[test]
fn a_floor_is_kept_by_all_and_compaction_is_done_now_and_then() {
    with_etcd(async |world: &World| {
        let settings = world.settings().with_compaction(Some(Duration::from_millis(200)));
        let store = world.store(&settings).await;
        store.ensure_namespace("ns").await.expect("it is new");
        let first = maps(&store).create(map("a", "x")).await.expect("it is new").into_object().revision();
        maps(&store).create(map("b", "x")).await.expect("it is new");
        let at = i64::try_from(first.0).expect("a small number");
        let options = || Some(etcd_client::GetOptions::new().with_revision(at - 1));
        world.until(|| async { world.client.kv_client().get("none", options()).await.is_err() }).await;
    });
}

/// Two writers at once, each in its own process's place: no update is lost.
#[test]
fn no_update_is_lost_between_two() {
    with_etcd(async |world: &World| {
        let settings = world.settings();
        let (a, b) = (world.store(&settings).await, world.store(&settings).await);
        a.ensure_namespace("ns").await.expect("it is new");
        maps(&a).create(map("counter", "0")).await.expect("it is new");
        let count = async |store: &Store<Etcd>| {
            let mut done = 0;
            while done < 50 {
                let now = maps(store).get("counter").await.expect("it is there");
                let number: u32 = text(&now).parse().expect("a number");
                let mut next = ConfigMap::clone(&now);
                next.data = map("counter", &(number + 1).to_string()).data;
                match maps(store).replace(next).await {
                    Ok(_) => done += 1,
                    Err(error) => assert!(error.is_conflict(), "{error}"),
                }
            }
        };
        futures::join!(count(&a), count(&b));
        assert_eq!(text(&maps(&b).get("counter").await.expect("it is there")), "100");
        let context = RequestContext::system("test");
        let draft = Draft::of(&maps(&a).get("counter").await.expect("it is there").into_object());
        let same = a.write(&context, Write::Update(draft, Subresource::Main)).await.expect("it is as it was");
        assert_eq!(same.outcome, crate::request::Outcome::Unchanged);
    });
}
