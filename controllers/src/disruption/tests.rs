use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Event, PodStatus};
use k8s_openapi::api::policy::v1::PodDisruptionBudgetStatus;
use serde_json::{Value, json};
use setpoint_core::conditions;
use setpoint_core::env::Env;
use setpoint_core::kind::{Kind, Subresource};
use setpoint_core::object::{Draft, ObjectRef};
use setpoint_core::patch::{Patch, PatchType};
use setpoint_reconcile::manager::Manager;
use setpoint_store::request::{DeleteOptions, Eviction, ReadAt, RequestContext, Write};
use setpoint_store::{ObjectStore, Store};
use setpoint_watch::faulty::FaultyStore;

use super::*;
use crate::place::{Place, rest};

mod decisions;

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
            manager.start(DisruptionController::controller(manager.context())?);
            scene(Self { env, store, _manager: manager, far }).await
        });
    }

    fn context() -> RequestContext {
        RequestContext::system("test")
    }

    fn kind(&self, name: &str) -> Arc<Kind> {
        self.store.registry().find_by_any_name(name).expect("a built-in kind")
    }

    fn key(&self, kind: &str, name: &str) -> Key {
        Key::namespaced(self.kind(kind).id, "ns", name)
    }

    async fn create(&self, kind: &str, name: &str, mut value: Value) -> Result<ObjectRef> {
        value["metadata"]["name"] = json!(name);
        value["metadata"]["namespace"] = json!("ns");
        let draft = Draft::from_value(self.kind(kind), value).expect("it fits");
        self.store.create(&Self::context(), draft).await
    }

    async fn budget(&self, mut spec: Value) -> Result<ObjectRef> {
        spec["selector"] = json!({"matchLabels": {"app": "a"}});
        self.create("poddisruptionbudget", "b", json!({"spec": spec})).await
    }

    /// A pod of a ReplicaSet, if there is one, on a node, and ready or not.
    async fn pod(&self, name: &str, owner: Option<&ObjectRef>, is_ready: bool) -> Result<ObjectRef> {
        let spec = json!({"nodeName": "n", "containers": [{"name": "c", "image": "i"}]});
        let mut value = json!({"metadata": {"labels": {"app": "a"}}, "spec": spec});
        if let Some(owner) = owner {
            let reference = json!({
                "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": &*owner.meta().name,
                "uid": owner.meta().uid.as_ref().map(ToString::to_string), "controller": true,
            });
            value["metadata"]["ownerReferences"] = json!([reference]);
        }
        self.create("pod", name, value).await?;
        let ready = json!({"type": "Ready", "status": if is_ready { "True" } else { "False" }});
        self.patch_status("pod", name, json!({"phase": "Running", "conditions": [ready]})).await
    }

    async fn patch_status(&self, kind: &str, name: &str, status: Value) -> Result<ObjectRef> {
        let patch = Patch::decode(PatchType::Merge, json!({"status": status}))?;
        self.store.patch(&Self::context(), &self.key(kind, name), patch, Subresource::Status).await
    }

    async fn replica_set(&self, replicas: i32) -> Result<ObjectRef> {
        let template = json!({
            "metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "c", "image": "i"}]},
        });
        let selector = json!({"matchLabels": {"app": "a"}});
        let spec = json!({"replicas": replicas, "selector": selector, "template": template});
        self.create("replicaset", "rs", json!({"spec": spec})).await
    }

    async fn evict(&self, name: &str) -> Result<()> {
        let eviction = Eviction { pod: self.key("pod", name), options: DeleteOptions::default() };
        self.store.write(&Self::context(), Write::Evict(eviction)).await.map(drop)
    }

    /// Waits until everything has come to rest.
    async fn rest(&self) {
        rest(&self.env, self.far.as_ref(), Duration::from_secs(1)).await;
    }

    async fn status(&self) -> PodDisruptionBudgetStatus {
        let key = self.key("poddisruptionbudget", "b");
        let budget = self.store.get(&Self::context(), &key, ReadAt::Newest).await.expect("it is there");
        budget.status::<PodDisruptionBudgetStatus>().cloned().expect("it has one")
    }

    /// Expected, desired, healthy, allowed.
    async fn counts(&self) -> [i32; 4] {
        let status = self.status().await;
        [status.expected_pods, status.desired_healthy, status.current_healthy, status.disruptions_allowed]
            .map(Option::unwrap_or_default)
    }

    async fn condition(&self) -> (String, String) {
        let status = self.status().await;
        let found = status.conditions.iter().flatten().find(|it| it.type_ == "DisruptionAllowed");
        found.map(|it| (it.status.clone(), it.reason.clone())).unwrap_or_default()
    }

    /// Whether an event with this reason was written; far away it may be lost.
    fn has_told(&self, reason: &str) -> bool {
        let snapshot = self.store.snapshot().expect("in memory");
        let mut events = snapshot.list(self.kind("event").id).filter_map(|it| it.spec::<Event>());
        self.far.is_some() || events.any(|event| event.reason.as_deref() == Some(reason))
    }
}

fn told(status: &str, reason: &str) -> (String, String) {
    (status.to_owned(), reason.to_owned())
}

/// OTHER-08: an absolute number of the pods that there are.
#[test]
fn a_minimum_counts_the_pods_that_are_there() {
    World::play(|world| async move {
        world.budget(json!({"minAvailable": 1})).await?;
        world.rest().await;
        assert_eq!(world.counts().await, [0, 1, 0, 0]);
        assert_eq!(world.condition().await, told("False", "InsufficientPods"));
        assert!(world.has_told("NoPods"));
        world.pod("p", None, true).await?;
        world.pod("q", None, true).await?;
        world.pod("r", None, false).await?;
        world.rest().await;
        assert_eq!(world.counts().await, [3, 1, 2, 1]);
        assert_eq!(world.condition().await, told("True", "SufficientPods"));
        assert_eq!(world.status().await.observed_generation, Some(1));
        Ok(())
    });
}

/// OTHER-08: shares, and what may be missing, are of what the pods' controllers ask for; rounded up.
#[test]
fn shares_are_of_what_controllers_ask_for() {
    let rows = [
        (json!({"minAvailable": "50%"}), [5, 3, 2, 0]),
        (json!({"minAvailable": "20%"}), [5, 1, 2, 1]),
        (json!({"maxUnavailable": 3}), [5, 2, 2, 0]),
        (json!({"maxUnavailable": "70%"}), [5, 1, 2, 1]),
        (json!({"maxUnavailable": 9}), [5, 0, 2, 2]),
    ];
    for (spec, expected) in rows {
        World::play_seed(1, Place::Near, |world| {
            let spec = spec.clone();
            async move {
                let owner = world.replica_set(5).await?;
                world.pod("p", Some(&owner), true).await?;
                world.pod("q", Some(&owner), true).await?;
                world.budget(spec.clone()).await?;
                world.rest().await;
                assert_eq!(world.counts().await, expected, "{spec}");
                Ok(())
            }
        });
    }
}

/// OTHER-08: a budget that cannot be computed allows nothing, and says why.
#[test]
fn what_cannot_be_computed_allows_nothing() {
    World::play(|world| async move {
        let owner = world.replica_set(1).await?;
        world.pod("p", Some(&owner), true).await?;
        world.budget(json!({"minAvailable": "0%"})).await?;
        world.rest().await;
        assert_eq!(world.counts().await, [1, 0, 1, 1]);
        let key = world.key("replicaset", "rs");
        world.store.delete(&World::context(), &key, DeleteOptions::default()).await?;
        world.pod("q", Some(&owner), true).await?;
        world.rest().await;
        assert_eq!(world.counts().await[3], 0);
        assert_eq!(world.condition().await, told("False", "SyncFailed"));
        assert!(world.has_told("CalculateExpectedPodCountFailed"));
        let refused = world.evict("p").await.expect_err("nothing is allowed");
        assert_eq!(
            refused.details().causes[0].message,
            "The disruption budget b does not allow evicting pods currently because it failed sync: found no \
             controllers for pod \"p\""
        );
        Ok(())
    });
}

/// OTHER-08: pods that nobody controls are told of, and not counted.
#[test]
fn unmanaged_pods_are_told_of() {
    World::play(|world| async move {
        let owner = world.replica_set(2).await?;
        world.pod("p", Some(&owner), true).await?;
        world.pod("q", None, true).await?;
        world.budget(json!({"maxUnavailable": 1})).await?;
        world.rest().await;
        assert_eq!(world.counts().await, [2, 1, 2, 1]);
        assert!(world.has_told("UnmanagedPods"));
        Ok(())
    });
}

/// OTHER-09, SUB-06: an eviction counts until its pod is gone, so that the next is refused at once; one whose pod
/// does not go is forgotten after two minutes.
#[test]
fn evictions_count_until_their_pods_are_gone() {
    World::play_seed(1, Place::Near, |world| async move {
        for name in ["p", "q"] {
            world.pod(name, None, true).await?;
        }
        world.budget(json!({"minAvailable": 1})).await?;
        world.rest().await;
        world.evict("p").await?;
        assert_eq!(world.evict("q").await.expect_err("only one may go").code(), 429);
        world.rest().await;
        // It is going, so nobody waits for it any more, and it is not healthy.
        assert_eq!(world.status().await.disrupted_pods, None);
        assert_eq!(world.counts().await, [2, 1, 1, 0]);
        Ok(())
    });
    World::play_seed(1, Place::Near, |world| async move {
        for name in ["p", "q"] {
            world.pod(name, None, true).await?;
        }
        world.budget(json!({"minAvailable": 1})).await?;
        world.rest().await;
        let now = world.env.wall().to_string();
        world.patch_status("poddisruptionbudget", "b", json!({"disruptedPods": {"p": now}})).await?;
        world.rest().await;
        assert_eq!(world.counts().await, [2, 1, 1, 0], "it is expected to go");
        world.env.sleep(DELETION_TIMEOUT + Duration::from_secs(2)).await;
        assert_eq!(world.counts().await, [2, 1, 2, 1], "it did not");
        assert!(world.has_told("NotDeleted"));
        Ok(())
    });
}

/// SUB-07: an announcement that nothing followed is taken back after two minutes.
#[test]
fn announcements_that_nothing_followed_are_taken_back() {
    World::play_seed(1, Place::Near, |world| async move {
        world.pod("p", None, true).await?;
        let now = world.env.wall().to_string();
        let announced = json!({"type": "DisruptionTarget", "status": "True", "lastTransitionTime": now});
        world.patch_status("pod", "p", json!({"conditions": [announced]})).await?;
        let is_announced = async || {
            let pod = world.store.get(&World::context(), &world.key("pod", "p"), ReadAt::Newest).await?;
            let status: PodStatus = pod.status::<PodStatus>().cloned().unwrap_or_default();
            setpoint_core::Result::<bool>::Ok(conditions::is_true(
                status.conditions.iter().flatten(),
                "DisruptionTarget",
            ))
        };
        world.env.sleep(Duration::from_secs(118)).await;
        assert!(is_announced().await?);
        world.env.sleep(Duration::from_secs(5)).await;
        assert!(!is_announced().await?);
        Ok(())
    });
}
