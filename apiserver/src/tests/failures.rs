use super::*;
use crate::answer::{bytes, warn};

const MAPS: &str = "/api/v1/namespaces/a/configmaps";
const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/a/deployments";
const JSON: &str = "application/json";

/// Method, path, media type, body; code and reason.
type Failure<'a> = (&'a str, &'a str, &'a str, &'a [u8], u16, &'a str);

fn deployment(manager: &str, replicas: i64) -> (String, Vec<u8>) {
    let path = format!("{DEPLOYMENTS}/d?fieldManager={manager}");
    let labels = json!({"app": "d"});
    let body = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"},
        "spec": {
            "replicas": replicas, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "i"}]}},
        },
    });
    (path, body.to_string().into_bytes())
}

// ERR-01, ERR-02
#[test]
fn every_failure_is_a_status() {
    let apply = "application/apply-patch+yaml";
    let rows: [Failure<'_>; 10] = [
        ("GET", "/api/v1/namespaces/a/configmaps/x", "", b"", 404, "NotFound"),
        ("GET", "/api/v1/things", "", b"", 404, "NotFound"),
        ("PUT", MAPS, JSON, b"{}", 405, "MethodNotAllowed"),
        ("POST", MAPS, JSON, b"{", 400, "BadRequest"),
        ("POST", MAPS, "text/plain", b"{}", 415, "UnsupportedMediaType"),
        ("POST", MAPS, JSON, br#"{"metadata":{"name":"No"}}"#, 422, "Invalid"),
        (
            "POST",
            "/api/v1/namespaces/b/configmaps",
            JSON,
            br#"{"metadata":{"name":"secret"}}"#,
            409,
            "AlreadyExists",
        ),
        (
            "POST",
            "/api/v1/namespaces/nope/configmaps",
            JSON,
            br#"{"metadata":{"name":"x"}}"#,
            404,
            "NotFound",
        ),
        ("PATCH", "/api/v1/namespaces/b/configmaps/secret", apply, b"{}", 422, "Invalid"),
        ("DELETE", "/api/v1/namespaces/default", "", b"", 404, "NotFound"),
    ];
    let requests: Vec<_> = rows.iter().map(|row| (row.0, row.1, row.2, row.3)).collect();
    for (row, answer) in rows.iter().zip(ask(&requests)) {
        let (status, told) = (answer.json(), format!("{} {}", row.0, row.1));
        assert_eq!(answer.headers["content-type"], JSON, "{told}");
        assert_eq!((&status["kind"], &status["apiVersion"]), (&json!("Status"), &json!("v1")), "{told}");
        assert_eq!((&status["metadata"], &status["status"]), (&json!({}), &json!("Failure")), "{told}");
        assert_eq!((answer.code, &status["code"]), (row.4, &json!(row.4)), "{told}: {status}");
        assert_eq!(status["reason"], row.5, "{told}");
        assert!(status["message"].as_str().is_some_and(|message| !message.is_empty()), "{told}");
    }
}

// ERR-03
#[test]
fn details_name_the_resource_and_of_the_invalid_the_kind() {
    let bad = br#"{"metadata":{"name":"d"},"spec":{"selector":{},"template":{}}}"#;
    let answers = ask(&[
        ("GET", &format!("{DEPLOYMENTS}/x"), "", b""),
        ("POST", DEPLOYMENTS, JSON, bad),
        ("GET", &format!("{MAPS}/x"), "", b""),
    ]);
    let details = |at: usize| answers[at].json()["details"].clone();
    assert_eq!(details(0), json!({"name": "x", "group": "apps", "kind": "deployments"}));
    assert_eq!(
        (&details(1)["kind"], &details(1)["group"], &details(1)["name"]),
        (&json!("Deployment"), &json!("apps"), &json!("d"))
    );
    assert_eq!(details(2), json!({"name": "x", "kind": "configmaps"}));
}

// ERR-06, ERR-07
#[test]
fn causes_are_for_programs() {
    let apply = "application/apply-patch+yaml";
    let ((one, two), (other, three)) = (deployment("one", 2), deployment("other", 3));
    let answers = ask(&[
        ("DELETE", "/api/v1/namespaces/a", "", b""),
        ("POST", MAPS, JSON, br#"{"metadata":{"name":"x"}}"#),
        ("GET", "/api/v1/namespaces/b/configmaps?resourceVersion=9000000000000000000", "", b""),
        ("POST", "/api/v1/namespaces", JSON, br#"{"metadata":{"name":"c"}}"#),
        ("PATCH", &one.replace("/a/", "/c/"), apply, &two),
        ("PATCH", &other.replace("/a/", "/c/"), apply, &three),
    ]);
    let cause = |at: usize| {
        let status = answers[at].json();
        let cause = &status["details"]["causes"][0];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (answers[at].code, text(&cause["reason"]), text(&cause["field"]))
    };
    assert_eq!(cause(1), (403, "NamespaceTerminating".to_owned(), "metadata.namespace".to_owned()));
    assert_eq!(cause(2), (504, "ResourceVersionTooLarge".to_owned(), String::new()));
    assert_eq!(answers[2].headers["retry-after"], "1");
    assert_eq!(cause(5), (409, "FieldManagerConflict".to_owned(), ".spec.replicas".to_owned()));
}

// ERR-08
#[test]
fn warnings_are_quoted_told_once_and_not_without_end() {
    let told = |warnings: &[&str]| -> Vec<String> {
        let mut answer = bytes(200, JSON, "{}");
        warn(&mut answer, &warnings.iter().map(|&warning| warning.to_owned()).collect::<Vec<_>>());
        let values = answer.headers().get_all("warning").iter();
        values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
    };
    assert_eq!(told(&["a \"b\" \\c\r\nd", "e", "e"]), [r#"299 - "a \"b\" \\cd""#, r#"299 - "e""#]);
    let long = "x".repeat(3_000);
    let both = [&*long, &format!("y{long}"), "z"];
    assert_eq!(told(&both).len(), 1);
    let many: Vec<String> = (0..100).map(|number| number.to_string()).collect();
    assert_eq!(told(&many.iter().map(String::as_str).collect::<Vec<_>>()).len(), limits::WARNINGS_MAX);
}

// STORE-27
#[test]
fn how_something_is_deleted_comes_with_the_body_or_the_query() {
    let create = |name: &str| json!({"metadata": {"name": name}}).to_string().into_bytes();
    let deleted = |path: &str, kind: &str, body: &[u8]| {
        let mut answers = ask(&[
            ("POST", MAPS, JSON, &create("x")),
            ("DELETE", path, kind, body),
            ("GET", &format!("{MAPS}/x"), "", b""),
        ]);
        let (there, answer) = (answers.pop().expect("three"), answers.pop().expect("three"));
        (answer.code, there.code, there.json()["metadata"]["finalizers"].clone())
    };
    let x = &*format!("{MAPS}/x");
    let gone = (200, 404, Value::Null);
    let kept = |finalizer: &str| (200, 200, json!([finalizer]));
    let yaml = "application/yaml";
    assert_eq!(deleted(x, "", b""), gone);
    assert_eq!(deleted(x, JSON, b"{}"), gone);
    assert_eq!(
        deleted(x, JSON, br#"{"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"Background"}"#),
        gone
    );
    assert_eq!(deleted(x, JSON, br#"{"propagationPolicy":"Foreground"}"#), kept("foregroundDeletion"));
    assert_eq!(deleted(x, yaml, b"propagationPolicy: Orphan"), kept("orphan"));
    assert_eq!(deleted(x, JSON, br#"{"orphanDependents":true}"#), kept("orphan"));
    assert_eq!(deleted(&format!("{x}?propagationPolicy=Foreground"), "", b""), kept("foregroundDeletion"));
    assert_eq!(deleted(&format!("{x}?dryRun=All"), "", b""), (200, 200, Value::Null));
    // The body is what counts if there is one.
    assert_eq!(
        deleted(&format!("{x}?propagationPolicy=Foreground"), JSON, br#"{"propagationPolicy":"Background"}"#),
        gone
    );
    for (body, code) in [
        (&br#"{"propagationPolicy":"Never"}"#[..], 422),
        (br#"{"propagationPolicy":"Orphan","orphanDependents":true}"#, 422),
        (br#"{"dryRun":["Some"]}"#, 422),
        (br#"{"kind":"ConfigMap","apiVersion":"v1"}"#, 400),
        (br#"{"preconditions":{"uid":"other"}}"#, 409),
    ] {
        assert_eq!(deleted(x, JSON, body), (code, 200, Value::Null), "{}", String::from_utf8_lossy(body));
    }
}
