//! Somebody who may read one namespace tries to see more by the way he writes paths.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use setpoint_store::ObjectStore;
use setpoint_store::request::User;

use super::*;
use crate::authentication::{BearerTokens, StaticTokens};
use crate::authorization::{RbacAuthorizer, ensure_default_roles};

/// What is in the namespace that he may not read, and nowhere else.
const CANARY: &str = "canary-7c1f";

const SEGMENTS: [&str; 30] = [
    "api",
    "v1",
    "apis",
    "apps",
    "namespaces",
    "namespaces",
    "a",
    "a",
    "b",
    "b",
    "configmaps",
    "configmaps",
    "secrets",
    "hidden",
    "hidden",
    "..",
    ".",
    "",
    "%2e%2e",
    "%2f",
    "a%2f..%2fb",
    "%62",
    "b%00",
    "b;a",
    "watch",
    "status",
    "finalize",
    "a%2e%2e",
    "*",
    "%252e%252e",
];

const QUERIES: [&str; 8] = [
    "",
    "?watch=1&timeoutSeconds=1",
    "?fieldSelector=metadata.namespace%3Db",
    "?fieldSelector=metadata.name%3Dhidden",
    "?namespace=b",
    "?limit=1",
    "?resourceVersion=0&resourceVersionMatch=NotOlderThan",
    "?continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6LTEsInN0YXJ0IjoiYi8ifQ",
];

const ACCEPTED: [&str; 3] = [
    "application/json",
    "application/json;as=Table;v=v1;g=meta.k8s.io",
    "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
];

/// A server in which `joe` may see everything in namespace `a`.
async fn server(env: &setpoint_core::env::Env) -> setpoint_core::Result<ApiServer> {
    let store = Store::memory(env);
    for namespace in ["a", "b"] {
        store.ensure_namespace(namespace).await?;
    }
    let store: Arc<dyn ObjectStore> = Arc::new(store);
    ensure_default_roles(&store).await?;
    let user = |name: &str, groups: &[&str]| User {
        name: name.to_owned(),
        groups: groups.iter().map(|&group| group.to_owned()).collect(),
        ..User::default()
    };
    let tokens =
        StaticTokens::new().with("root", user("root", &["system:masters"])).with("joe", user("joe", &[]));
    let server = ApiServer::builder(env, Arc::clone(&store))
        .authenticator(BearerTokens::new(tokens))
        .authorizer(RbacAuthorizer::new(store))
        .build();
    let rules = json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]);
    let group = "rbac.authorization.k8s.io";
    let hidden = |namespace: &str, text: &str| {
        (
            format!("/api/v1/namespaces/{namespace}/configmaps"),
            json!({"metadata": {"name": "hidden", "labels": {"is": text}}, "data": {"text": text}}),
        )
    };
    for (path, body) in [
        hidden("a", "plain"),
        hidden("b", CANARY),
        (
            format!("/apis/{group}/v1/namespaces/a/roles"),
            json!({"metadata": {"name": "all"}, "rules": rules}),
        ),
        (
            format!("/apis/{group}/v1/namespaces/a/rolebindings"),
            json!({
                "metadata": {"name": "joe"},
                "roleRef": {"apiGroup": group, "kind": "Role", "name": "all"},
                "subjects": [{"apiGroup": group, "kind": "User", "name": "joe"}],
            }),
        ),
    ] {
        let answer = send(&server, "POST", &path, "root", JSON, body.to_string()).await;
        assert_eq!(answer.0, 201, "{path} {}", answer.1);
    }
    Ok(server)
}

const JSON: &str = "application/json";

async fn send(
    server: &ApiServer,
    method: &str,
    path: &str,
    token: &str,
    accept: &str,
    body: String,
) -> (u16, String) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {token}"))
        .header("accept", accept)
        .header("content-type", JSON);
    let request = request.body(Full::<Bytes>::from(body)).expect("a request");
    let (parts, body) = server.answer(request).await.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    (parts.status.as_u16(), String::from_utf8_lossy(&body).into_owned())
}

// AUTH-06, STORE-31, DISC-14
#[test]
fn no_path_shows_or_changes_what_is_in_another_namespace() {
    let sim = Simulation::new(1);
    let env = sim.env();
    let server = sim.block_on(server(&env)).expect("nothing waits").expect("the store takes it");
    let ask = |method: &str, path: &str, token: &str, accept: &str, body: &str| {
        sim.block_on(send(&server, method, path, token, accept, body.to_owned()))
            .expect("nothing waits for ever")
    };
    let own = "/api/v1/namespaces/a/configmaps/hidden";
    assert!(ask("GET", own, "joe", JSON, "").1.contains("plain"));
    let other = "/api/v1/namespaces/b/configmaps/hidden";
    assert!(ask("GET", other, "root", JSON, "").1.contains(CANARY));
    assert_eq!(ask("GET", other, "joe", JSON, "").0, 403);

    let wild = prop::collection::vec(prop::sample::select(SEGMENTS.to_vec()), 0..9)
        .prop_map(|segments| format!("/{}", segments.join("/")));
    let near = (prop::sample::select(SEGMENTS.to_vec()), prop::sample::select(SEGMENTS.to_vec()))
        .prop_map(|(namespace, name)| format!("/api/v1/namespaces/{namespace}/configmaps/{name}"));
    let strategy = (
        prop_oneof![wild, near],
        prop::sample::select(QUERIES.to_vec()),
        prop::sample::select(ACCEPTED.to_vec()),
        prop::sample::select(vec!["GET", "GET", "GET", "DELETE", "PUT", "PATCH", "POST"]),
    );
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(3_000) });
    let checked = runner.run(&strategy, |(path, query, accept, method)| {
        let (code, text) =
            ask(method, &format!("{path}{query}"), "joe", accept, r#"{"data":{"text":"joe was here"}}"#);
        prop_assert!(!text.contains(CANARY), "{method} {path}{query} is answered {code} {text}");
        Ok(())
    });
    checked.expect("nothing is shown");
    let (code, text) = ask("GET", other, "root", JSON, "");
    assert!(code == 200 && text.contains(CANARY), "it was changed: {code} {text}");
}
