//! Kinds that the server has and the program does not know when it starts.

use std::sync::Arc;
use std::time::Duration;

use kube::Client;
use serde_json::json;
use setpoint::apiserver::ApiServer;
use setpoint::env::Env;
use setpoint::model::kind::Registry;
use setpoint::model::object::{Draft, Key};
use setpoint::store::remote::Remote;
use setpoint::store::request::{DeleteOptions, ReadAt, RequestContext};
use setpoint::store::{Definitions, ObjectStoreExt};
use setpoint::{ObjectStore, Store};

#[tokio::test(start_paused = true)]
async fn kinds_of_definitions_are_followed() {
    let env = Env::tokio();
    let (_, remote) = super::in_process(&env).await;
    let remote: Arc<dyn ObjectStore> = Arc::new(remote);
    let definitions = Definitions::start(&env, Arc::clone(&remote));
    let context = RequestContext::system("test");
    let definition = json!({
        "metadata": {"name": "sites.example.com"},
        "spec": {
            "group": "example.com", "scope": "Namespaced", "names": {"plural": "sites", "kind": "Site"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
                "type": "object", "properties": {"spec": {"type": "object", "properties": {
                    "host": {"type": "string"}, "port": {"type": "integer", "default": 80}}}}}}}],
        },
    });
    let kind = remote
        .registry()
        .find("CustomResourceDefinition", "apiextensions.k8s.io/v1")
        .expect("a built-in kind");
    let definition = Draft::from_value(kind, definition).expect("a definition");
    let definition = remote.create(&context, definition).await.expect("it is new");
    env.sleep(Duration::from_secs(10)).await;
    let sites = remote.registry().find("Site", "example.com/v1").expect("it was made of the definition");
    let site = json!({"metadata": {"name": "a", "namespace": "default"}, "spec": {"host": "a.example"}});
    let site = Draft::from_value(sites, site).expect("a site");
    let created = remote.create(&context, site).await.expect("it is new");
    assert_eq!(
        created.to_value()["spec"],
        json!({"host": "a.example", "port": 80}),
        "defaults are the server's"
    );
    let deleted = remote.delete(&context, &definition.key(), DeleteOptions::default()).await;
    deleted.expect("it is there");
    env.sleep(Duration::from_secs(60)).await;
    assert!(remote.registry().find("Site", "example.com/v1").is_none());
    definitions.shut_down().await;
}

#[tokio::test(start_paused = true)]
async fn what_a_server_has_can_be_found_out() {
    // DISC-04
    let env = Env::tokio();
    let store = Store::memory(&env);
    store.ensure_namespace("default").await.expect("it is new");
    let client = Client::new(ApiServer::new(&env, Arc::new(store)), "default");
    let empty = Registry::empty();
    let remote = Remote::with_registry(&env, client, empty);
    let found = remote.discover().await.expect("it tells");
    assert!(found.iter().all(|kind| kind.names.kind != "TokenReview"), "what cannot be listed is none");
    let deployments = remote.registry().find("Deployment", "apps/v1").expect("it was found");
    assert!(deployments.is_namespaced() && deployments.has_status);
    assert_eq!(deployments.names.short, ["deploy"]);
    let maps = remote.registry().find("ConfigMap", "v1").expect("it was found");
    assert!(!maps.has_status && !remote.registry().find("Node", "v1").expect("it was found").is_namespaced());
    let context = RequestContext::system("test");
    let map = json!({"metadata": {"name": "a", "namespace": "default"}, "data": {"text": "x"}});
    let draft = Draft::from_value(Arc::clone(&maps), map).expect("a map");
    remote.create(&context, draft).await.expect("it is new");
    let key = Key::namespaced(maps.id, "default", "a");
    let read = remote.get(&context, &key, ReadAt::Newest).await.expect("it is there");
    assert_eq!(read.to_value()["data"]["text"], "x");
    assert!(remote.discover().await.expect("it tells").is_empty(), "all are known");
}
