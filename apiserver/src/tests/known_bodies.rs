//! Bodies that are sent again are not read again, and make what they would make if they were.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::ask;

const JSON: &str = "application/json";
const A: &str = "/api/v1/namespaces/a/pods";
const B: &str = "/api/v1/namespaces/b/pods";

fn pod(meta: Value, container: &str) -> Vec<u8> {
    let spec = json!({"containers": [{"name": container, "image": "app:1"}]});
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}).to_string().into_bytes()
}

/// Without what each object has of its own.
fn common(mut pod: Value) -> Value {
    for field in ["name", "namespace", "uid", "resourceVersion"] {
        if let Some(meta) = pod["metadata"].as_object_mut() {
            meta.remove(field);
        }
    }
    pod
}

#[test]
fn each_time_another_object_is_made() {
    let body = pod(json!({"generateName": "p-", "labels": {"app": "p"}}), "c");
    let answers = ask(&[("POST", A, JSON, &body), ("POST", A, JSON, &body), ("POST", B, JSON, &body)]);
    let pods: Vec<Value> = answers.iter().map(super::Answer::json).collect();
    assert!(answers.iter().all(|answer| answer.code == 201), "{pods:?}");
    for field in ["name", "uid", "resourceVersion"] {
        let own: BTreeSet<_> = pods.iter().map(|pod| pod["metadata"][field].to_string()).collect();
        assert_eq!(own.len(), 3, "{field}: {own:?}");
    }
    let places: Vec<_> = pods.iter().map(|pod| pod["metadata"]["namespace"].clone()).collect();
    assert_eq!(places, ["a", "a", "b"]);
    for pod in &pods[1..] {
        assert_eq!(common(pod.clone()), common(pods[0].clone()));
    }
}

#[test]
fn what_is_wrong_with_a_body_is_told_each_time() {
    let typo = pod(json!({"generateName": "p-", "lables": {}}), "c");
    let strict = "/api/v1/namespaces/a/pods?fieldValidation=Strict";
    let ignoring = "/api/v1/namespaces/a/pods?fieldValidation=Ignore";
    let wrong = pod(json!({"generateName": "p-"}), "No");
    let elsewhere = pod(json!({"generateName": "p-", "namespace": "a"}), "c");
    let answers = ask(&[
        ("POST", ignoring, JSON, &typo),
        ("POST", A, JSON, &typo),
        ("POST", A, JSON, &typo),
        ("POST", strict, JSON, &typo),
        ("POST", A, JSON, &wrong),
        ("POST", A, JSON, &wrong),
        ("POST", A, JSON, &elsewhere),
        ("POST", B, JSON, &elsewhere),
        ("POST", A, JSON, &elsewhere),
    ]);
    let codes: Vec<u16> = answers.iter().map(|answer| answer.code).collect();
    assert_eq!(codes, [201, 201, 201, 400, 422, 422, 201, 400, 201]);
    let warned = |at: usize| answers[at].headers.contains_key("warning");
    assert_eq!((warned(0), warned(1), warned(2)), (false, true, true));
}
