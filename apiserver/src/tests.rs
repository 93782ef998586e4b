//! Requests and their answers, hostile ones among them.

mod crafted_paths;
mod failures;
mod hostile;
mod known_bodies;
mod lists_and_watches;
mod pod_subresources;

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use setpoint_core::env::Simulation;
use setpoint_store::Store;

use super::*;

/// An answer: code, headers, body.
struct Answer {
    code: u16,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The reason of a Status.
    fn reason(&self) -> String {
        self.json()["reason"].as_str().unwrap_or_default().to_owned()
    }
}

/// Asks one request after the other of a server with namespaces `a` and `b`, and config map `secret` in `b`.
fn ask(requests: &[(&str, &str, &str, &[u8])]) -> Vec<Answer> {
    let sim = Simulation::new(1);
    let env = sim.env();
    let server = ApiServer::new(&env, Arc::new(Store::memory(&env)));
    let named =
        |kind: &str, name: &str| json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name}});
    let (a, b, secret) = (named("Namespace", "a"), named("Namespace", "b"), named("ConfigMap", "secret"));
    let before =
        [("/api/v1/namespaces", a), ("/api/v1/namespaces", b), ("/api/v1/namespaces/b/configmaps", secret)]
            .map(|(path, body)| ("POST", path, "application/json", body.to_string().into_bytes()));
    let asked = requests.iter().map(|&(method, path, kind, body)| (method, path, kind, body.to_vec()));
    let all: Vec<_> = before.into_iter().chain(asked).collect();
    let answers = sim.block_on(async {
        let mut answers = Vec::new();
        for (method, path, kind, body) in all {
            let mut request = Request::builder().method(method).uri(path);
            if !kind.is_empty() {
                request = request.header("content-type", kind);
            }
            let request = request.body(Full::<Bytes>::from(body)).expect("a request");
            let (parts, body) = server.answer(request).await.into_parts();
            let body = body.collect().await.expect("a body").to_bytes();
            answers.push(Answer { code: parts.status.as_u16(), headers: parts.headers, body });
        }
        answers
    });
    let mut answers = answers.expect("nothing waits for ever");
    let asked = answers.split_off(3);
    assert!(answers.iter().all(|answer| answer.code == 201), "what is asked about is there");
    asked
}

fn get(path: &str) -> Answer {
    ask(&[("GET", path, "application/json", b"")]).pop().expect("one answer")
}

fn post(kind: &str, body: &[u8]) -> Answer {
    ask(&[("POST", "/api/v1/namespaces/a/configmaps", kind, body)]).pop().expect("one answer")
}

#[test]
fn no_path_reaches_another_namespace() {
    assert_eq!(get("/api/v1/namespaces/b/configmaps/secret").code, 200);
    for path in [
        "/api/v1/namespaces/a/configmaps/secret",
        "/api/v1/namespaces/a/configmaps/../../b/configmaps/secret",
        "/api/v1/namespaces/a/configmaps/..%2f..%2fb%2fconfigmaps%2fsecret",
        "/api/v1/namespaces/a/configmaps/%2e%2e%2f%2e%2e%2fb/configmaps/secret",
        "/api/v1/namespaces/a/configmaps/..%252f..%252fb%252fconfigmaps%252fsecret",
        "/api/v1/namespaces/a%2f..%2fb/configmaps/secret",
        "/api/v1/namespaces//configmaps/secret",
        "/api/v1/configmaps/secret",
        "/api/v1/namespaces/a/configmaps/b%2fsecret",
    ] {
        assert!(matches!(get(path).code, 400 | 404), "{path}");
    }
}

#[test]
fn bodies_that_make_no_sense_are_refused_by_name() {
    // ERR-09
    let nested = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    let map =
        |meta: &str| format!(r#"{{"apiVersion":"v1","kind":"ConfigMap","metadata":{meta}}}"#).into_bytes();
    for (kind, body, code) in [
        ("application/json", b"{".to_vec(), 400),
        ("application/json", b"[]".to_vec(), 400),
        ("application/json", br#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"x"}}"#.to_vec(), 400),
        ("application/json", nested.into_bytes(), 400),
        ("application/json", map(r#"{"name":7}"#), 400),
        ("application/json", map(r#"{"name":"x","namespace":"b"}"#), 400),
        ("application/json", map(r#"{"name":"No"}"#), 422),
        ("application/json", map(r#"{"name":"../../b/secret"}"#), 422),
        ("text/html", map(r#"{"name":"x"}"#), 415),
        ("application/json", vec![b' '; 4 * 1024 * 1024], 413),
        ("application/yaml", b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n".to_vec(), 201),
    ] {
        let answer = post(kind, &body);
        let start = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        assert_eq!(answer.code, code, "{kind} {start}: {:?}", answer.body);
    }
}

#[test]
fn aliases_of_yaml_do_not_multiply() {
    let mut text = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (name, before) in "bcdefghij".chars().zip("abcdefghi".chars()) {
        let all = format!("*{before}, ").repeat(9);
        text.push_str(&format!("{name}: &{name} [{all}]\n"));
    }
    assert_eq!(post("application/yaml", text.as_bytes()).code, 400);
}

#[test]
fn what_is_not_there_is_said_as_upstream_does() {
    // ERR-02, ERR-09
    let missing = get("/api/v1/namespaces/a/configmaps/nope");
    assert_eq!((missing.code, missing.reason()), (404, "NotFound".to_owned()));
    assert_eq!(missing.json()["message"], "configmaps \"nope\" not found");
    let unknown = get("/apis/example.com/v1/things");
    assert_eq!((unknown.code, &*unknown.body), (404, &b"404 page not found\n"[..]));
    let answers = ask(&[("PUT", "/api/v1/namespaces/a/configmaps", "application/json", b"{}")]);
    assert_eq!((answers[0].code, answers[0].reason()), (405, "MethodNotAllowed".to_owned()));
}

#[test]
fn health_version_and_documents_are_there() {
    for path in ["/healthz", "/livez", "/readyz"] {
        let answer = get(path);
        assert_eq!((answer.code, &*answer.body), (200, &b"ok"[..]), "{path}");
    }
    assert_eq!(get("/version").json()["minor"], "36");
    assert_eq!(get("/api").json()["versions"], json!(["v1"]));
    let groups = get("/apis").json();
    let names: Vec<&str> = groups["groups"]
        .as_array()
        .expect("groups")
        .iter()
        .filter_map(|group| group["name"].as_str())
        .collect();
    assert!(names.contains(&"apps") && names.contains(&"batch"), "{names:?}");
    let index = get("/openapi/v3");
    assert_eq!(index.code, 200);
    assert!(index.json()["paths"]["apis/apps/v1"].is_object());
    assert!(index.headers["content-type"].to_str().is_ok_and(|kind| kind.starts_with("application/json")));
}

#[test]
fn unknown_fields_are_warned_of_or_refused() {
    let body = br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"dat":{}}"#;
    let path =
        |validation: &str| format!("/api/v1/namespaces/a/configmaps?fieldValidation={validation}&dryRun=All");
    let (strict, warn, ignore) = (path("Strict"), path("Warn"), path("Ignore"));
    let answers = ask(&[
        ("POST", &strict, "application/json", body),
        ("POST", &warn, "application/json", body),
        ("POST", &ignore, "application/json", body),
    ]);
    let codes: Vec<u16> = answers.iter().map(|answer| answer.code).collect();
    assert_eq!(codes, [400, 201, 201]);
    let warning = answers[1].headers.get("warning").and_then(|value| value.to_str().ok()).unwrap_or_default();
    assert_eq!(warning, r#"299 - "unknown field \"dat\"""#);
    assert!(!answers[2].headers.contains_key("warning"));
}

#[test]
fn bodies_in_protobuf_are_read() {
    // WIRE-02: a config map `m` with one entry, as `kubectl create configmap` sends it, and how it is deleted.
    let envelope = |api_version: &str, kind: &str, raw: &[u8]| {
        let field = |number: u8, bytes: &[u8]| {
            let length = u8::try_from(bytes.len()).expect("it is short");
            [&[number << 3 | 2, length], bytes].concat()
        };
        let meta = [field(1, api_version.as_bytes()), field(2, kind.as_bytes())].concat();
        [&b"k8s\0"[..], &field(1, &meta), &field(2, raw)].concat()
    };
    const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";
    let map = envelope("v1", "ConfigMap", b"\x0a\x03\x0a\x01m\x12\x06\x0a\x01a\x12\x011");
    let options = envelope("v1", "DeleteOptions", b"\x08\x00");
    let other = envelope("v1", "Secret", b"");
    let maps = "/api/v1/namespaces/a/configmaps";
    let one = "/api/v1/namespaces/a/configmaps/m";
    let answers = ask(&[
        ("POST", maps, PROTOBUF, &map),
        ("POST", maps, PROTOBUF, &other),
        ("POST", maps, PROTOBUF, b"nothing of the kind"),
        ("POST", maps, PROTOBUF, b""),
        ("DELETE", one, PROTOBUF, &options),
        ("GET", one, "", b""),
    ]);
    let codes: Vec<u16> = answers.iter().map(|answer| answer.code).collect();
    assert_eq!(codes, [201, 400, 400, 400, 200, 404]);
    assert_eq!(answers[0].json()["data"], json!({"a": "1"}));
    assert_eq!(
        answers[1].json()["message"],
        "Secret in version \"v1\" cannot be handled as a ConfigMap: converting (v1.Secret) to (v1.ConfigMap): unknown \
         conversion"
    );
    assert_eq!(
        answers[2].json()["message"],
        "the object provided is unrecognized (must be of type ConfigMap): provided data does not appear to be a \
         protobuf message, expected prefix [107 56 115 0] (6e6f7468696e67206f6620746865206b696e64)"
    );
    assert_eq!(
        answers[3].json()["message"],
        "the object provided is unrecognized (must be of type ConfigMap): empty data (<empty>)"
    );
}

#[test]
fn every_new_kind_is_served_with_its_names() {
    // DISC-02, DISC-06
    let listed = |path: &str| -> Vec<String> {
        let resources = get(path).json()["resources"].as_array().cloned().unwrap_or_default();
        let line = |it: &Value| {
            let short = it["shortNames"][0].as_str().unwrap_or("-").to_owned();
            format!("{} {short} {}", it["name"].as_str().unwrap_or_default(), it["namespaced"])
        };
        resources.iter().map(line).collect()
    };
    let core = listed("/api/v1");
    for expected in [
        "endpoints ep true",
        "persistentvolumeclaims pvc true",
        "persistentvolumeclaims/status - true",
        "persistentvolumes pv false",
        "podtemplates - true",
        "serviceaccounts sa true",
    ] {
        assert!(core.iter().any(|line| line == expected), "{expected}: {core:?}");
    }
    assert_eq!(listed("/apis/discovery.k8s.io/v1"), ["endpointslices - true"]);
    assert_eq!(listed("/apis/node.k8s.io/v1"), ["runtimeclasses - false"]);
    assert_eq!(
        listed("/apis/networking.k8s.io/v1"),
        [
            "ingressclasses - false",
            "ingresses ing true",
            "ingresses/status - true",
            "networkpolicies netpol true"
        ]
    );
    assert_eq!(
        listed("/apis/storage.k8s.io/v1"),
        [
            "csidrivers - false",
            "csinodes - false",
            "storageclasses sc false",
            "volumeattachments - false",
            "volumeattachments/status - false",
        ]
    );
    for version in ["v1", "v2"] {
        assert_eq!(
            listed(&format!("/apis/autoscaling/{version}")),
            ["horizontalpodautoscalers hpa true", "horizontalpodautoscalers/status - true"]
        );
    }
}

#[test]
fn autoscalers_are_written_and_read_in_both_versions() {
    let v1 = json!({
        "apiVersion": "autoscaling/v1", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "web"},
        "spec": {
            "maxReplicas": 5, "targetCPUUtilizationPercentage": 70,
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
        },
    });
    let path = |version: &str, name: &str| {
        format!("/apis/autoscaling/{version}/namespaces/a/horizontalpodautoscalers{name}")
    };
    let body = v1.to_string();
    let answers = ask(&[
        ("POST", &path("v1", ""), "application/json", body.as_bytes()),
        ("GET", &path("v2", "/web"), "", b""),
        ("GET", &path("v1", "/web"), "", b""),
    ]);
    assert_eq!(answers[0].code, 201, "{:?}", answers[0].body);
    let v2 = answers[1].json();
    assert_eq!(v2["apiVersion"], "autoscaling/v2");
    assert_eq!(v2["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"], 70);
    assert_eq!(v2["status"]["currentMetrics"], Value::Null);
    assert_eq!(answers[2].json()["spec"]["targetCPUUtilizationPercentage"], 70);
    assert_eq!(answers[2].json()["spec"]["minReplicas"], 1);
}

#[test]
fn encoded_bodies_are_refused() {
    let sim = Simulation::new(1);
    let server = ApiServer::new(&sim.env(), Arc::new(Store::memory(&sim.env())));
    let request = Request::post("/api/v1/namespaces").header("content-encoding", "gzip");
    let request = request.body(Full::<Bytes>::from("x")).expect("a request");
    let answer = sim.block_on(server.answer(request)).expect("nothing waits");
    assert_eq!(answer.status(), 415);
}

#[test]
fn sessions_that_cannot_be_are_answered_with_a_status() {
    // SUB-10
    let sim = Simulation::new(1);
    let server = ApiServer::new(&sim.env(), Arc::new(Store::memory(&sim.env())));
    let ask = |method: &str, path: &str, headers: &[(&str, &str)]| {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::<Bytes>::default()).expect("a request");
        let answer = sim.block_on(async {
            let (parts, body) = server.answer(request).await.into_parts();
            (parts.status.as_u16(), body.collect().await.expect("a body").to_bytes())
        });
        let (code, body) = answer.expect("nothing waits");
        let status: Value = serde_json::from_slice(&body).expect("a status");
        (code, status["message"].as_str().unwrap_or_default().to_owned())
    };
    let path = "/api/v1/namespaces/default/pods/p/exec?command=true&stdout=true";
    let spdy = [("connection", "Upgrade"), ("upgrade", "SPDY/3.1")];
    let plain = "Upgrade request required: this server speaks WebSocket, not SPDY".to_owned();
    assert_eq!(ask("POST", path, &spdy), (400, plain.clone()));
    assert_eq!(ask("GET", path, &[]), (400, plain));
    let socket = |protocol: &'static str| {
        [
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("sec-websocket-protocol", protocol),
        ]
    };
    assert_eq!(ask("GET", path, &socket("channel.k8s.io")).0, 400);
    let v5 = socket("v5.channel.k8s.io, v4.channel.k8s.io");
    assert_eq!(ask("GET", path, &v5), (404, "pods \"p\" not found".to_owned()));
    let nothing = "/api/v1/namespaces/default/pods/p/exec?command=true";
    assert_eq!(ask("GET", nothing, &v5).0, 400);
    assert_eq!(ask("DELETE", path, &v5).0, 405);
}
