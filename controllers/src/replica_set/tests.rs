use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::apps::v1::{ReplicaSet, ReplicaSetSpec, ReplicaSetStatus};
use k8s_openapi::api::core::v1::{Event, Namespace, Pod, PodStatus};
use parking_lot::Mutex;
use serde_json::{Value, json};
use setpoint_core::Error;
use setpoint_core::env::{Env, Simulation};
use setpoint_core::kind::{Registry, Subresource};
use setpoint_core::object::{Draft, Key, Object, ObjectRef};
use setpoint_reconcile::manager::Manager;
use setpoint_store::admission::{Admission, Chain, Operation, Request, Target};
use setpoint_store::engine::memory::Memory as Engine;
use setpoint_store::request::{DeleteOptions, ReadAt, RequestContext};
use setpoint_store::{ObjectStore, ObjectStoreExt, Store};
use setpoint_watch::faulty::{Faults, FaultyStore};
use setpoint_watch::{DirectView, InformerView};

use super::*;

mod pods;

/// A namespace with a ReplicaSet controller at work.
struct World {
    env: Env,
    store: Store,
    manager: Manager,
    /// How many pods there may be, and how many were asked for.
    quota: Arc<Mutex<(usize, usize)>>,
    /// Whether no pod can be deleted.
    no_deletions: Arc<Mutex<bool>>,
}

/// Refuses deletions of pods, if it is told to.
struct Keeper(Arc<Mutex<bool>>);

impl Admission for Keeper {
    fn name(&self) -> &'static str {
        "Keeper"
    }

    fn handles(&self, target: &Target<'_>) -> bool {
        target.operation == Operation::Delete && target.kind.names.kind == "Pod"
    }

    fn validate(&self, request: &Request<'_>, _: Option<&Draft>) -> Result<(), Error> {
        if *self.0.lock() {
            return Err(Error::forbidden(&request.target.kind.resource, &request.key.name, "it is kept"));
        }
        Ok(())
    }
}

/// Refuses pods beyond a number.
struct Quota(Arc<Mutex<(usize, usize)>>);

impl Admission for Quota {
    fn name(&self) -> &'static str {
        "Quota"
    }

    fn handles(&self, target: &Target<'_>) -> bool {
        target.operation == Operation::Create && target.kind.names.kind == "Pod"
    }

    fn validate(&self, request: &Request<'_>, _: Option<&Draft>) -> Result<(), Error> {
        let (left, asked) = &mut *self.0.lock();
        *asked += 1;
        match left.checked_sub(1) {
            Some(fewer) => {
                *left = fewer;
                Ok(())
            }
            None => Err(Error::forbidden(&request.target.kind.resource, "", "exceeded quota")),
        }
    }
}

fn context() -> RequestContext {
    RequestContext::system("test")
}

impl World {
    fn play<F: Future<Output = Result<(), Error>>>(scene: impl FnOnce(Self) -> F) {
        let sim = Simulation::new(1);
        let env = sim.env();
        let done = sim.block_on(async {
            let quota = Arc::new(Mutex::new((usize::MAX, 0)));
            let no_deletions = Arc::new(Mutex::new(false));
            let admission =
                Chain::upstream().with(Quota(Arc::clone(&quota))).with(Keeper(Arc::clone(&no_deletions)));
            let store = Store::new(&env, Engine::new(&env), Registry::builtin(), admission);
            store.ensure_namespace("ns").await?;
            let shared: Arc<dyn ObjectStore> = Arc::new(store.clone());
            let view = DirectView::new(Arc::clone(&shared)).expect("the store is in this process");
            let mut manager = Manager::new(&env, shared, Arc::new(view));
            manager.start(ReplicaSetController::controller(manager.context())?);
            scene(Self { env, store, manager, quota, no_deletions }).await
        });
        done.expect("nothing waits for ever").expect("the scene goes as planned");
    }

    async fn rest(&self) {
        self.env.sleep(Duration::from_secs(1)).await;
    }

    async fn create<K: 'static>(&self, value: Value) -> Result<ObjectRef, Error> {
        let kind = self.store.kind_of::<K>()?;
        let draft = Draft::from_value(kind, value).expect("of its kind");
        self.store.create(&context(), draft).await
    }

    async fn create_replica_set(&self, name: &str, replicas: i32) -> Result<ObjectRef, Error> {
        self.create::<ReplicaSet>(json!({
            "metadata": {"name": name, "namespace": "ns"},
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": {"app": "web"}},
                "template": {
                    "metadata": {"labels": {"app": "web"}, "annotations": {"note": "n"}},
                    "spec": {"containers": [{"name": "c", "image": "i"}]},
                },
            },
        }))
        .await
    }

    async fn create_pod(&self, name: &str, app: &str) -> Result<ObjectRef, Error> {
        self.create::<Pod>(json!({
            "metadata": {"name": name, "namespace": "ns", "labels": {"app": app}},
            "spec": {"containers": [{"name": "c", "image": "i"}]},
        }))
        .await
    }

    fn all<K: 'static>(&self) -> Vec<ObjectRef> {
        let kind = self.store.kind_of::<K>().expect("a built-in kind");
        self.store.snapshot().expect("in memory").list(kind.id).cloned().collect()
    }

    fn pods(&self) -> Vec<ObjectRef> {
        self.all::<Pod>()
    }

    /// Pods of a ReplicaSet.
    fn pods_of(&self, owner: &Object) -> Vec<ObjectRef> {
        let uid = owner.meta().uid.as_ref().expect("it has one");
        let is_own = |pod: &ObjectRef| crate::controller_ref::is_controlled_by(pod, uid);
        self.pods().into_iter().filter(is_own).collect()
    }

    /// Type, reason and message of all events, and how often.
    fn events(&self) -> Vec<(String, i32)> {
        let event = |object: ObjectRef| {
            let event: &Event = object.spec().expect("an event");
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            let told = format!("{} {}: {}", text(&event.type_), text(&event.reason), text(&event.message));
            (told, event.count.unwrap_or_default())
        };
        self.all::<Event>().into_iter().map(event).collect()
    }

    fn status(&self, name: &str) -> ReplicaSetStatus {
        let found = self.all::<ReplicaSet>().into_iter().find(|object| &*object.meta().name == name);
        let found = found.expect("it is there");
        found.status::<ReplicaSetStatus>().cloned().unwrap_or_default()
    }

    async fn update(&self, key: &Key, side: Subresource, change: impl Fn(&mut Draft)) -> Result<(), Error> {
        let object = self.store.get(&context(), key, ReadAt::Newest).await?;
        let mut draft = Draft::of(&object);
        change(&mut draft);
        self.store.update(&context(), draft, side).await.map(drop)
    }

    async fn scale(&self, replica_set: &Object, replicas: i32) -> Result<(), Error> {
        self.update(&replica_set.key(), Subresource::Main, |draft| {
            draft.spec_mut::<ReplicaSetSpec>().expect("a ReplicaSet").replicas = Some(replicas);
        })
        .await
    }

    async fn set_phase(&self, pod: &Object, phase: &str, is_ready: bool) -> Result<(), Error> {
        let now = Timestamp::from_second(self.env.wall().as_second()).expect("in range");
        let ready = if is_ready { "True" } else { "False" };
        let status: PodStatus = serde_json::from_value(json!({
            "phase": phase,
            "conditions": [{"type": "Ready", "status": ready, "lastTransitionTime": now.to_string()}],
        }))
        .expect("a status");
        self.update(&pod.key(), Subresource::Status, |draft| {
            *draft.status_mut::<PodStatus>().expect("a pod") = status.clone();
        })
        .await
    }

    async fn relabel(&self, pod: &Object, app: &str) -> Result<(), Error> {
        self.update(&pod.key(), Subresource::Main, |draft| {
            let meta = draft.meta_mut();
            meta.labels = meta.labels.with("app", app);
        })
        .await
    }
}

fn counts(status: &ReplicaSetStatus) -> [i32; 5] {
    let ReplicaSetStatus {
        replicas,
        fully_labeled_replicas,
        ready_replicas,
        available_replicas,
        terminating_replicas,
        ..
    } = status;
    let count = |count: &Option<i32>| count.unwrap_or_default();
    [
        *replicas,
        count(fully_labeled_replicas),
        count(ready_replicas),
        count(available_replicas),
        terminating_replicas.unwrap_or(-1),
    ]
}

#[test]
fn pods_are_made_from_the_template_and_counted() {
    // RS-17, RS-18, RS-25
    World::play(|world| async move {
        let owner = world.create_replica_set("rs", 3).await?;
        world.rest().await;
        let pods = world.pods();
        assert_eq!(pods.len(), 3);
        for pod in &pods {
            let meta = pod.meta();
            assert!(meta.name.starts_with("rs-") && meta.name.len() == "rs-".len() + 5, "{}", meta.name);
            assert_eq!(&*meta.owner_references, [crate::controller_ref::controller_ref(&owner)]);
            assert_eq!((meta.labels.get("app"), meta.annotations.get("note")), (Some("web"), Some("n")));
            // What the template determines is one thing for all of them.
            assert!(pod.spec_part().ptr_eq(pods[0].spec_part()));
            assert!(meta.labels.ptr_eq(&pods[0].meta().labels));
            assert!(Arc::ptr_eq(&meta.owner_references, &pods[0].meta().owner_references));
        }
        assert_eq!(counts(&world.status("rs")), [3, 3, 0, 0, 0]);
        assert_eq!(world.status("rs").observed_generation, Some(1));
        let mut told: Vec<String> = world.events().into_iter().map(|event| event.0).collect();
        told.sort_unstable();
        let expected: Vec<String> = pods
            .iter()
            .map(|pod| format!("Normal SuccessfulCreate: Created pod: {}", pod.meta().name))
            .collect();
        assert_eq!(told, expected);
        Ok(())
    });
}

#[test]
fn pods_of_one_template_share_their_parts_also_after_scaling() {
    World::play(|world| async move {
        let owner = world.create_replica_set("rs", 2).await?;
        world.rest().await;
        world.scale(&owner, 5).await?;
        world.rest().await;
        let pods = world.pods();
        assert_eq!(pods.len(), 5);
        assert!(pods.iter().all(|pod| pod.spec_part().ptr_eq(pods[0].spec_part())));
        assert!(pods.iter().all(|pod| pod.meta().labels.ptr_eq(&pods[0].meta().labels)));
        Ok(())
    });
}

#[test]
fn scaling_down_deletes_what_is_missed_least() {
    // RS-20, RS-21, RS-26
    World::play(|world| async move {
        let owner = world.create_replica_set("rs", 5).await?;
        world.rest().await;
        let kept = world.pods()[2].clone();
        world.set_phase(&kept, "Running", true).await?;
        world.rest().await;
        assert_eq!(counts(&world.status("rs")), [5, 5, 1, 1, 0]);
        world.scale(&owner, 1).await?;
        world.rest().await;
        let left: Vec<_> = world.pods().iter().map(|pod| pod.meta().name.clone()).collect();
        assert_eq!(left, [kept.meta().name.clone()]);
        assert_eq!(counts(&world.status("rs")), [1, 1, 1, 1, 0]);
        let told = world.events();
        let deleted =
            told.iter().filter(|event| event.0.starts_with("Normal SuccessfulDelete: Deleted pod: rs-"));
        assert_eq!(deleted.count(), 4);
        world.scale(&owner, 0).await?;
        world.rest().await;
        assert!(world.pods().is_empty());
        assert_eq!(counts(&world.status("rs")), [0, 0, 0, 0, 0]);
        Ok(())
    });
}

#[test]
fn many_pods_are_made_in_bursts_and_told_in_few_events() {
    // RS-15, RS-18: nine events, and one for all the others.
    World::play(|world| async move {
        world.create_replica_set("rs", 1200).await?;
        world.rest().await;
        assert_eq!(world.pods().len(), 1200);
        assert_eq!(counts(&world.status("rs")), [1200, 1200, 0, 0, 0]);
        let told = world.events();
        assert_eq!(told.len(), 10, "{told:?}");
        let combined =
            told.iter().filter(|event| event.0.contains("(combined from similar events): Created pod: rs-"));
        assert_eq!(combined.count(), 1);
        Ok(())
    });
}

#[test]
fn orphans_are_adopted_and_strangers_released() {
    // RS-06, RS-07, RS-12, RS-13
    World::play(|world| async move {
        let before = world.create_pod("before", "web").await?;
        let owner = world.create_replica_set("rs", 2).await?;
        world.rest().await;
        assert_eq!(world.pods().len(), 2);
        assert_eq!(world.pods_of(&owner).len(), 2, "one was there");
        // One that comes later is one too many, and so is either.
        world.create_pod("later", "web").await?;
        world.rest().await;
        assert_eq!((world.pods().len(), world.pods_of(&owner).len()), (2, 2));
        // One that no longer matches is let go and replaced.
        let lost = world.pods()[0].clone();
        world.relabel(&lost, "other").await?;
        world.rest().await;
        assert_eq!((world.pods().len(), world.pods_of(&owner).len()), (3, 2));
        let lost = world.store.get(&context(), &lost.key(), ReadAt::Newest).await?;
        assert!(lost.meta().owner_references.is_empty());
        // Matching again, it is taken back, and one too many.
        world.relabel(&lost, "web").await?;
        world.rest().await;
        assert_eq!((world.pods().len(), world.pods_of(&owner).len()), (2, 2));
        drop(before);
        Ok(())
    });
}

#[test]
fn overlapping_replica_sets_keep_their_own_pods() {
    // RS-30
    World::play(|world| async move {
        let one = world.create_replica_set("one", 1).await?;
        let two = world.create_replica_set("two", 2).await?;
        world.rest().await;
        assert_eq!((world.pods_of(&one).len(), world.pods_of(&two).len()), (1, 2));
        assert_eq!(world.pods().len(), 3);
        Ok(())
    });
}

#[test]
fn pods_that_are_over_or_leave_are_replaced_and_left_alone() {
    // RS-11, RS-26
    World::play(|world| async move {
        world.create_replica_set("rs", 2).await?;
        world.rest().await;
        let pods = world.pods();
        world.set_phase(&pods[0], "Failed", false).await?;
        world
            .update(&pods[1].key(), Subresource::Main, |draft| {
                draft.meta_mut().finalizers = ["example.com/hold"].into_iter().collect();
            })
            .await?;
        world.store.delete(&context(), &pods[1].key(), DeleteOptions::default()).await?;
        world.rest().await;
        assert_eq!(world.pods().len(), 4);
        assert_eq!(counts(&world.status("rs")), [2, 2, 0, 0, 1]);
        Ok(())
    });
}

#[test]
fn a_quota_makes_few_attempts_a_condition_and_retries() {
    // RS-16, RS-18, RS-28, INV-RS-05
    World::play(|world| async move {
        *world.quota.lock() = (2, 0);
        let owner = world.create_replica_set("rs", 8).await?;
        world.env.sleep(Duration::from_millis(1)).await;
        // One, then two, of which one is refused; its pods and its own status wake it at once.
        assert_eq!(world.quota.lock().1, 3 + 1 + 1);
        world.env.sleep(Duration::from_secs(30)).await;
        assert_eq!(world.pods().len(), 2);
        let tried = world.quota.lock().1;
        assert!((8..40).contains(&tried), "with back-off: {tried}");
        let status = world.status("rs");
        let conditions = status.conditions.expect("there is one");
        assert_eq!(conditions[0].type_.as_deref(), Some("ReplicaFailure"));
        assert_eq!(conditions[0].reason.as_deref(), Some("FailedCreate"));
        assert_eq!(conditions[0].message.as_deref(), Some("pods is forbidden: exceeded quota"));
        let refused = "Warning FailedCreate: Error creating: pods is forbidden: exceeded quota";
        assert!(world.events().iter().any(|event| event.0 == refused), "{:?}", world.events());
        assert!(world.manager.health()[0].failures > 3);
        // With fewer wanted all is well.
        world.scale(&owner, 2).await?;
        world.rest().await;
        assert_eq!(world.status("rs").conditions, None);
        Ok(())
    });
}

#[test]
fn pods_become_available_after_their_time() {
    // RS-27
    World::play(|world| async move {
        let owner = world.create_replica_set("rs", 2).await?;
        world
            .update(&owner.key(), Subresource::Main, |draft| {
                draft.spec_mut::<ReplicaSetSpec>().expect("a ReplicaSet").min_ready_seconds = Some(10);
            })
            .await?;
        world.rest().await;
        let pods = world.pods();
        world.set_phase(&pods[0], "Running", true).await?;
        world.env.sleep(Duration::from_secs(4)).await;
        world.set_phase(&pods[1], "Running", true).await?;
        world.rest().await;
        assert_eq!(counts(&world.status("rs")), [2, 2, 2, 0, 0]);
        world.env.sleep(Duration::from_secs(6)).await;
        assert_eq!(counts(&world.status("rs")), [2, 2, 2, 1, 0]);
        world.env.sleep(Duration::from_secs(4)).await;
        assert_eq!(counts(&world.status("rs")), [2, 2, 2, 2, 0]);
        Ok(())
    });
}

#[test]
fn a_replica_set_that_is_deleted_or_whose_namespace_goes_gets_no_pods() {
    // RS-14, RS-19
    World::play(|world| async move {
        let owner = world.create_replica_set("rs", 2).await?;
        world
            .update(&owner.key(), Subresource::Main, |draft| {
                draft.meta_mut().finalizers = ["example.com/hold"].into_iter().collect();
            })
            .await?;
        world.rest().await;
        world.store.delete(&context(), &owner.key(), DeleteOptions::default()).await?;
        let pod = world.pods()[0].key();
        world.store.delete(&context(), &pod, DeleteOptions::default()).await?;
        world.create_pod("orphan", "web").await?;
        world.rest().await;
        assert_eq!(world.pods().len(), 2, "one of its own, and the orphan");
        assert_eq!(counts(&world.status("rs")), [1, 1, 0, 0, 0]);

        let other = world.create_replica_set("other", 2).await?;
        world.rest().await;
        let told = world.events().len();
        let namespace = Key::cluster(world.store.kind_of::<Namespace>()?.id, "ns");
        world.store.delete(&context(), &namespace, DeleteOptions::default()).await?;
        let pod = world.pods_of(&other)[0].key();
        world.store.delete(&context(), &pod, DeleteOptions::default()).await?;
        world.rest().await;
        assert_eq!(world.events().len(), told, "silent");
        assert_eq!(counts(&world.status("other")), [1, 1, 0, 0, 0]);
        assert_eq!(world.status("other").conditions, None);
        assert_eq!(world.manager.health()[0].failures, 0);
        Ok(())
    });
}

#[test]
fn a_replica_set_made_anew_starts_anew() {
    // RS-05
    World::play(|world| async move {
        let first = world.create_replica_set("rs", 2).await?;
        world.rest().await;
        world.store.delete(&context(), &first.key(), DeleteOptions::default()).await?;
        let second = world.create_replica_set("rs", 1).await?;
        world.rest().await;
        assert_eq!(world.pods_of(&first).len(), 2, "which the garbage collector takes");
        assert_eq!(world.pods_of(&second).len(), 1);
        assert_eq!(
            &*world.pods_of(&second)[0].meta().owner_references[0].uid.to_string(),
            second.meta().uid.as_ref().expect("it has one").to_string()
        );
        Ok(())
    });
}

#[test]
fn it_comes_to_rest_on_a_store_that_fails_and_a_view_that_lags() {
    // INV-C-01, INV-RS-06, RS-10
    for seed in 0..12 {
        let sim = Simulation::new(seed);
        let env = sim.env();
        let done = sim.block_on(async {
            let store = Store::memory(&env);
            store.ensure_namespace("ns").await?;
            let faulty = FaultyStore::new(&env, Arc::new(store.clone()), Faults::ROUGH);
            let view = InformerView::new(&env, Arc::new(faulty.clone()));
            let mut manager = Manager::new(&env, Arc::new(faulty.clone()), Arc::new(view.clone()));
            manager.start(ReplicaSetController::controller(manager.context())?);
            let quota = Arc::default();
            let world = World { env: env.clone(), store, manager, quota, no_deletions: Arc::default() };
            let owner = world.create_replica_set("rs", 20).await?;
            env.sleep(Duration::from_secs(20)).await;
            world.scale(&owner, 7).await?;
            env.sleep(Duration::from_secs(5)).await;
            world.scale(&owner, 12).await?;
            env.sleep(Duration::from_secs(20)).await;
            faulty.set_faults(Faults::NONE);
            env.sleep(Duration::from_secs(3600)).await;
            assert_eq!(world.pods_of(&owner).len(), 12, "seed {seed}");
            assert_eq!(counts(&world.status("rs")), [12, 12, 0, 0, 0], "seed {seed}");
            world.manager.shut_down(Duration::from_secs(1)).await;
            view.shut_down().await;
            Ok::<_, Error>(())
        });
        done.expect("nothing waits for ever").expect("the scene goes as planned");
    }
}

#[test]
fn no_pod_too_many_is_made_while_the_view_lags() {
    // INV-RS-01, RS-09, RS-10: writes are answered, but are seen only much later.
    for seed in 0..6 {
        let sim = Simulation::new(seed);
        let env = sim.env();
        let done = sim.block_on(async {
            let store = Store::memory(&env);
            store.ensure_namespace("ns").await?;
            let late = Faults { watch_late: 1000, late_ms_max: 60_000, ..Faults::NONE };
            let faulty = FaultyStore::new(&env, Arc::new(store.clone()), late);
            let view = InformerView::new(&env, Arc::new(faulty.clone()));
            let mut manager = Manager::new(&env, Arc::new(faulty), Arc::new(view.clone()));
            manager.start(ReplicaSetController::controller(manager.context())?);
            let quota = Arc::default();
            let world = World { env: env.clone(), store, manager, quota, no_deletions: Arc::default() };
            let owner = world.create_replica_set("rs", 3).await?;
            for _ in 0..60 {
                env.sleep(Duration::from_secs(10)).await;
                assert!(world.pods_of(&owner).len() <= 3, "seed {seed}");
            }
            assert_eq!(world.pods_of(&owner).len(), 3, "seed {seed}");
            world.manager.shut_down(Duration::from_secs(1)).await;
            view.shut_down().await;
            Ok::<_, Error>(())
        });
        done.expect("nothing waits for ever").expect("the scene goes as planned");
    }
}

#[test]
fn nothing_is_written_at_rest() {
    // INV-C-02
    World::play(|world| async move {
        world.create_replica_set("rs", 10).await?;
        world.rest().await;
        let revision = world.store.snapshot().expect("in memory").revision();
        world.env.sleep(Duration::from_secs(600)).await;
        assert_eq!(world.store.snapshot().expect("in memory").revision(), revision);
        assert!(world.manager.health()[0].runs < 10);
        Ok(())
    });
}
