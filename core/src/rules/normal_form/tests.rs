use k8s_openapi::api::core::v1::{Container, PodSpec};
use serde_json::{Value, json};

use super::*;

fn container(value: Value) -> Container {
    let mut container: Container = serde_json::from_value(value).expect("a container");
    container.normalize(Spelling::Canonical);
    container
}

#[test]
fn values_of_one_meaning_have_one_form() {
    let rows = [
        (json!({"name": "c", "args": []}), json!({"name": "c"})),
        (json!({"name": "c", "resources": {}}), json!({"name": "c"})),
        (json!({"name": "c", "tty": false, "image": ""}), json!({"name": "c"})),
        (
            json!({"name": "c", "resources": {"limits": {"cpu": "1000m", "memory": "1024Mi"}}}),
            json!({"name": "c", "resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {}}}),
        ),
        (
            json!({"name": "c", "resources": {"limits": {"cpu": "0.0001"}}}),
            json!({"name": "c", "resources": {"limits": {"cpu": "1m"}}}),
        ),
    ];
    for (one, other) in rows {
        assert_eq!(container(one), container(other));
    }
}

#[test]
fn empty_structures_keep_their_meaning() {
    let spec: PodSpec = serde_json::from_value(json!({
        "containers": [], "securityContext": {}, "affinity": {},
        "volumes": [{"name": "v", "emptyDir": {}}],
    }))
    .expect("a pod spec");
    let mut normal = spec.clone();
    normal.normalize(Spelling::Canonical);
    assert_eq!(normal, spec);
}

#[test]
fn pointers_keep_their_zero() {
    let zero = container(json!({"name": "c", "securityContext": {"privileged": false}}));
    assert_ne!(zero, container(json!({"name": "c", "securityContext": {}})));
}

#[test]
fn suffixes_matter_to_eyes_only() {
    let limits = |memory: &str| container(json!({"name": "c", "resources": {"limits": {"memory": memory}}}));
    assert_ne!(limits("1Ki"), limits("1024"));
    assert!(same(&limits("1Ki"), &limits("1024")));
    assert!(!same(&limits("1Ki"), &limits("1k")));
}
