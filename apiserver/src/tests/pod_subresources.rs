use super::*;

const PODS: &str = "/api/v1/namespaces/a/pods";
const JSON: &str = "application/json";
const STRATEGIC: &str = "application/strategic-merge-patch+json";

// SUB-11
#[test]
fn containers_are_added_and_resized_and_nothing_else_is_touched() {
    let resources = json!({"requests": {"cpu": "1", "memory": "1Gi"}});
    let pod = json!({
        "metadata": {"name": "p", "labels": {"a": "1"}},
        "spec": {"containers": [{"name": "c", "image": "i", "resources": resources}]},
    });
    let debug = json!({
        "metadata": {"labels": {"a": "2"}},
        "spec": {
            "activeDeadlineSeconds": 5,
            "ephemeralContainers": [{"name": "debugger", "image": "busybox", "targetContainerName": "c"}],
        },
    });
    let removed = json!({"spec": {"ephemeralContainers": null}});
    let resize = json!({
        "metadata": {"labels": {"a": "3"}},
        "spec": {"containers": [{"name": "c", "image": "other", "resources": {"requests": {"cpu": "2"}}}]},
    });
    let other = json!({"spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": "3"}}}]}});
    let guaranteed = json!({"spec": {"containers": [{"name": "c", "resources": {
        "requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "1", "memory": "1Gi"},
    }}]}});
    let body = |value: &Value| value.to_string().into_bytes();
    let (ephemeral, resized) = (format!("{PODS}/p/ephemeralcontainers"), format!("{PODS}/p/resize"));
    let answers = ask(&[
        ("POST", PODS, JSON, &body(&pod)),
        ("PATCH", &ephemeral, STRATEGIC, &body(&debug)),
        ("PATCH", &ephemeral, "application/merge-patch+json", &body(&removed)),
        ("PATCH", &resized, STRATEGIC, &body(&resize)),
        ("PATCH", &resized, STRATEGIC, &body(&guaranteed)),
        ("PATCH", &format!("{PODS}/p"), STRATEGIC, &body(&other)),
        ("GET", &resized, "", b""),
        ("POST", &ephemeral, JSON, b"{}"),
        ("PATCH", &format!("{PODS}/q/resize"), STRATEGIC, b"{}"),
    ]);
    let codes: Vec<u16> = answers.iter().map(|answer| answer.code).collect();
    assert_eq!(codes, [201, 200, 422, 200, 422, 422, 200, 405, 404]);
    let debugged = answers[1].json();
    assert_eq!(debugged["spec"]["ephemeralContainers"][0]["terminationMessagePath"], "/dev/termination-log");
    assert_eq!(debugged["spec"]["activeDeadlineSeconds"], Value::Null);
    assert_eq!(debugged["metadata"]["labels"], json!({"a": "1"}));
    assert_eq!(debugged["metadata"]["generation"], 2);
    assert_eq!(
        answers[2].json()["details"]["causes"][0]["field"],
        "spec.ephemeralContainers",
        "{:?}",
        answers[2].json()
    );
    let resized = answers[6].json();
    let container = &resized["spec"]["containers"][0];
    assert_eq!((&container["image"], &container["resources"]["requests"]["cpu"]), (&json!("i"), &json!("2")));
    assert_eq!(
        (&resized["metadata"]["labels"]["a"], &resized["metadata"]["generation"]),
        (&json!("1"), &json!(3))
    );
    let subresources: Vec<&str> = resized["metadata"]["managedFields"]
        .as_array()
        .expect("entries")
        .iter()
        .filter_map(|entry| entry["subresource"].as_str())
        .collect();
    assert_eq!(subresources, ["ephemeralcontainers", "resize"]);
    let listed = get("/api/v1").json();
    let of = |name: &str| {
        let resources = listed["resources"].as_array().expect("resources");
        resources.iter().find(|it| it["name"] == name).map(|it| (it["kind"].clone(), it["verbs"].clone()))
    };
    let expected = Some((json!("Pod"), json!(["get", "patch", "update"])));
    assert_eq!((of("pods/ephemeralcontainers"), of("pods/resize")), (expected.clone(), expected));
}

// SUB-11, NS-02
#[test]
fn a_namespace_s_own_finalizers_are_written_at_a_place_of_their_own() {
    let namespace = |finalizers: Value| {
        let meta = json!({"name": "a", "labels": {"x": "y"}});
        json!({"metadata": meta, "spec": {"finalizers": finalizers}}).to_string().into_bytes()
    };
    let answers = ask(&[
        ("PUT", "/api/v1/namespaces/a", JSON, &namespace(json!([]))),
        ("PUT", "/api/v1/namespaces/a/finalize", JSON, &namespace(json!(["example.com/mine"]))),
    ]);
    assert_eq!((answers[0].code, answers[1].code), (200, 200));
    assert_eq!(answers[0].json()["spec"]["finalizers"], json!(["kubernetes"]));
    assert_eq!(answers[1].json()["spec"]["finalizers"], json!(["example.com/mine"]));
}
