use serde_json::json;
use setpoint_core::Reason;

use super::bench::{Bench, deployment, map, pod, with};
use crate::request::{DeleteOptions, Outcome};

#[test]
fn a_write_that_changes_nothing_is_none() {
    // STORE-02, ADM-01
    let bench = Bench::new();
    for (kind, name, body) in
        [("configmap", "a", map("a")), ("deployment", "d", deployment("d")), ("pod", "p", pod("p"))]
    {
        let created = bench.create(body.clone());
        let mut watch = bench.watch_all(kind);
        let as_sent = bench.update(body).expect("it is there");
        let as_shown = bench.update(bench.get(kind, name).expect("it is there")).expect("it is there");
        let patched = bench.merge(kind, name, json!({"metadata": {"name": name}})).expect("it is there");
        for written in [as_sent, as_shown, patched] {
            assert_eq!(written.outcome, Outcome::Unchanged, "{kind}");
            assert_eq!(written.object.revision(), created.revision(), "{kind}");
        }
        assert!(watch.told().is_empty());
    }
}

#[test]
fn a_resource_version_must_be_the_newest_and_may_be_left_out() {
    // STORE-04, STORE-05
    let bench = Bench::new();
    let old = bench.create(map("a")).revision().to_string();
    let mut newer = map("a");
    newer["data"]["k"] = json!("w");
    bench.update(newer.clone()).expect("it may be left out");
    newer["data"]["k"] = json!("x");
    let error = bench.update(with(newer.clone(), "resourceVersion", json!(old))).expect_err("it is stale");
    assert!(error.is_conflict());
    assert_eq!(
        error.message(),
        "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your changes \
         to the latest version and try again"
    );
    bench.update(with(newer, "resourceVersion", json!("0"))).expect("0 is none");
}

#[test]
fn some_kinds_need_a_resource_version() {
    // STORE-05
    let bench = Bench::new();
    let lease = |holder: &str| {
        json!({
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "l"},
            "spec": {"holderIdentity": holder},
        })
    };
    let revision = bench.create(lease("a")).revision().to_string();
    let error = bench.update(lease("b")).expect_err("it needs one");
    assert_eq!(error.details().causes[0].field, "metadata.resourceVersion");
    assert_eq!(error.code(), 422);
    bench.update(with(lease("b"), "resourceVersion", json!(revision))).expect("it has one");
}

#[test]
fn a_missing_object_is_created_only_for_some_kinds() {
    // STORE-06
    let bench = Bench::new();
    for body in [deployment("d"), map("a"), pod("p")] {
        assert_eq!(bench.update(body).expect_err("there is none").reason(), Reason::NotFound);
    }
    let event = json!({
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": "e"},
        "involvedObject": {"kind": "Pod", "name": "p", "namespace": "default"},
    });
    assert_eq!(bench.update(event).expect("it is created").outcome, Outcome::Created);
}

#[test]
fn another_incarnation_is_a_conflict() {
    // STORE-07
    let bench = Bench::new();
    let first = bench.create(map("a")).meta().uid.clone().expect("it has one").to_string();
    bench.delete("configmap", "a", DeleteOptions::default()).expect("it is there");
    bench.create(map("a"));
    let error = bench.update(with(map("a"), "uid", json!(first))).expect_err("it is another");
    assert!(error.is_conflict() && error.message().contains("the UID in the precondition"), "{error}");
}

#[test]
fn system_metadata_stays_whatever_an_update_says() {
    // STORE-08, STORE-13, STORE-15
    let bench = Bench::new();
    let created = bench.create(deployment("d"));
    let mut sent = deployment("d");
    for (field, value) in [
        ("creationTimestamp", json!("1999-01-01T00:00:00Z")),
        ("deletionTimestamp", json!("1999-01-01T00:00:00Z")),
        ("deletionGracePeriodSeconds", json!(3)),
        ("generation", json!(77)),
        ("labels", json!({"a": "b"})),
    ] {
        sent = with(sent, field, value);
    }
    let written = bench.update(sent).expect("it is valid").object;
    let (new, old) = (written.meta(), created.meta());
    assert_eq!(new.labels.get("a"), Some("b"));
    assert_eq!(new.creation_timestamp, old.creation_timestamp);
    assert_eq!((new.deletion_timestamp, new.deletion_grace_period_seconds), (None, None));
    assert_eq!((new.generation, &new.uid), (1, &old.uid));
}

#[test]
fn the_generation_follows_the_spec() {
    // STORE-13, STORE-14
    let bench = Bench::new();
    bench.create(deployment("d"));
    let cases = [
        ("the same replicas", json!({"spec": {"replicas": 1}}), 1),
        ("other replicas", json!({"spec": {"replicas": 2}}), 2),
        ("a label", json!({"metadata": {"labels": {"x": "y"}}}), 2),
        ("a finalizer", json!({"metadata": {"finalizers": ["example.com/x"]}}), 2),
        ("an empty list for none", json!({"spec": {"template": {"spec": {"volumes": []}}}}), 2),
        ("an annotation, of a Deployment", json!({"metadata": {"annotations": {"x": "y"}}}), 3),
        ("a status through the wrong door", json!({"status": {"replicas": 7}}), 3),
        ("a request", json!({"metadata": {"generation": 40}}), 3),
    ];
    for (name, body, generation) in cases {
        let written = bench.merge("deployment", "d", body).expect(name);
        assert_eq!(written.object.meta().generation, generation, "{name}");
    }
    // A quantity of the same value is the same, though its spelling is kept.
    let cpu = |text: &str| {
        let container = json!({"name": "c", "image": "app:1", "resources": {"limits": {"cpu": text}}});
        json!({"spec": {"template": {"spec": {"containers": [container]}}}})
    };
    bench.merge("deployment", "d", cpu("1")).expect("it is valid");
    let respelled = bench.merge("deployment", "d", cpu("1000m")).expect("it is valid");
    assert_eq!(respelled.object.meta().generation, 4);
}

#[test]
fn a_terminating_object_gets_no_new_finalizers() {
    // STORE-15, STORE-18
    let bench = Bench::new();
    bench.create(with(map("a"), "finalizers", json!(["example.com/one", "example.com/two"])));
    bench.delete("configmap", "a", DeleteOptions::default()).expect("it is there");
    let set = |finalizers: serde_json::Value| {
        bench.merge("configmap", "a", json!({"metadata": {"finalizers": finalizers}}))
    };
    let error = set(json!(["example.com/one", "example.com/three"])).expect_err("it is refused");
    assert_eq!(error.details().causes[0].field, "metadata.finalizers");
    assert_eq!(error.details().causes[0].reason, "FieldValueForbidden");
    set(json!(["example.com/two", "example.com/one"])).expect("another order is fine");
    set(json!(["example.com/two"])).expect("fewer are fine");
}

#[test]
fn the_last_finalizer_takes_the_object_with_it() {
    // STORE-19, STORE-20: by any update, status included.
    let bench = Bench::new();
    let finalizers = json!(["example.com/x"]);
    bench.create(with(map("a"), "finalizers", finalizers.clone()));
    bench.create(with(deployment("d"), "finalizers", finalizers));
    bench.delete("configmap", "a", DeleteOptions::default()).expect("it is there");
    bench.delete("deployment", "d", DeleteOptions::default()).expect("it is there");
    let mut maps = bench.watch_all("configmap");
    let last = bench.revision();
    let written =
        bench.merge("configmap", "a", json!({"metadata": {"finalizers": null}})).expect("it is there");
    assert_eq!(written.outcome, Outcome::Deleted);
    assert!(written.object.meta().finalizers.is_empty());
    let events = maps.events();
    assert_eq!(events.len(), 1);
    let gone = events[0].object().expect("it is a deletion");
    assert!(gone.meta().finalizers.contains("example.com/x"), "it is told as it was stored");
    assert_eq!(gone.revision(), last.next());

    let mut status = bench.get("deployment", "d").expect("it is there");
    status["metadata"]["finalizers"] = json!([]);
    assert_eq!(bench.update_status(status).expect("it is there").outcome, Outcome::Deleted);
    assert_eq!(bench.get("deployment", "d"), None);
}

#[test]
fn selectors_and_sealed_data_are_fixed() {
    // ADM-07, ADM-11
    let bench = Bench::new();
    bench.create(deployment("d"));
    let labels = json!({"app": "other"});
    let error = bench
        .merge(
            "deployment",
            "d",
            json!({"spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}}}}),
        )
        .expect_err("it is fixed");
    assert_eq!(error.details().causes[0].field, "spec.selector");
    let mut sealed = map("a");
    sealed["immutable"] = json!(true);
    bench.create(sealed);
    let error = bench.merge("configmap", "a", json!({"data": {"k": "w"}})).expect_err("it is sealed");
    assert_eq!(error.details().causes[0].field, "data");
}
