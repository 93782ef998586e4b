use serde_json::json;
use setpoint_core::object::Revision;

use super::bench::{Bench, NAMESPACE, labelled, map, pod};
use crate::engine::Engine;
use crate::request::{DeleteOptions, WatchEvent, WatchFrom};

fn relabel(bench: &Bench, name: &str, app: &str) {
    bench.merge("configmap", name, json!({"metadata": {"labels": {"app": app}}})).expect("it is there");
}

#[test]
fn a_watch_tells_each_change_after_its_revision_once_and_in_order() {
    // WATCH-01
    let bench = Bench::new();
    bench.create(map("before"));
    let from = bench.revision();
    bench.create(map("a"));
    bench.create(pod("other"));
    relabel(&bench, "a", "x");
    let mut watch = bench.watch(bench.all("configmap"), WatchFrom::After(from));
    bench.delete("configmap", "a", DeleteOptions::default()).expect("it is there");
    let events = watch.events();
    let revisions: Vec<_> = events.iter().map(WatchEvent::revision).collect();
    assert!(revisions.is_sorted_by(|one, next| one < next));
    let mut again = bench.watch(bench.all("configmap"), WatchFrom::After(from));
    assert_eq!(again.told(), ["ADDED a", "MODIFIED a", "DELETED a"]);
    for (at, revision) in revisions.iter().enumerate() {
        let mut resumed = bench.watch(bench.all("configmap"), WatchFrom::After(*revision));
        assert_eq!(resumed.told().len(), 2 - at);
    }
}

#[test]
fn a_watch_without_a_revision_begins_with_what_is_there() {
    // WATCH-02
    let bench = Bench::new();
    bench.create(map("b"));
    bench.create(map("a"));
    let mut watch = bench.watch(bench.all("configmap"), WatchFrom::State);
    assert_eq!(watch.told(), ["ADDED a", "ADDED b"]);
    bench.create(map("c"));
    assert_eq!(watch.told(), ["ADDED c"]);
}

#[test]
fn what_enters_or_leaves_the_selection_is_added_or_deleted() {
    // WATCH-03, WATCH-04
    let bench = Bench::new();
    bench.create(labelled("a", json!({"app": "x"})));
    let mut watch = bench.watch(bench.selected("configmap", "app=x", ""), WatchFrom::Now);
    relabel(&bench, "a", "y");
    let left = bench.revision();
    let events = watch.events();
    let [WatchEvent::Deleted(gone)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(gone.meta().labels.get("app"), Some("x"), "as it was");
    assert_eq!(gone.revision(), left, "under the revision of the change");
    relabel(&bench, "a", "z");
    relabel(&bench, "a", "x");
    bench.merge("configmap", "a", json!({"data": {"k": "w"}})).expect("it is there");
    bench.delete("configmap", "a", DeleteOptions::default()).expect("it is there");
    assert_eq!(watch.told(), ["ADDED a", "MODIFIED a", "DELETED a"]);
}

#[test]
fn fields_select_changes_too() {
    // WATCH-03
    let bench = Bench::new();
    bench.create(pod("p"));
    let mut bound = bench.watch(bench.selected("pod", "", "spec.nodeName=n"), WatchFrom::Now);
    let mut unbound = bench.watch(bench.selected("pod", "", "spec.nodeName="), WatchFrom::Now);
    let mut named = bench.watch(bench.selected("pod", "", "metadata.name=p"), WatchFrom::Now);
    let binding = crate::request::Binding {
        pod: bench.key("pod", "p"),
        node: "n".into(),
        preconditions: Default::default(),
        labels: Default::default(),
        annotations: Default::default(),
    };
    bench.write(crate::request::Write::Bind(binding)).expect("it is free");
    bench.create(pod("q"));
    assert_eq!(bound.told(), ["ADDED p"]);
    assert_eq!(unbound.told(), ["DELETED p", "ADDED q"]);
    assert_eq!(named.told(), ["MODIFIED p"]);
}

#[test]
fn a_watch_sees_only_its_namespace() {
    let bench = Bench::new();
    bench.run(bench.store.ensure_namespace("other")).expect("it is new");
    let mut selection = bench.all("configmap");
    selection.namespace = Some(NAMESPACE.into());
    let mut watch = bench.watch(selection, WatchFrom::Now);
    bench.create(super::bench::with(map("a"), "namespace", json!("other")));
    bench.create(map("b"));
    assert_eq!(watch.told(), ["ADDED b"]);
}

#[test]
fn bookmarks_tell_how_far_a_quiet_watch_has_come() {
    // WATCH-05
    let bench = Bench::new();
    let mut watch = bench.watch(bench.selected("configmap", "app=x", ""), WatchFrom::Now);
    bench.create(map("a"));
    bench.create(pod("p"));
    let event = bench.run(async {
        let event = watch.next().await.expect("it goes on").expect("it goes on");
        (event, bench.env.now().since_start().as_secs())
    });
    assert!(matches!(event.0, WatchEvent::Bookmark { initial_events_end: false, .. }), "{event:?}");
    assert_eq!((event.0.revision(), event.1), (bench.revision(), 60));
}

#[test]
fn a_streaming_list_is_marked_at_its_end() {
    // WATCH-06
    let bench = Bench::new();
    let initial = WatchFrom::InitialEvents(Revision::ZERO);
    let mut empty = bench.watch(bench.all("configmap"), initial);
    assert_eq!(empty.told(), ["BOOKMARK end"]);
    bench.create(map("a"));
    let mut watch = bench.watch(bench.all("configmap"), WatchFrom::InitialEvents(bench.revision()));
    bench.create(map("b"));
    assert_eq!(watch.told(), ["ADDED a", "BOOKMARK end", "ADDED b"]);
    let future = WatchFrom::InitialEvents(Revision(bench.revision().0 + 1000));
    let error = bench.try_watch(bench.all("configmap"), future).err().expect("it does not come");
    assert!(error.has_cause("ResourceVersionTooLarge"));
}

#[test]
fn a_revision_that_is_forgotten_has_expired() {
    // WATCH-08, WATCH-10
    let bench = Bench::with_history(8);
    let from = bench.revision();
    for at in 0..20 {
        bench.create(map(&format!("m{at}")));
    }
    let watch = |from| bench.try_watch(bench.all("configmap"), WatchFrom::After(from));
    let error = watch(from).err().expect("it is forgotten");
    assert!(error.is_expired());
    assert_eq!(error.code(), 410);
    assert!(watch(Revision(1)).is_err_and(|error| error.is_expired()), "one of an earlier store");
    assert_eq!(watch(Revision(bench.revision().0 - 4)).expect("it is kept").told().len(), 4);
}

#[test]
fn a_slow_reader_misses_nothing_and_holds_nobody_up() {
    // WATCH-11; where a reader is ended is part of the engines' contract.
    let bench = Bench::new();
    bench.create(map("a"));
    let from = bench.revision();
    let mut slow = bench.watch(bench.all("configmap"), WatchFrom::Now);
    let mut quick = bench.watch(bench.all("configmap"), WatchFrom::Now);
    let mut seen_by_quick = 0;
    for at in 0..3000 {
        bench.merge("configmap", "a", json!({"data": {"k": at.to_string()}})).expect("it is there");
        seen_by_quick += quick.told().len();
    }
    assert_eq!(seen_by_quick, 3000);
    let (told, last) = bench.run(async {
        let mut revisions = Vec::new();
        while let Ok(Some(event)) = bench.env.timeout(std::time::Duration::from_secs(1), slow.next()).await {
            revisions.push(event.expect("there is no error").revision());
        }
        (revisions.len(), revisions.last().copied())
    });
    let mut resumed = bench.watch(bench.all("configmap"), WatchFrom::After(last.unwrap_or(from)));
    assert_eq!(told + resumed.told().len(), 3000);
}

#[test]
fn watches_end_cleanly_with_the_store() {
    // WATCH-17
    let bench = Bench::new();
    let mut watch = bench.watch(bench.all("configmap"), WatchFrom::Now);
    bench.store.engine().close_feeds();
    assert!(bench.run(watch.next()).is_none());
    let _snapshot = bench.store.engine().snapshot();
}
