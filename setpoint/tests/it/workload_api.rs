//! Deployments, ReplicaSets and ReplicationControllers as clients of the HTTP API see them.

use std::sync::Arc;

use serde_json::{Value, json};
use setpoint::Store;
use setpoint::env::Simulation;

use crate::conformance::server::{Answer, Server};

const MERGE: &str = "application/merge-patch+json";

/// A client of a store without controllers.
struct Client(Server);

impl Client {
    fn play<F: Future<Output = ()>>(scene: impl FnOnce(Self) -> F) {
        let sim = Simulation::new(1);
        let env = sim.env();
        let done = sim.block_on(async {
            let store = Store::memory(&env);
            store.ensure_namespace("ns").await.expect("it is new");
            scene(Self(Server::new(&env, Arc::new(store)))).await;
        });
        done.expect("nothing waits for ever");
    }

    async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let headers = [("Content-Type".to_owned(), MERGE.to_owned())];
        let headers: &[(String, String)] = if method == "PATCH" { &headers } else { &[] };
        self.0.call(method, path, body, headers).await
    }

    async fn ok(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let answer = self.call(method, path, body).await;
        assert!(answer.code < 300, "{method} {path}: {} {}", answer.code, answer.body);
        answer.body
    }

    async fn code(&self, method: &str, path: &str, body: Option<&Value>) -> u16 {
        self.call(method, path, body).await.code
    }
}

/// Kinds with their paths.
const KINDS: [(&str, &str, &str); 3] = [
    ("apps/v1", "Deployment", "/apis/apps/v1/namespaces/ns/deployments"),
    ("apps/v1", "ReplicaSet", "/apis/apps/v1/namespaces/ns/replicasets"),
    ("v1", "ReplicationController", "/api/v1/namespaces/ns/replicationcontrollers"),
];

fn object(api_version: &str, kind: &str) -> Value {
    let labels = json!({"app": "web"});
    let selector = if api_version == "v1" { labels.clone() } else { json!({"matchLabels": labels}) };
    json!({
        "apiVersion": api_version, "kind": kind, "metadata": {"name": "web"},
        "spec": {
            "replicas": 2,
            "selector": selector,
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{
                    "name": "c", "image": "app:1", "resources": {"limits": {"cpu": "1"}},
                }]},
            },
        },
    })
}

#[test]
fn put_changes_and_never_creates() {
    // DEP-04: also without a version.
    Client::play(|client| async move {
        let (api_version, kind, path) = KINDS[0];
        let web = object(api_version, kind);
        let place = format!("{path}/web");
        assert_eq!(client.code("PUT", &place, Some(&web)).await, 404);
        client.ok("POST", path, Some(&web)).await;
        let mut changed = web.clone();
        changed["spec"]["replicas"] = json!(5);
        assert_eq!(client.ok("PUT", &place, Some(&changed)).await["spec"]["replicas"], json!(5));
        changed["spec"]["selector"] = json!({"matchLabels": {"app": "other"}});
        changed["spec"]["template"]["metadata"]["labels"] = json!({"app": "other"});
        let refused = client.call("PUT", &place, Some(&changed)).await;
        assert_eq!(refused.code, 422);
        let cause = &refused.body["details"]["causes"][0];
        assert_eq!(
            (&cause["field"], &cause["reason"]),
            (&json!("spec.selector"), &json!("FieldValueInvalid"))
        );
        let dotted = json!({"metadata": {"name": "a.b"}});
        let mut other = web.clone();
        other["metadata"] = dotted["metadata"].clone();
        assert_eq!(client.code("POST", path, Some(&other)).await, 201);
    });
}

#[test]
fn generations_are_the_servers_and_follow_what_is_wanted() {
    // DEP-05, RS-02: annotations of a Deployment count, those of a ReplicaSet do not.
    for (api_version, kind, path) in KINDS {
        Client::play(|client| async move {
            let mut web = object(api_version, kind);
            web["metadata"]["generation"] = json!(7);
            web["status"] = json!({"replicas": 9, "observedGeneration": 7});
            let made = client.ok("POST", path, Some(&web)).await;
            assert_eq!(made["metadata"]["generation"], json!(1));
            let nothing = if kind == "Deployment" { json!({}) } else { json!({"replicas": 0}) };
            assert_eq!(made["status"], nothing, "{kind}: the number of replicas is always said");
            let place = format!("{path}/web");
            let rows = [
                (json!({"metadata": {"labels": {"more": "1"}}}), 1),
                (json!({"metadata": {"finalizers": ["example.com/hold"]}}), 1),
                (
                    json!({"metadata": {"annotations": {"more": "1"}}}),
                    if kind == "Deployment" { 2 } else { 1 },
                ),
                (json!({"spec": {"replicas": 3}}), if kind == "Deployment" { 3 } else { 2 }),
            ];
            let mut last = 0;
            for (patch, expected) in rows {
                let patched = client.ok("PATCH", &place, Some(&patch)).await;
                assert_eq!(patched["metadata"]["generation"], json!(expected), "{kind} {patch}");
                last = expected;
            }
            let mut live = client.ok("GET", &place, None).await;
            live["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["cpu"] = json!("1000m");
            let same = client.ok("PUT", &place, Some(&live)).await;
            assert_eq!(same["metadata"]["generation"], json!(last), "{kind}: quantities by value");
            assert_eq!(same["metadata"]["resourceVersion"], live["metadata"]["resourceVersion"]);
        });
    }
}

#[test]
fn each_side_keeps_the_other() {
    // DEP-06, DEP-45, RS-02: labels can be written with the status of all but Deployments.
    for (api_version, kind, path) in KINDS {
        Client::play(|client| async move {
            client.ok("POST", path, Some(&object(api_version, kind))).await;
            let place = format!("{path}/web");
            let mut live = client.ok("GET", &place, None).await;
            live["metadata"]["labels"] = json!({"new": "label"});
            live["metadata"]["annotations"] =
                json!({"new": "annotation", "deprecated.deployment.rollback.to": "1"});
            live["spec"]["replicas"] = json!(50);
            live["status"] = json!({"replicas": 2, "readyReplicas": 1, "observedGeneration": 1});
            let said = client.ok("PUT", &format!("{place}/status"), Some(&live)).await;
            assert_eq!((&said["spec"]["replicas"], &said["metadata"]["generation"]), (&json!(2), &json!(1)));
            assert_eq!(
                (&said["status"]["replicas"], &said["status"]["readyReplicas"]),
                (&json!(2), &json!(1))
            );
            let meta = &said["metadata"];
            assert_eq!(meta["annotations"]["new"], json!("annotation"));
            let is_deployment = kind == "Deployment";
            assert_eq!(meta["labels"]["new"].is_null(), is_deployment, "{kind}");
            assert_eq!(
                meta["annotations"]["deprecated.deployment.rollback.to"].is_null(),
                is_deployment,
                "{kind}"
            );

            let mut wanted = said.clone();
            wanted["status"] = json!({"replicas": 40});
            wanted["spec"]["replicas"] = json!(3);
            let changed = client.ok("PUT", &place, Some(&wanted)).await;
            assert_eq!(
                (&changed["spec"]["replicas"], &changed["status"]),
                (&json!(3), &said["status"]),
                "{kind}"
            );
        });
    }
}

#[test]
fn only_replication_controllers_are_selected_by_their_number() {
    // RS-02, LIST-12: upstream's ReplicaSets have the field, but no request for it gets through to them.
    for (api_version, kind, path) in KINDS {
        Client::play(|client| async move {
            client.ok("POST", path, Some(&object(api_version, kind))).await;
            let by_name = client.ok("GET", &format!("{path}?fieldSelector=metadata.name%3Dweb"), None).await;
            assert_eq!(by_name["items"].as_array().map(Vec::len), Some(1), "{kind}");
            let by_number =
                client.code("GET", &format!("{path}?fieldSelector=status.replicas%3D0"), None).await;
            assert_eq!(by_number, if kind == "ReplicationController" { 200 } else { 400 }, "{kind}");
        });
    }
}

#[test]
fn collisions_are_never_taken_back() {
    // DEP-06
    Client::play(|client| async move {
        let (api_version, kind, path) = KINDS[0];
        client.ok("POST", path, Some(&object(api_version, kind))).await;
        let status = format!("{path}/web/status");
        let count = |count: Value| json!({"status": {"collisionCount": count}});
        client.ok("PATCH", &status, Some(&count(json!(2)))).await;
        for less in [json!(1), Value::Null] {
            assert_eq!(client.code("PATCH", &status, Some(&count(less))).await, 422);
        }
        assert_eq!(client.code("PATCH", &status, Some(&count(json!(3)))).await, 200);
        let inconsistent = json!({"status": {"replicas": 1, "availableReplicas": 2}});
        assert_eq!(client.code("PATCH", &status, Some(&inconsistent)).await, 422);
    });
}

#[test]
fn the_number_of_replicas_is_an_object_of_its_own() {
    // DEP-07, RS-03
    for (api_version, kind, path) in KINDS {
        Client::play(|client| async move {
            let made = client.ok("POST", path, Some(&object(api_version, kind))).await;
            let place = format!("{path}/web/scale");
            let scale = client.ok("GET", &place, None).await;
            assert_eq!((&scale["kind"], &scale["apiVersion"]), (&json!("Scale"), &json!("autoscaling/v1")));
            assert_eq!(scale["metadata"]["uid"], made["metadata"]["uid"]);
            assert_eq!(scale["spec"], json!({"replicas": 2}));
            assert_eq!(scale["status"], json!({"replicas": 0, "selector": "app=web"}), "{kind}");

            let mut five = scale.clone();
            five["spec"]["replicas"] = json!(5);
            assert_eq!(client.ok("PUT", &place, Some(&five)).await["spec"]["replicas"], json!(5));
            let live = client.ok("GET", &format!("{path}/web"), None).await;
            assert_eq!((&live["spec"]["replicas"], &live["metadata"]["generation"]), (&json!(5), &json!(2)));
            assert_eq!(client.code("PUT", &place, Some(&five)).await, 409, "its version is old");
            let patched = client.ok("PATCH", &place, Some(&json!({"spec": {"replicas": 1}}))).await;
            assert_eq!(patched["spec"]["replicas"], json!(1));
            let other = json!({"metadata": {"uid": "other"}, "spec": {"replicas": 3}});
            assert_eq!(client.code("PATCH", &place, Some(&other)).await, 409);
            assert_eq!(client.code("PATCH", &place, Some(&json!({"spec": {"replicas": -1}}))).await, 422);
        });
    }
}

#[test]
fn deletions_leave_the_rest_to_the_background() {
    // DEP-07, RS-03: no finalizer is added, and the old rollback is not served.
    for (api_version, kind, path) in &KINDS[..2] {
        Client::play(|client| async move {
            let mut web = object(api_version, kind);
            web["metadata"]["finalizers"] = json!(["example.com/hold"]);
            client.ok("POST", path, Some(&web)).await;
            client.ok("DELETE", &format!("{path}/web"), None).await;
            let going = client.ok("GET", &format!("{path}/web"), None).await;
            assert!(going["metadata"]["deletionTimestamp"].is_string());
            assert_eq!(going["metadata"]["finalizers"], json!(["example.com/hold"]));
            assert_eq!(client.code("POST", &format!("{path}/web/rollback"), Some(&json!({}))).await, 404);
        });
    }
}

#[test]
fn kinds_have_the_names_that_people_type() {
    // DEP-07, RS-03
    Client::play(|client| async move {
        let apps = client.ok("GET", "/apis/apps/v1", None).await;
        for (plural, short) in [("deployments", "deploy"), ("replicasets", "rs")] {
            let resources = apps["resources"].as_array().expect("a list");
            let found = resources.iter().find(|resource| resource["name"] == plural).expect("it is served");
            assert_eq!((&found["shortNames"], &found["categories"]), (&json!([short]), &json!(["all"])));
        }
    });
}
