use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use serde_json::json;
use setpoint_core::env::Env;
use setpoint_core::kind::{Kind, KindId, Scope};
use setpoint_reconcile::manager::Manager;
use setpoint_store::admission::{Admission, Chain, Operation, Request, Target};
use setpoint_store::engine::Memory as MemoryEngine;
use setpoint_store::request::{ReadAt, RequestContext};
use setpoint_store::{ObjectStore, Store};
use setpoint_watch::faulty::FaultyStore;

use super::*;
use crate::place::{Place, rest};

mod decisions;

/// A store with the controller at work on it.
struct World {
    env: Env,
    store: Store,
    manager: Manager,
    /// The store as the controller sees it, if that is from afar.
    far: Option<FaultyStore>,
}

impl World {
    /// Plays a scene in the store's process, and far from it behind a network that fails.
    fn play<F: Future<Output = Result<()>>>(scene: impl Fn(Self) -> F) {
        for (seed, place) in Place::all(8) {
            Self::play_seed(seed, place, Chain::upstream(), &scene);
        }
    }

    fn play_seed<F: Future<Output = Result<()>>>(
        seed: u64,
        place: Place,
        chain: Chain,
        scene: impl Fn(Self) -> F,
    ) {
        place.play(seed, |env| async move {
            let store = Store::new(
                &env,
                MemoryEngine::new(&env),
                setpoint_core::kind::Registry::builtin(),
                chain.clone(),
            );
            store.ensure_namespace("ns").await?;
            store.ensure_namespace("other").await?;
            let (mut manager, far) = place.manager(&env, &store);
            manager.start(NamespaceController::controller(manager.context())?);
            scene(Self { env, store, manager, far }).await
        });
    }

    fn context() -> RequestContext {
        RequestContext::system("test")
    }

    fn kind<K: 'static>(&self) -> Arc<Kind> {
        self.store.registry().of::<K>().expect("a built-in kind")
    }

    fn namespace_key(&self) -> Key {
        Key::cluster(self.kind::<Namespace>().id, "ns")
    }

    async fn create(&self, kind: &Arc<Kind>, value: serde_json::Value) -> Result<ObjectRef> {
        let draft = Draft::from_value(Arc::clone(kind), value).expect("it fits");
        self.store.create(&Self::context(), draft).await
    }

    async fn create_map(&self, name: &str, finalizers: &[&str]) -> Result<ObjectRef> {
        let meta = json!({"name": name, "namespace": "ns", "finalizers": finalizers});
        self.create(&self.kind::<ConfigMap>(), json!({"metadata": meta})).await
    }

    /// A pod that is bound to a node, so that its deletion takes its grace period.
    async fn create_pod(&self, name: &str) -> Result<ObjectRef> {
        let spec = json!({"nodeName": "node", "containers": [{"name": "c", "image": "i"}]});
        let meta = json!({"name": name, "namespace": "ns"});
        self.create(&self.kind::<Pod>(), json!({"metadata": meta, "spec": spec})).await
    }

    async fn delete_namespace(&self) -> Result<()> {
        self.store.delete(&Self::context(), &self.namespace_key(), DeleteOptions::default()).await.map(drop)
    }

    /// What the node agent does when a pod has ended.
    async fn confirm(&self, pod: &ObjectRef) -> Result<()> {
        let options = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
        self.store.delete(&Self::context(), &pod.key(), options).await.map(drop)
    }

    async fn namespace(&self) -> Option<ObjectRef> {
        self.store.get(&Self::context(), &self.namespace_key(), ReadAt::Newest).await.ok()
    }

    /// Waits until everything has come to rest.
    async fn rest(&self) {
        rest(&self.env, self.far.as_ref(), Duration::from_secs(2)).await;
    }

    /// Status, reason and message of a condition of the namespace.
    async fn condition(&self, type_: &str) -> (String, String, String) {
        let namespace = self.namespace().await.expect("it is still there");
        let status: &NamespaceStatus = namespace.status().expect("it has one");
        let conditions = status.conditions.iter().flatten();
        let found = conditions.into_iter().find(|one| one.type_ == type_).expect("it was told").clone();
        (found.status, found.reason.unwrap_or_default(), found.message.unwrap_or_default())
    }

    fn count(&self, kind: KindId) -> usize {
        self.store.snapshot().expect("in memory").list_namespace(kind, "ns").count()
    }
}

fn told(status: &str, reason: &str, message: &str) -> (String, String, String) {
    (status.to_owned(), reason.to_owned(), message.to_owned())
}

/// NS-01, NS-02, NS-03, OTHER-03: a namespace goes with what is in it, and with nothing else.
#[test]
fn a_namespace_goes_with_all_that_is_in_it() {
    World::play(|world| async move {
        for name in ["a", "b", "c"] {
            world.create_map(name, &[]).await?;
        }
        let maps = world.kind::<ConfigMap>();
        let elsewhere = json!({"metadata": {"name": "stays", "namespace": "other"}});
        world.create(&maps, elsewhere).await?;
        world.rest().await;
        assert!(world.namespace().await.is_some(), "nobody has asked for it to go");
        world.delete_namespace().await?;
        let namespace = world.namespace().await;
        let phase = namespace.and_then(|it| it.status::<NamespaceStatus>()?.phase.clone());
        assert_eq!(phase.as_deref(), Some("Terminating"));
        world.rest().await;
        assert!(world.namespace().await.is_none());
        let all: Vec<_> = world.store.snapshot().expect("in memory").list(maps.id).cloned().collect();
        assert_eq!(all.iter().map(|it| &*it.meta().name).collect::<Vec<_>>(), ["stays"]);
        Ok(())
    });
}

/// NS-03: nothing is deleted while a pod is left, and its grace period is waited for.
#[test]
fn pods_go_first() {
    World::play(|world| async move {
        let pod = world.create_pod("p").await?;
        world.create_map("a", &[]).await?;
        world.delete_namespace().await?;
        world.rest().await;
        let maps = world.kind::<ConfigMap>().id;
        assert_eq!(world.count(maps), 1, "the pod has not ended");
        let remaining = world.condition("NamespaceContentRemaining").await;
        let message = "Some resources are remaining: pods. has 1 resource instances";
        assert_eq!(remaining, told("True", "SomeResourcesRemain", message));
        world.confirm(&pod).await?;
        world.rest().await;
        assert!(world.namespace().await.is_none());
        Ok(())
    });
}

/// NS-04: finalizers that keep content are told, and keep the namespace as long as they are there.
#[test]
fn finalizers_that_keep_content_are_told() {
    World::play(|world| async move {
        let kept = world.create_map("a", &["example.com/x"]).await?;
        world.create_map("b", &["example.com/x", "example.com/y"]).await?;
        world.create_map("c", &[]).await?;
        world.delete_namespace().await?;
        world.rest().await;
        let message = "Some resources are remaining: configmaps. has 2 resource instances";
        let remaining = world.condition("NamespaceContentRemaining").await;
        assert_eq!(remaining, told("True", "SomeResourcesRemain", message));
        let message = "Some content in the namespace has finalizers remaining: example.com/x in 2 resource \
                       instances, example.com/y in 1 resource instances";
        let finalizers = world.condition("NamespaceFinalizersRemaining").await;
        assert_eq!(finalizers, told("True", "SomeFinalizersRemain", message));
        let message = "All content successfully deleted, may be waiting on finalization";
        let failure = world.condition("NamespaceDeletionContentFailure").await;
        assert_eq!(failure, told("False", "ContentDeleted", message));
        for name in ["a", "b"] {
            let key = Key::namespaced(kept.kind().id, "ns", name);
            let object = world.store.get(&World::context(), &key, ReadAt::Newest).await?;
            let mut draft = Draft::of(&object);
            draft.meta_mut().finalizers = [""; 0].into_iter().collect();
            world.store.update(&World::context(), draft, Subresource::Main).await?;
        }
        world.rest().await;
        assert!(world.namespace().await.is_none());
        Ok(())
    });
}

/// NS-05: nothing new appears, from the moment on in which the deletion begins.
#[test]
fn nothing_new_appears() {
    World::play(|world| async move {
        world.create_map("a", &["example.com/x"]).await?;
        world.delete_namespace().await?;
        let refused = world.create_map("late", &[]).await.expect_err("it is refused");
        assert!(refused.has_cause("NamespaceTerminating"), "{refused}");
        Ok(())
    });
}

/// NS-02: other finalizers of the namespace's own keep it after this controller is done with it.
#[test]
fn the_finalizers_of_others_keep_the_namespace() {
    World::play(|world| async move {
        world.create_map("a", &[]).await?;
        let mut draft = Draft::of(&world.namespace().await.expect("it is there"));
        let spec = draft.spec_mut::<NamespaceSpec>().expect("a namespace");
        spec.finalizers.get_or_insert_default().push("example.com/mine".to_owned());
        world.store.update(&World::context(), draft, Subresource::Finalize).await?;
        world.delete_namespace().await?;
        world.rest().await;
        let namespace = world.namespace().await.expect("it is kept");
        let spec: &NamespaceSpec = namespace.spec().expect("a namespace");
        assert_eq!(spec.finalizers.as_deref(), Some(&["example.com/mine".to_owned()][..]));
        assert_eq!(world.count(world.kind::<ConfigMap>().id), 0);
        Ok(())
    });
}

fn widget() -> Kind {
    Kind::untyped("example.com", "v1", "Widget", "widgets", Scope::Namespaced)
}

/// NS-03: kinds that were registered while the controller ran are emptied too, and seen to be.
#[test]
fn custom_kinds_are_emptied() {
    World::play(|world| async move {
        world.rest().await;
        let widgets = world.store.registry().register_kind(widget()).expect("it is new");
        world.rest().await;
        let meta = json!({"name": "w", "namespace": "ns", "finalizers": ["example.com/x"]});
        let object = world.create(&widgets, json!({"metadata": meta, "spec": {}})).await?;
        world.delete_namespace().await?;
        world.rest().await;
        let message = "Some resources are remaining: widgets.example.com has 1 resource instances";
        let remaining = world.condition("NamespaceContentRemaining").await;
        assert_eq!(remaining, told("True", "SomeResourcesRemain", message));
        let object = world.store.get(&World::context(), &object.key(), ReadAt::Newest).await?;
        let mut draft = Draft::of(&object);
        draft.meta_mut().finalizers = [""; 0].into_iter().collect();
        world.store.update(&World::context(), draft, Subresource::Main).await?;
        // Woken by the last widget, it does not wait for its own timer.
        world.rest().await;
        assert!(world.namespace().await.is_none());
        Ok(())
    });
}

/// Refuses to delete config maps.
struct Jealous;

impl Admission for Jealous {
    fn name(&self) -> &'static str {
        "Jealous"
    }

    fn handles(&self, target: &Target<'_>) -> bool {
        target.operation == Operation::Delete && &*target.kind.resource.resource == "configmaps"
    }

    fn validate(&self, request: &Request<'_>, _draft: Option<&Draft>) -> Result<()> {
        Err(Error::forbidden(&request.target.kind.resource, &request.key.name, "it is mine"))
    }
}

/// NS-03, NS-04: a kind that cannot be emptied is told, stops no other, and is tried again.
#[test]
fn a_kind_that_cannot_be_emptied_stops_no_other() {
    World::play_seed(1, Place::Near, Chain::upstream().with(Jealous), |world| async move {
        world.create_map("a", &[]).await?;
        let secrets = world.kind::<k8s_openapi::api::core::v1::Secret>();
        world.create(&secrets, json!({"metadata": {"name": "s", "namespace": "ns"}})).await?;
        world.delete_namespace().await?;
        world.rest().await;
        assert_eq!(world.count(secrets.id), 0);
        let message = "Failed to delete all resource types, 2 remaining: configmaps \"a\" is forbidden: it is \
                       mine, unexpected items still remain in namespace: ns for gvr: /v1, Resource=configmaps";
        let failure = world.condition("NamespaceDeletionContentFailure").await;
        assert_eq!(failure, told("True", "ContentDeletionFailed", message));
        let failures = world.manager.health()[0].failures;
        assert!(failures > 1, "it is tried again: {failures}");
        Ok(())
    });
}
