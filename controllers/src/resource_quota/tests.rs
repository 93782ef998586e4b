use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::ResourceQuotaStatus;
use serde_json::{Value, json};
use setpoint_core::Error;
use setpoint_core::env::Env;
use setpoint_core::kind::Kind;
use setpoint_core::object::{Object, ObjectRef, Revision};
use setpoint_reconcile::manager::Manager;
use setpoint_reconcile::plan::Next;
use setpoint_store::request::{DeleteOptions, ReadAt, RequestContext};
use setpoint_store::{ObjectStore, Store};
use setpoint_watch::faulty::FaultyStore;

use super::*;
use crate::place::{Place, rest};

/// A store with the controller at work on it.
struct World {
    env: Env,
    store: Store,
    /// Ends with the world.
    _manager: Manager,
    far: Option<FaultyStore>,
}

impl World {
    /// Plays a scene in the store's process, and far from it behind a network that fails.
    fn play<F: Future<Output = Result<()>>>(scene: impl Fn(Self) -> F) {
        for (seed, place) in Place::all(6) {
            Self::play_seed(seed, place, &scene);
        }
    }

    fn play_seed<F: Future<Output = Result<()>>>(seed: u64, place: Place, scene: impl Fn(Self) -> F) {
        place.play(seed, |env| async move {
            let store = Store::memory(&env);
            store.ensure_namespace("ns").await?;
            let (mut manager, far) = place.manager(&env, &store);
            manager.start(ResourceQuotaController::controller(manager.context())?);
            scene(Self { env, store, _manager: manager, far }).await
        });
    }

    fn context() -> RequestContext {
        RequestContext::system("test")
    }

    fn kind(&self, name: &str) -> Arc<Kind> {
        self.store.registry().find_by_any_name(name).expect("a built-in kind")
    }

    async fn create(&self, kind: &str, name: &str, mut value: Value) -> Result<ObjectRef> {
        value["metadata"] = json!({"name": name, "namespace": "ns"});
        let draft = Draft::from_value(self.kind(kind), value).expect("it fits");
        self.store.create(&Self::context(), draft).await
    }

    async fn quota(&self, hard: Value) -> Result<()> {
        self.create("resourcequota", "q", json!({"spec": {"hard": hard}})).await.map(drop)
    }

    async fn map(&self, name: &str) -> Result<ObjectRef> {
        self.create("configmap", name, json!({})).await
    }

    async fn pod(&self, name: &str, cpu: &str) -> Result<ObjectRef> {
        let resources = json!({"requests": {"cpu": cpu}});
        let containers = json!([{"name": "c", "image": "i", "resources": resources}]);
        self.create("pod", name, json!({"spec": {"containers": containers}})).await
    }

    async fn delete(&self, object: &ObjectRef) -> Result<()> {
        self.store.delete(&Self::context(), &object.key(), DeleteOptions::default()).await.map(drop)
    }

    /// Waits until everything has come to rest, but not for the next count of everything.
    async fn rest(&self) {
        rest(&self.env, self.far.as_ref(), Duration::from_secs(1)).await;
    }

    /// What is used, as in `cpu=1,pods=2`.
    async fn used(&self) -> String {
        let key = Key::namespaced(self.kind("resourcequota").id, "ns", "q");
        let quota = self.store.get(&Self::context(), &key, ReadAt::Newest).await.expect("it is there");
        let used = quota.status::<ResourceQuotaStatus>().and_then(|status| status.used.clone());
        let entries =
            used.unwrap_or_default().into_iter().map(|(name, amount)| format!("{name}={}", amount.0));
        entries.collect::<Vec<_>>().join(",")
    }
}

/// OTHER-06, ADM-16: what is there is counted, what comes is charged at once, what goes is counted when it goes.
#[test]
fn usage_follows_what_comes_and_goes() {
    World::play(|world| async move {
        world.map("a").await?;
        world
            .quota(json!({"configmaps": "3", "count/secrets": "1", "pods": "2", "requests.cpu": "1"}))
            .await?;
        world.rest().await;
        assert_eq!(world.used().await, "configmaps=1,count/secrets=0,pods=0,requests.cpu=0");
        let b = world.map("b").await?;
        let pod = world.pod("p", "300m").await?;
        assert_eq!(world.used().await, "configmaps=2,count/secrets=0,pods=1,requests.cpu=300m", "at once");
        world.map("c").await?;
        let refused = world.map("d").await.expect_err("there are three");
        assert_eq!(refused.code(), 403);
        assert_eq!(
            refused.message(),
            "configmaps \"d\" is forbidden: exceeded quota: q, requested: configmaps=1, used: configmaps=3, \
             limited: configmaps=3"
        );
        world.delete(&b).await?;
        world.delete(&pod).await?;
        world.rest().await;
        assert_eq!(world.used().await, "configmaps=2,count/secrets=0,pods=0,requests.cpu=0");
        world.map("d").await?;
        Ok(())
    });
}

/// OTHER-06: pods that have ended use nothing but their place.
#[test]
fn pods_that_have_ended_do_not_count() {
    World::play(|world| async move {
        world.quota(json!({"pods": "1", "count/pods": "2"})).await?;
        world.rest().await;
        let pod = world.pod("p", "1").await?;
        assert!(world.pod("q", "1").await.is_err());
        let mut draft = Draft::of(&pod);
        let status = draft.status_mut::<k8s_openapi::api::core::v1::PodStatus>().expect("a pod");
        status.phase = Some("Succeeded".to_owned());
        world.store.update(&World::context(), draft, Subresource::Status).await?;
        world.rest().await;
        assert_eq!(world.used().await, "count/pods=1,pods=0");
        world.pod("q", "1").await?;
        assert!(world.pod("r", "1").await.is_err(), "there are two objects");
        Ok(())
    });
}

/// OTHER-06: a quota that is changed is counted anew; resources that nobody knows are limited but never used.
#[test]
fn changed_limits_are_taken_over() {
    World::play(|world| async move {
        world.map("a").await?;
        world.quota(json!({"configmaps": "1", "count/widgets.example.com": "1"})).await?;
        world.rest().await;
        assert_eq!(world.used().await, "configmaps=1");
        let key = Key::namespaced(world.kind("resourcequota").id, "ns", "q");
        let quota = world.store.get(&World::context(), &key, ReadAt::Newest).await?;
        let mut draft = Draft::of(&quota);
        draft.revision = None;
        let spec = draft.spec_mut::<k8s_openapi::api::core::v1::ResourceQuotaSpec>().expect("a quota");
        spec.hard = serde_json::from_value(json!({"configmaps": "2", "secrets": "1"})).expect("amounts");
        world.store.update(&World::context(), draft, Subresource::Main).await?;
        world.rest().await;
        assert_eq!(world.used().await, "configmaps=1,secrets=0");
        world.map("b").await?;
        Ok(())
    });
}

/// A count that somebody was charged after is refused, and made anew.
#[test]
fn a_count_that_is_old_is_not_written() {
    let registry = Registry::builtin();
    let kind = registry.find_by_any_name("resourcequota").expect("a built-in kind");
    let value = json!({"metadata": {"name": "q", "namespace": "ns"}, "spec": {"hard": {"pods": "1"}}});
    let quota = Draft::from_value(kind, value).expect("it fits");
    let quota = Arc::new(Object::from_draft(quota, Revision(3)));
    let observed = Observed { quota, tracked: ["pods".to_owned()].into(), content: Vec::new() };
    let now = Timestamp::UNIX_EPOCH;
    let first = plan(&observed, &Memory::default(), now);
    let [action] = &first.actions[..] else { panic!("one write") };
    let planner = ResourceQuotaController { registry: registry.clone() };
    let steps = planner.enact(&observed, action);
    let [Step::Write { write, .. }] = &steps[..] else { panic!("one write") };
    assert!(
        matches!(&**write, Write::Update(draft, Subresource::Status) if draft.revision == Some(Revision(3)))
    );
    let mut memory = first.memory.clone();
    planner.learn(&mut memory, action, Err(&Error::internal("changed")));
    assert!(matches!(plan(&observed, &memory, now).next, Next::Failed(_)));
    assert_eq!(plan(&observed, &first.memory, now).next, Next::After(RESYNC));
}
