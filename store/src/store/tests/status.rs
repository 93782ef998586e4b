use serde_json::json;
use setpoint_core::kind::Subresource;
use setpoint_core::object::TextMap;
use setpoint_core::patch::PatchType;

use super::bench::{Bench, deployment, pod, with};
use crate::request::{Binding, DeleteOptions, Preconditions, Write};

#[test]
fn each_door_leaves_the_other_side_alone() {
    // SUB-01, SUB-02, STORE-13
    let bench = Bench::new();
    bench.create(deployment("d"));
    let mut both = bench.get("deployment", "d").expect("it is there");
    both["spec"]["replicas"] = json!(5);
    both["status"] = json!({"replicas": 3});
    let status = bench.update_status(both.clone()).expect("it is valid").object.to_value();
    assert_eq!((&status["spec"]["replicas"], &status["status"]["replicas"]), (&json!(1), &json!(3)));
    assert_eq!(status["metadata"]["generation"], 1);
    both["status"] = json!({"replicas": 9});
    both["metadata"]["resourceVersion"] = status["metadata"]["resourceVersion"].clone();
    let main = bench.update(both).expect("it is valid").object.to_value();
    assert_eq!((&main["spec"]["replicas"], &main["status"]["replicas"]), (&json!(5), &json!(3)));
    assert_eq!(main["metadata"]["generation"], 2);
}

#[test]
fn a_status_keeps_what_its_kind_says_of_metadata() {
    // SUB-02
    let bench = Bench::new();
    bench.create(with(deployment("d"), "labels", json!({"keep": "me"})));
    let body =
        json!({"metadata": {"labels": {"x": "y"}, "annotations": {"x": "y"}}, "status": {"replicas": 1}});
    let patch = |kind, name, body| bench.patch(kind, name, PatchType::Merge, body, Subresource::Status);
    let written = patch("deployment", "d", body).expect("it is valid").object;
    assert_eq!(written.meta().labels.get("x"), None);
    assert_eq!(written.meta().annotations.get("x"), Some("y"));
    let owner = json!({"apiVersion": "v1", "kind": "ConfigMap", "name": "o", "uid": "1"});
    bench.create(pod("p"));
    let body =
        json!({"metadata": {"ownerReferences": [owner]}, "status": {"phase": "Running", "qosClass": ""}});
    let written = patch("pod", "p", body).expect("it is valid").object;
    assert!(written.meta().owner_references.is_empty());
    assert_eq!(written.to_value()["status"], json!({"phase": "Running", "qosClass": "BestEffort"}));
}

#[test]
fn a_status_is_validated_for_itself() {
    // SUB-03
    let bench = Bench::new();
    bench.create(deployment("d"));
    let body = json!({"status": {"replicas": 1, "readyReplicas": 2}});
    let error =
        bench.patch("deployment", "d", PatchType::Merge, body, Subresource::Status).expect_err("too many");
    assert_eq!(error.details().causes[0].field, "status.readyReplicas");
}

#[test]
fn a_status_never_creates_and_needs_its_revision() {
    // SUB-02, STORE-04
    let bench = Bench::new();
    assert!(bench.update_status(deployment("d")).expect_err("there is none").is_not_found());
    let old = bench.create(deployment("d")).revision().to_string();
    bench.merge("deployment", "d", json!({"spec": {"replicas": 2}})).expect("it is there");
    let stale = with(deployment("d"), "resourceVersion", json!(old));
    assert!(bench.update_status(stale).expect_err("it is stale").is_conflict());
}

#[test]
fn a_status_can_be_lost_and_written_again() {
    let bench = Bench::new();
    bench.create(deployment("d"));
    let set = |status| {
        let body = json!([{"op": "add", "path": "/status", "value": status}]);
        bench.patch("deployment", "d", PatchType::Json, body, Subresource::Status).expect("it is valid");
    };
    set(json!({"replicas": 2}));
    set(json!({}));
    assert_eq!(bench.get("deployment", "d").expect("it is there")["status"], json!({}));
    set(json!({"replicas": 2}));
    assert_eq!(bench.get("deployment", "d").expect("it is there")["status"]["replicas"], 2);
}

#[test]
fn a_pod_is_bound_once() {
    // SUB-08
    let bench = Bench::new();
    let created = bench.create(pod("p"));
    let binding = |node: &str, preconditions| {
        Write::Bind(Binding {
            pod: bench.key("pod", "p"),
            node: node.into(),
            preconditions,
            labels: TextMap::default(),
            annotations: TextMap::default(),
        })
    };
    let any = Preconditions::default;
    let other = Preconditions { revision: Some(created.revision().next()), ..any() };
    assert!(bench.write(binding("n1", other)).expect_err("it is another revision").is_conflict());
    let bound = bench.write(binding("n1", any())).expect("it is free").object.to_value();
    assert_eq!(bound["spec"]["nodeName"], "n1");
    assert_eq!(bound["status"]["conditions"][0]["type"], "PodScheduled");
    assert_eq!(bound["status"]["conditions"][0]["lastProbeTime"], json!(null));
    assert_eq!(bound["metadata"]["generation"], 1);
    let error = bench.write(binding("n2", any())).expect_err("it is bound");
    assert_eq!(
        error.message(),
        r#"Operation cannot be fulfilled on pods/binding "p": pod p is already assigned to node "n1""#
    );
    bench
        .delete("pod", "p", DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() })
        .expect("it is there");
    let mut gated = pod("p");
    gated["spec"]["schedulingGates"] = json!([{"name": "example.com/wait"}]);
    bench.create(gated);
    assert!(bench.write(binding("n1", any())).expect_err("it is gated").is_conflict());
}
