//! What a store in files keeps of custom kinds.

use std::time::Duration;

use futures::{FutureExt, StreamExt};
use serde_json::{Value, json};
use setpoint_core::Result;
use setpoint_core::env::{Env, Simulation};
use setpoint_core::kind::Subresource;
use setpoint_core::object::{Draft, ObjectRef};

use super::super::Definitions;
use crate::engine::Durable;
use crate::engine::durable::Faulty;
use crate::engine::durable::storage::Crash;
use crate::request::{DeleteOptions, ReadAt, RequestContext, Selection, WatchEvent, WatchQuery};
use crate::{ObjectStore, ObjectStoreExt, Store};

/// A store in a folder, with its definitions followed.
struct World {
    store: Store<Durable>,
    definitions: Definitions,
}

impl World {
    async fn open(env: &Env, storage: &Faulty) -> Self {
        let store = Store::durable(env, storage.clone()).await.expect("it can be opened");
        let definitions = Definitions::start(env, std::sync::Arc::new(store.clone()));
        Self { store, definitions }
    }

    async fn close(self) {
        self.definitions.shut_down().await;
        self.store.engine().close().await;
    }

    async fn create(&self, api_version: &str, kind: &str, value: Value) -> Result<ObjectRef> {
        let kind = self.store.registry().find(kind, api_version).expect("the kind is served");
        let draft = Draft::from_value(kind, value).expect("it is of its kind");
        self.store.create(&context(), draft).await
    }

    /// Sets the size of the site `x`.
    async fn resize(&self, size: i64) -> Result<ObjectRef> {
        let site = self.site().await?;
        let mut draft = Draft::of(&site);
        let mut value = site.to_value();
        value["spec"]["size"] = json!(size);
        let wanted = Draft::from_value(std::sync::Arc::clone(site.kind()), value).expect("it is of its kind");
        draft.set_spec(wanted.spec_part().clone());
        self.store.update(&context(), draft, Subresource::Main).await
    }

    async fn site(&self) -> Result<ObjectRef> {
        let kind = self.store.registry().find("Site", "example.com/v1").expect("the kind is served");
        let key = setpoint_core::object::Key::namespaced(kind.id, "a", "x");
        self.store.get(&context(), &key, ReadAt::Newest).await
    }
}

fn context() -> RequestContext {
    RequestContext::system("test")
}

/// Sites have a size that never shrinks.
fn definition() -> Value {
    json!({
        "metadata": {"name": "sites.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": "sites", "kind": "Site"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
                "type": "object",
                "properties": {"spec": {
                    "type": "object",
                    "properties": {"size": {"type": "integer"}, "colour": {"type": "string", "default": "red"}},
                    "x-kubernetes-validations": [{"rule": "self.size >= oldSelf.size", "message": "sites do not shrink"}],
                }},
            }}}],
        },
    })
}

#[test]
fn custom_kinds_are_there_again_before_anybody_asks() {
    // CRD-01, CRD-03, CRD-05, STORE-11
    for crash in [None, Some(Crash::Lost), Some(Crash::Torn)] {
        let storage = Faulty::new();
        let sim = Simulation::new(1);
        let env = sim.env();
        let (created, changed) = sim
            .block_on(async {
                let world = World::open(&env, &storage).await;
                world.store.ensure_namespace("a").await.expect("it is new");
                world
                    .create("apiextensions.k8s.io/v1", "CustomResourceDefinition", definition())
                    .await
                    .expect("it is accepted");
                env.sleep(Duration::from_secs(10)).await;
                let site =
                    json!({"metadata": {"name": "x", "namespace": "a"}, "spec": {"size": 1, "other": true}});
                let created = world.create("example.com/v1", "Site", site).await.expect("it fits");
                let changed = world.resize(2).await.expect("it grows");
                match crash {
                    None => world.close().await,
                    Some(_) => drop(world),
                }
                (created, changed)
            })
            .expect("nothing waits for ever");
        let storage = crash.map_or(storage.clone(), |mode| storage.crash(mode, 7));

        let sim = Simulation::new(2);
        let env = sim.env();
        sim.block_on(async {
            let world = World::open(&env, &storage).await;
            // No time has passed, and nobody has asked for anything.
            let site = world.site().await.expect("it is kept");
            assert_eq!(site.to_value(), changed.to_value(), "{crash:?}");
            assert_eq!(site.to_value()["spec"], json!({"size": 2, "colour": "red"}));
            let snapshot = world.store.snapshot().expect("it is in this process");
            assert_eq!(snapshot.list(site.kind().id).count(), 1);
            let refused = world.resize(1).await.expect_err("its rules are there too");
            assert!(refused.is_invalid() && refused.to_string().contains("sites do not shrink"), "{refused}");

            let query = WatchQuery::after(Selection::all(site.kind().id), created.revision());
            let mut watch = world.store.watch(&context(), &query).await.expect("nothing is forgotten");
            let Some(Some(Ok(WatchEvent::Modified(seen)))) = watch.next().now_or_never() else {
                panic!("the change before the restart is told ({crash:?})");
            };
            assert_eq!(seen.revision(), changed.revision());
            world.resize(3).await.expect("it grows");
            let Some(Some(Ok(WatchEvent::Modified(seen)))) = watch.next().now_or_never() else {
                panic!("the watch goes on ({crash:?})");
            };
            assert_eq!(seen.to_value()["spec"]["size"], 3);

            // A definition that goes takes all with it, and another start knows nothing of it.
            let kind = world.store.registry().find("CustomResourceDefinition", "apiextensions.k8s.io/v1");
            let key = setpoint_core::object::Key::cluster(kind.expect("built in").id, "sites.example.com");
            world.store.delete(&context(), &key, DeleteOptions::default()).await.expect("it is there");
            env.sleep(Duration::from_secs(60)).await;
            assert!(world.store.registry().find("Site", "example.com/v1").is_none());
            world.close().await;
        })
        .expect("nothing waits for ever");
        let sim = Simulation::new(3);
        let env = sim.env();
        sim.block_on(async {
            let world = World::open(&env, &storage).await;
            assert!(world.store.registry().find("Site", "example.com/v1").is_none(), "{crash:?}");
            world.close().await;
        })
        .expect("nothing waits for ever");
    }
}
