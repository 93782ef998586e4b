use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use setpoint_core::env::Simulation;
use setpoint_store::request::User;
use setpoint_store::{ObjectStore, Store};

use crate::ApiServer;
use crate::authentication::{BearerTokens, StaticTokens};
use crate::authorization::{RbacAuthorizer, ensure_default_roles};

fn user(name: &str, groups: &[&str]) -> User {
    let groups = groups.iter().map(|&group| group.to_owned()).collect();
    let extra = [("origin".to_owned(), vec!["here".to_owned()])].into();
    User { name: name.to_owned(), groups, uid: "7".to_owned(), extra }
}

/// Method, path, headers and body.
type Asked<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], Value);

/// Asks one thing after the other of a server with default roles, where `dev` may view namespace `a`.
fn ask(requests: &[Asked<'_>]) -> Vec<(u16, Value)> {
    let sim = Simulation::new(1);
    let env = sim.env();
    let store = Store::memory(&env);
    let answers = sim.block_on(async {
        store.ensure_namespace("a").await?;
        let store: Arc<dyn ObjectStore> = Arc::new(store);
        ensure_default_roles(&store).await?;
        let tokens = StaticTokens::new()
            .with("root", user("root", &["system:masters"]))
            .with("joe", user("joe", &["dev"]))
            .with("amy", user("amy", &["ops"]));
        let server = ApiServer::builder(&env, Arc::clone(&store))
            .authenticator(BearerTokens::new(tokens))
            .authorizer(RbacAuthorizer::new(store))
            .build();
        let viewer = json!({
            "metadata": {"name": "viewer"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:aggregate-to-view"},
            "subjects": [{"kind": "Group", "name": "dev"}],
        });
        let ops = json!({
            "metadata": {"name": "ops"},
            "rules": [
                {"apiGroups": [""], "resources": ["users", "groups"], "resourceNames": ["joe", "dev"], "verbs": ["impersonate"]},
                {"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["clusterroles"], "verbs": ["update"]},
            ],
        });
        let bound = json!({
            "metadata": {"name": "ops"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "ops"},
            "subjects": [{"kind": "Group", "name": "ops"}],
        });
        let rbac = "/apis/rbac.authorization.k8s.io/v1";
        let root: &[(&str, &str)] = &[("authorization", "Bearer root")];
        let (viewers, roles, bindings) = (
            format!("{rbac}/namespaces/a/rolebindings"),
            format!("{rbac}/clusterroles"),
            format!("{rbac}/clusterrolebindings"),
        );
        let before =
            [("POST", &*viewers, root, viewer), ("POST", &*roles, root, ops), ("POST", &*bindings, root, bound)];
        let mut answers = Vec::new();
        for (method, path, headers, body) in before.into_iter().chain(requests.iter().cloned()) {
            let mut request = Request::builder().method(method).uri(path);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let body = if body.is_null() { String::new() } else { body.to_string() };
            let answer = server.answer(request.body(Full::<Bytes>::from(body)).expect("a request")).await;
            let code = answer.status().as_u16();
            let body = answer.into_body().collect().await.expect("a body").to_bytes();
            answers.push((code, serde_json::from_slice(&body).unwrap_or_default()));
        }
        Ok::<_, setpoint_core::Error>(answers)
    });
    let mut answers = answers.expect("nothing waits for ever").expect("the store takes it");
    let asked = answers.split_off(3);
    assert!(answers.iter().all(|(code, _)| *code == 201), "{answers:?}");
    asked
}

const AUTHORIZATION: &str = "/apis/authorization.k8s.io/v1";
const AUTHENTICATION: &str = "/apis/authentication.k8s.io/v1";
const JOE: &[(&str, &str)] = &[("authorization", "Bearer joe")];
const AMY: &[(&str, &str)] = &[("authorization", "Bearer amy")];
const ROOT: &[(&str, &str)] = &[("authorization", "Bearer root")];

fn about(verb: &str, resource: &str, namespace: &str) -> Value {
    json!({"spec": {"resourceAttributes": {"verb": verb, "resource": resource, "namespace": namespace}}})
}

// AUTH-07
#[test]
fn one_can_ask_what_one_may() {
    let own = &*format!("{AUTHORIZATION}/selfsubjectaccessreviews");
    let answers = ask(&[
        ("POST", own, JOE, about("list", "pods", "a")),
        ("POST", own, JOE, about("delete", "pods", "a")),
        ("POST", own, JOE, about("list", "pods", "b")),
        ("POST", own, ROOT, about("delete", "nodes", "")),
        ("POST", own, JOE, json!({"spec": {"nonResourceAttributes": {"verb": "get", "path": "/apis"}}})),
    ]);
    let allowed: Vec<_> =
        answers.iter().map(|(code, body)| (*code, body["status"]["allowed"].clone())).collect();
    let expected = [true, false, false, true, true].map(|allowed| (201, json!(allowed)));
    assert_eq!(allowed, expected);
    let first = &answers[0].1;
    assert_eq!(first["kind"], "SelfSubjectAccessReview");
    assert_eq!(first["spec"]["resourceAttributes"]["verb"], "list");
    assert_eq!(
        first["status"]["reason"],
        "RBAC: allowed by RoleBinding \"viewer/a\" of ClusterRole \"system:aggregate-to-view\" to Group \"dev\""
    );
}

// AUTH-07
#[test]
fn questions_that_make_no_sense_are_refused() {
    let own = &*format!("{AUTHORIZATION}/selfsubjectaccessreviews");
    let other = &*format!("{AUTHORIZATION}/subjectaccessreviews");
    let local = &*format!("{AUTHORIZATION}/namespaces/a/localsubjectaccessreviews");
    let mut of_joe = about("list", "pods", "b");
    of_joe["spec"]["user"] = json!("joe");
    let answers = ask(&[
        ("POST", own, JOE, json!({"spec": {}})),
        ("POST", other, ROOT, about("list", "pods", "a")),
        ("POST", local, ROOT, of_joe.clone()),
        ("POST", other, JOE, of_joe.clone()),
        ("GET", own, JOE, Value::Null),
        ("GET", own, ROOT, Value::Null),
        ("POST", own, ROOT, json!({"kind": "Pod", "spec": {}})),
        ("POST", &format!("{AUTHORIZATION}/localsubjectaccessreviews"), ROOT, of_joe.clone()),
        ("POST", other, ROOT, of_joe),
    ]);
    let codes: Vec<u16> = answers.iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, [422, 422, 422, 403, 403, 405, 400, 405, 201]);
    assert_eq!(answers[1].1["details"]["causes"][0]["field"], "spec.user");
    assert_eq!(answers[8].1["status"]["allowed"], false);
}

// AUTH-03, AUTH-07
#[test]
fn one_can_ask_who_one_is_and_whose_a_token_is() {
    let who = &*format!("{AUTHENTICATION}/selfsubjectreviews");
    let whose = &*format!("{AUTHENTICATION}/tokenreviews");
    let answers = ask(&[
        ("POST", who, JOE, json!({})),
        ("POST", who, &[], json!({})),
        ("POST", whose, ROOT, json!({"spec": {"token": "joe"}})),
        ("POST", whose, ROOT, json!({"spec": {"token": "nobody's"}})),
        ("POST", whose, JOE, json!({"spec": {"token": "joe"}})),
    ]);
    let info = json!({"username": "joe", "uid": "7", "groups": ["dev", "system:authenticated"], "extra": {"origin": ["here"]}});
    assert_eq!(answers[0].0, 201);
    assert_eq!(answers[0].1["status"]["userInfo"], info);
    assert_eq!(answers[1].0, 403);
    assert_eq!(
        (&answers[2].1["status"]["authenticated"], &answers[2].1["status"]["user"]),
        (&json!(true), &info)
    );
    assert_eq!(answers[3].1["status"].get("authenticated"), None);
    assert_eq!(answers[4].0, 403);
}

// AUTH-07
#[test]
fn one_can_ask_for_all_rules() {
    let rules = &*format!("{AUTHORIZATION}/selfsubjectrulesreviews");
    let answers =
        ask(&[("POST", rules, JOE, json!({"spec": {"namespace": "a"}})), ("POST", rules, JOE, json!({}))]);
    let status = &answers[0].1["status"];
    assert_eq!((answers[0].0, &status["incomplete"]), (201, &json!(false)));
    let has = |list: &str, field: &str, word: &str| {
        let rules = status[list].as_array().expect("a list");
        rules.iter().any(|rule| rule[field].as_array().is_some_and(|words| words.contains(&json!(word))))
    };
    assert!(has("resourceRules", "resources", "pods/log"));
    assert!(has("nonResourceRules", "nonResourceURLs", "/apis"));
    assert_eq!(answers[1].0, 422);
}

// AUTH-04
#[test]
fn acting_as_somebody_else_must_be_allowed() {
    let who = &*format!("{AUTHENTICATION}/selfsubjectreviews");
    let as_joe = [AMY[0], ("impersonate-user", "joe"), ("impersonate-group", "dev")];
    let as_root = [AMY[0], ("impersonate-user", "root")];
    let as_master = [AMY[0], ("impersonate-user", "joe"), ("impersonate-group", "system:masters")];
    let as_nobody = [AMY[0], ("impersonate-group", "dev")];
    let by_joe = [JOE[0], ("impersonate-user", "amy")];
    let as_robot =
        [ROOT[0], ("impersonate-user", "system:serviceaccount:a:robot"), ("impersonate-extra-a%2fb", "c")];
    let answers = ask(&[
        ("POST", who, &as_joe, json!({})),
        ("POST", who, &as_root, json!({})),
        ("POST", who, &as_master, json!({})),
        ("POST", who, &as_nobody, json!({})),
        ("POST", who, &by_joe, json!({})),
        ("POST", who, &as_robot, json!({})),
        ("GET", "/api/v1/namespaces/a/pods", &as_joe, Value::Null),
        ("GET", "/api/v1/namespaces/a/secrets", &as_joe, Value::Null),
    ]);
    let codes: Vec<u16> = answers.iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, [201, 403, 403, 400, 403, 201, 200, 403]);
    assert_eq!(
        answers[0].1["status"]["userInfo"],
        json!({"username": "joe", "groups": ["dev", "system:authenticated"]})
    );
    assert_eq!(
        answers[1].1["message"],
        r#"users "root" is forbidden: User "amy" cannot impersonate resource "users" in API group "" at the cluster scope"#
    );
    assert_eq!(
        answers[5].1["status"]["userInfo"],
        json!({
            "username": "system:serviceaccount:a:robot", "extra": {"a/b": ["c"]},
            "groups": ["system:serviceaccounts", "system:serviceaccounts:a", "system:authenticated"],
        })
    );
}

// AUTH-06, STORE-06
#[test]
fn who_may_update_may_not_therefore_create() {
    let path = "/apis/rbac.authorization.k8s.io/v1/clusterroles/fresh";
    let body = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "fresh"}});
    let answers = ask(&[
        ("PUT", path, AMY, body.clone()),
        ("PUT", path, ROOT, body.clone()),
        ("PUT", path, AMY, body),
        ("PUT", path, JOE, json!({})),
    ]);
    let codes: Vec<u16> = answers.iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, [403, 201, 200, 403]);
    assert_eq!(
        answers[0].1["message"],
        "clusterroles.rbac.authorization.k8s.io \"fresh\" is forbidden: User \"amy\" cannot create resource \
         \"clusterroles\" in API group \"rbac.authorization.k8s.io\" at the cluster scope"
    );
}

// DISC-01, AUTH-07
#[test]
fn questions_are_in_discovery_and_can_only_be_asked() {
    let answers = ask(&[
        ("GET", "/apis", ROOT, Value::Null),
        ("GET", AUTHORIZATION, ROOT, Value::Null),
        ("GET", AUTHENTICATION, ROOT, Value::Null),
    ]);
    let names: Vec<&str> = answers[0].1["groups"]
        .as_array()
        .expect("groups")
        .iter()
        .filter_map(|it| it["name"].as_str())
        .collect();
    assert!(names.contains(&"authorization.k8s.io") && names.contains(&"authentication.k8s.io"), "{names:?}");
    let told = |index: usize| -> Vec<(String, Value, Value)> {
        let resources = answers[index].1["resources"].as_array().expect("resources").clone();
        let one = |it: &Value| (it["name"].to_string(), it["namespaced"].clone(), it["verbs"].clone());
        resources.iter().map(one).collect()
    };
    let create = json!(["create"]);
    let line = |name: &str, namespaced: bool| (format!("{name:?}"), json!(namespaced), create.clone());
    assert_eq!(
        told(1),
        [
            line("localsubjectaccessreviews", true),
            line("selfsubjectaccessreviews", false),
            line("selfsubjectrulesreviews", false),
            line("subjectaccessreviews", false),
        ]
    );
    assert_eq!(told(2), [line("selfsubjectreviews", false), line("tokenreviews", false)]);
}
