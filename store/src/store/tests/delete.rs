use serde_json::{Value, json};
use setpoint_core::object::{Revision, TextMap, Uid};

use super::bench::{Bench, deployment, labelled, map, pod, with};
use crate::ObjectStore;
use crate::request::{Binding, DeleteOptions, Outcome, Preconditions, Propagation, WatchEvent, Write};

fn options() -> DeleteOptions {
    DeleteOptions::default()
}

fn grace(seconds: i64) -> DeleteOptions {
    DeleteOptions { grace_period_seconds: Some(seconds), ..options() }
}

#[test]
fn what_nothing_holds_goes_in_one_step() {
    // STORE-17, STORE-20
    let bench = Bench::new();
    bench.create(map("a"));
    let mut watch = bench.watch_all("configmap");
    let last = bench.revision();
    let written = bench.delete("configmap", "a", options()).expect("it is there");
    assert_eq!(written.outcome, Outcome::Deleted);
    let events = watch.events();
    let [WatchEvent::Deleted(gone)] = &events[..] else { panic!("{events:?}") };
    assert_eq!((gone.revision(), bench.revision()), (last.next(), last.next()));
    assert!(bench.delete("configmap", "a", options()).expect_err("it is gone").is_not_found());
}

#[test]
fn finalizers_hold_an_object_that_is_marked_once() {
    // STORE-18
    let bench = Bench::new();
    bench.create(with(deployment("d"), "finalizers", json!(["example.com/x"])));
    let mut watch = bench.watch_all("deployment");
    let marked = bench.delete("deployment", "d", options()).expect("it is there");
    let meta = marked.object.meta();
    assert_eq!(marked.outcome, Outcome::Terminating);
    assert_eq!(meta.deletion_timestamp.map(|time| time.as_second()), Some(bench.env.wall().as_second()));
    assert_eq!((meta.deletion_grace_period_seconds, meta.generation), (Some(0), 2));
    bench.pass(5);
    let again = bench.delete("deployment", "d", options()).expect("it is there");
    assert_eq!((again.outcome, again.object.revision()), (Outcome::Unchanged, marked.object.revision()));
    assert_eq!(watch.told(), ["MODIFIED d"]);
}

#[test]
fn preconditions_are_kept() {
    // STORE-21
    let bench = Bench::new();
    let created = bench.create(map("a"));
    let uid = created.meta().uid.clone();
    let of = |uid: Option<Uid>, revision: Option<Revision>| DeleteOptions {
        preconditions: Preconditions { uid, revision },
        ..options()
    };
    let other = Some(Uid::new("00000000-0000-0000-0000-000000000000"));
    for wrong in [of(other, None), of(uid.clone(), Some(created.revision().next()))] {
        assert!(bench.delete("configmap", "a", wrong).expect_err("it is another").is_conflict());
    }
    bench.delete("configmap", "a", of(uid, Some(created.revision()))).expect("it is this one");
}

/// A pod on a node, or not, in a phase.
fn placed(bench: &Bench, name: &str, node: Option<&str>, phase: &str) {
    bench.create(pod(name));
    if let Some(node) = node {
        let binding = Binding {
            pod: bench.key("pod", name),
            node: node.into(),
            preconditions: Preconditions::default(),
            labels: TextMap::default(),
            annotations: TextMap::default(),
        };
        bench.write(Write::Bind(binding)).expect("it is free");
    }
    let status = json!({"kind": "Pod", "status": {"phase": phase}});
    let mut whole = bench.get("pod", name).expect("it is there");
    whole["status"]["phase"] = status["status"]["phase"].clone();
    bench.update_status(whole).expect("it is valid");
}

#[test]
fn a_pod_gets_its_grace_period_only_while_it_runs_somewhere() {
    // STORE-22
    let cases = [
        ("no node", None, "Pending", None, None),
        ("its own period", Some("n"), "Running", None, Some(30)),
        ("a period asked for", Some("n"), "Running", Some(5), Some(5)),
        ("less than nothing", Some("n"), "Running", Some(-3), Some(1)),
        ("none", Some("n"), "Running", Some(0), None),
        ("ended well", Some("n"), "Succeeded", None, None),
        ("ended badly", Some("n"), "Failed", Some(60), None),
    ];
    for (name, node, phase, asked, period) in cases {
        let bench = Bench::new();
        placed(&bench, "p", node, phase);
        let before = bench.env.wall().as_second();
        let asked = DeleteOptions { grace_period_seconds: asked, ..options() };
        let written = bench.delete("pod", "p", asked).expect(name);
        assert_eq!(bench.get("pod", "p").is_some(), period.is_some(), "{name}");
        let meta = written.object.meta();
        assert_eq!(meta.deletion_grace_period_seconds, period.or(Some(0)), "{name}");
        let ends = meta.deletion_timestamp.map(|time| time.as_second() - before);
        assert_eq!(ends, period.or(Some(0)), "{name}");
        assert_eq!(meta.generation, 2, "{name}");
    }
}

#[test]
fn a_grace_period_can_only_become_shorter() {
    // STORE-23
    let bench = Bench::new();
    placed(&bench, "p", Some("n"), "Running");
    let mut watch = bench.watch_all("pod");
    let period = |written: &crate::request::Written| written.object.meta().deletion_grace_period_seconds;
    let first = bench.delete("pod", "p", grace(30)).expect("it is there");
    let begun = first.object.meta().deletion_timestamp.expect("it is marked").as_second() - 30;
    bench.pass(2);
    let shorter = bench.delete("pod", "p", grace(10)).expect("it is there");
    assert_eq!(period(&shorter), Some(10));
    let ends = shorter.object.meta().deletion_timestamp.map(|time| time.as_second() - begun);
    assert_eq!(ends, Some(10), "it is measured from the beginning");
    for longer in [grace(60), grace(10), options()] {
        let same = bench.delete("pod", "p", longer).expect("it is there");
        assert_eq!((same.outcome, period(&same)), (Outcome::Unchanged, Some(10)));
    }
    bench.pass(20);
    let past = bench.delete("pod", "p", grace(5)).expect("it is there");
    let ends = past.object.meta().deletion_timestamp.map(|time| time.as_second());
    assert_eq!(ends, Some(bench.env.wall().as_second()), "never before now");
    let done = bench.delete("pod", "p", grace(0)).expect("it is there");
    assert_eq!(done.outcome, Outcome::Deleted);
    assert_eq!(watch.told(), ["MODIFIED p", "MODIFIED p", "MODIFIED p", "MODIFIED p", "DELETED p"]);
}

#[test]
fn finalizers_hold_a_pod_beyond_its_grace_period() {
    // STORE-18, STORE-22
    let bench = Bench::new();
    bench.create(with(pod("p"), "finalizers", json!(["example.com/x"])));
    let marked = bench.delete("pod", "p", options()).expect("it is there");
    assert_eq!(marked.outcome, Outcome::Terminating);
    let gone = bench.merge("pod", "p", json!({"metadata": {"finalizers": []}})).expect("it is there");
    assert_eq!(gone.outcome, Outcome::Deleted);
}

#[test]
fn the_policy_decides_the_finalizers() {
    // STORE-24, STORE-25, GC-06, GC-07
    const ORPHAN: &str = "orphan";
    const FOREGROUND: &str = "foregroundDeletion";
    let cases = [
        ("default", None, None, None),
        ("orphan", None, Some(Propagation::Orphan), Some(ORPHAN)),
        ("foreground", None, Some(Propagation::Foreground), Some(FOREGROUND)),
        ("background", None, Some(Propagation::Background), None),
        ("what the object has", Some(ORPHAN), None, Some(ORPHAN)),
        ("what is asked for wins", Some(ORPHAN), Some(Propagation::Foreground), Some(FOREGROUND)),
        ("background takes it off", Some(FOREGROUND), Some(Propagation::Background), None),
    ];
    for (name, before, policy, after) in cases {
        let bench = Bench::new();
        let before: Vec<&str> = before.into_iter().collect();
        bench.create(with(deployment("d"), "finalizers", json!(before)));
        bench.delete("deployment", "d", DeleteOptions { propagation: policy, ..options() }).expect(name);
        let finalizers = bench.get("deployment", "d").map(|object| object["metadata"]["finalizers"].clone());
        assert_eq!(finalizers, after.map(|finalizer| json!([finalizer])), "{name}");
    }
}

#[test]
fn a_second_deletion_changes_no_finalizers() {
    // STORE-24
    let bench = Bench::new();
    bench.create(deployment("d"));
    let with = |propagation| DeleteOptions { propagation: Some(propagation), ..options() };
    bench.delete("deployment", "d", with(Propagation::Foreground)).expect("it is there");
    let again = bench.delete("deployment", "d", with(Propagation::Orphan)).expect("it is there");
    assert_eq!(again.outcome, Outcome::Unchanged);
    let finalizers = |object: Option<Value>| object.expect("it is there")["metadata"]["finalizers"].clone();
    assert_eq!(finalizers(bench.get("deployment", "d")), json!(["foregroundDeletion"]));
}

#[test]
fn events_take_no_part_in_collection() {
    // STORE-25
    let bench = Bench::new();
    bench.create(json!({
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": "e"},
        "involvedObject": {"kind": "Pod", "name": "p", "namespace": "default"},
    }));
    let foreground = DeleteOptions { propagation: Some(Propagation::Foreground), ..options() };
    assert_eq!(bench.delete("event", "e", foreground).expect("it is there").outcome, Outcome::Deleted);
}

#[test]
fn a_collection_is_deleted_as_far_as_it_is_selected() {
    // STORE-28
    let bench = Bench::new();
    for (name, app) in [("a", "x"), ("b", "y"), ("c", "x")] {
        bench.create(labelled(name, json!({"app": app})));
    }
    let selection = bench.selected("configmap", "app=x", "");
    let deleted = bench.run(bench.store.delete_collection(&bench.context, &selection, &options()));
    let names: Vec<_> = deleted.expect("all can go").iter().map(|it| it.meta().name.to_string()).collect();
    assert_eq!(names, ["a", "c"]);
    assert!(bench.get("configmap", "b").is_some());
}

#[test]
fn a_namespace_goes_when_both_lists_of_finalizers_are_empty() {
    // NS-01, NS-02
    let bench = Bench::new();
    bench.create(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}}));
    let marked = bench.delete("namespace", "n", options()).expect("it is there");
    assert_eq!(marked.outcome, Outcome::Terminating);
    assert_eq!(marked.object.to_value()["status"]["phase"], "Terminating");
    assert_eq!(bench.delete("namespace", "n", options()).expect("it is there").outcome, Outcome::Unchanged);
    let mut body = bench.get("namespace", "n").expect("it is there");
    body["spec"] = json!({});
    let by_the_front = bench.update(body.clone()).expect("it is valid");
    assert_eq!(by_the_front.outcome, Outcome::Unchanged);
    let write = Write::Update(bench.draft(body), setpoint_core::kind::Subresource::Finalize);
    assert_eq!(bench.write(write).expect("it is valid").outcome, Outcome::Deleted);
}
