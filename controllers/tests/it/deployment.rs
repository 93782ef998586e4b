//! A Deployment down to its pods. What nodes do is played by hand, one pod at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, DeploymentStatus, ReplicaSet};
use k8s_openapi::api::core::v1::{Pod, PodCondition, PodStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde_json::{Value, json};
use setpoint_controllers::deployment::DeploymentController;
use setpoint_controllers::garbage_collector::GarbageCollector;
use setpoint_controllers::pod::{Readiness, is_active};
use setpoint_controllers::replica_set::ReplicaSetController;
use setpoint_core::Error;
use setpoint_core::env::{Env, Simulation};
use setpoint_core::kind::{KindId, Subresource};
use setpoint_core::object::{Draft, ObjectRef, Part};
use setpoint_reconcile::manager::Manager;
use setpoint_store::request::{
    DeleteOptions, ReadAt, RequestContext, Selection, WatchEvent, WatchFrom, WatchQuery,
};
use setpoint_store::{ObjectStore, ObjectStoreExt, Objects, Store, WatchStream};
use setpoint_watch::faulty::{Faults, FaultyStore};
use setpoint_watch::{DirectView, InformerView, View};

struct World {
    env: Env,
    store: Store,
    deployments: Objects<Deployment>,
    pods: KindId,
    sets: KindId,
    manager: Manager,
}

impl World {
    fn play<F: Future<Output = Result<(), Error>>>(scene: impl FnOnce(Self) -> F) {
        let sim = Simulation::new(7);
        let env = sim.env();
        let done = sim.block_on(async {
            let store = Store::memory(&env);
            let shared: Arc<dyn ObjectStore> = Arc::new(store.clone());
            let view = DirectView::new(Arc::clone(&shared)).expect("the store is in this process");
            scene(Self::start(&env, store, shared, Arc::new(view)).await?).await
        });
        done.expect("nothing waits for ever").expect("the scene goes as planned");
    }

    /// Plays a scene in which the controllers work on a store that fails, and see it through a watch. What
    /// the scene does itself does not fail.
    fn play_faulty<F: Future<Output = Result<(), Error>>>(
        seed: u64,
        faults: Faults,
        scene: impl FnOnce(Self, FaultyStore) -> F,
    ) {
        let sim = Simulation::new(seed);
        let env = sim.env();
        let done = sim.block_on(async {
            let store = Store::memory(&env);
            let faulty = FaultyStore::new(&env, Arc::new(store.clone()), faults);
            let view = InformerView::new(&env, Arc::new(faulty.clone()));
            let shared = Arc::new(view.clone());
            scene(Self::start(&env, store, Arc::new(faulty.clone()), shared).await?, faulty).await?;
            view.shut_down().await;
            Ok::<_, Error>(())
        });
        done.expect("nothing waits for ever").expect("the scene goes as planned");
    }

    async fn start(
        env: &Env,
        store: Store,
        shared: Arc<dyn ObjectStore>,
        view: Arc<dyn View>,
    ) -> Result<Self, Error> {
        store.ensure_namespace("ns").await?;
        let mut manager = Manager::new(env, shared, view);
        manager.start(GarbageCollector::controller(manager.context()));
        manager.start(ReplicaSetController::controller(manager.context())?);
        manager.start(DeploymentController::controller(manager.context())?);
        let deployments = Objects::namespaced(&store, "ns")?;
        let (pods, sets) = (store.kind_of::<Pod>()?.id, store.kind_of::<ReplicaSet>()?.id);
        Ok(Self { env: env.clone(), store, deployments, pods, sets, manager })
    }

    fn context() -> RequestContext {
        RequestContext::system("test")
    }

    async fn settle(&self) {
        self.env.sleep(Duration::from_millis(100)).await;
    }

    async fn create(&self, replicas: i32, strategy: Value) -> Result<(), Error> {
        let web = json!({
            "metadata": {"name": "web"},
            "spec": {
                "replicas": replicas,
                "strategy": strategy,
                "selector": {"matchLabels": {"app": "web"}},
                "template": {
                    "metadata": {"labels": {"app": "web"}},
                    "spec": {"containers": [{"name": "c", "image": "app:1"}]},
                },
            },
        });
        self.deployments.create(serde_json::from_value(web).expect("a Deployment")).await?;
        self.settle().await;
        Ok(())
    }

    async fn web(&self) -> ObjectRef {
        let key = self.deployments.key("web");
        self.store.get(&Self::context(), &key, ReadAt::Newest).await.expect("it is there")
    }

    async fn set_image(&self, image: &str) -> Result<(), Error> {
        let mut draft = Draft::of(&*self.web().await);
        let spec = draft.spec_mut::<DeploymentSpec>().expect("it is one");
        spec.template.spec.as_mut().expect("it has one").containers[0].image = Some(image.to_owned());
        self.store.update(&Self::context(), draft, Subresource::Main).await?;
        self.settle().await;
        Ok(())
    }

    fn all(&self, kind: KindId) -> Vec<ObjectRef> {
        self.store.snapshot().expect("in memory").list(kind).cloned().collect()
    }

    /// Names of the images of all pods, those on their way out included, with their number.
    fn images(&self) -> BTreeMap<String, usize> {
        let mut images = BTreeMap::new();
        for pod in self.all(self.pods) {
            *images.entry(image(&pod)).or_default() += 1;
        }
        images
    }

    /// Lets one pod become ready. Says whether there was one that was not.
    async fn one_ready(&self) -> Result<bool, Error> {
        let waiting =
            self.all(self.pods).into_iter().find(|pod| is_active(pod) && !Readiness::of(pod).is_ready());
        let Some(pod) = waiting else { return Ok(false) };
        let ready = PodCondition {
            type_: "Ready".to_owned(),
            status: "True".to_owned(),
            last_transition_time: Some(Time(self.env.wall())),
            ..PodCondition::default()
        };
        let status = PodStatus {
            phase: Some("Running".to_owned()),
            conditions: Some(vec![ready]),
            ..pod.status::<PodStatus>().cloned().unwrap_or_default()
        };
        let mut draft = Draft::of(&pod);
        draft.set_status(Some(Part::new(status)));
        self.store.update(&Self::context(), draft, Subresource::Status).await?;
        self.settle().await;
        Ok(true)
    }

    /// Lets one pod that is on its way out be gone. Says whether there was one.
    async fn one_gone(&self) -> Result<bool, Error> {
        let Some(pod) = self.all(self.pods).into_iter().find(|pod| pod.meta().is_terminating()) else {
            return Ok(false);
        };
        let options = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
        self.store.delete(&Self::context(), &pod.key(), options).await?;
        self.settle().await;
        Ok(true)
    }

    async fn rest(&self) -> Result<(), Error> {
        self.settle().await;
        for _ in 0..500 {
            let (ready, gone) = (self.one_ready().await?, self.one_gone().await?);
            if !ready && !gone {
                return Ok(());
            }
        }
        panic!("it does not come to rest: {:?}", self.images());
    }

    /// Makes pods stay until they are said to be gone, as they do on a node.
    async fn bind_all(&self) -> Result<(), Error> {
        for pod in self.all(self.pods) {
            let unbound = pod
                .spec::<setpoint_core::builtin::SharedPodSpec>()
                .is_some_and(|spec| spec.node_name_text().is_none_or(|name| name.is_empty()));
            if unbound && !pod.meta().is_terminating() {
                let binding = setpoint_store::request::Binding {
                    pod: pod.key(),
                    node: "node".into(),
                    preconditions: Default::default(),
                    labels: Default::default(),
                    annotations: Default::default(),
                };
                self.store.write(&Self::context(), setpoint_store::request::Write::Bind(binding)).await?;
            }
        }
        Ok(())
    }

    async fn watch_pods(&self) -> Result<WatchStream, Error> {
        let selection = Selection::namespace(self.pods, "ns");
        let query = WatchQuery { selection, from: WatchFrom::Now, bookmarks: false };
        self.store.watch(&Self::context(), &query).await
    }
}

fn image(pod: &ObjectRef) -> String {
    let spec = pod.to_whole::<Pod>().expect("it is one").spec.clone().expect("it has one");
    spec.containers[0].image.clone().unwrap_or_default()
}

fn set_image(set: &ObjectRef) -> String {
    let template = set.to_whole::<ReplicaSet>().expect("it is one").spec.template.clone();
    let spec = template.and_then(|template| template.spec).expect("it has one");
    spec.containers[0].image.clone().unwrap_or_default()
}

/// The smallest number of pods that were available at any time.
fn fewest_available(before: &[ObjectRef], watch: &mut WatchStream) -> usize {
    let mut pods: BTreeMap<String, ObjectRef> =
        before.iter().map(|pod| (pod.meta().name.to_string(), pod.clone())).collect();
    let count = |pods: &BTreeMap<String, ObjectRef>| {
        pods.values().filter(|pod| is_active(pod) && Readiness::of(pod).is_ready()).count()
    };
    let mut fewest = count(&pods);
    while let Some(Some(event)) = watch.next().now_or_never() {
        let event = event.expect("it goes on");
        let Some(pod) = event.object() else { continue };
        let name = pod.meta().name.to_string();
        match &event {
            WatchEvent::Deleted(_) => drop(pods.remove(&name)),
            _ => drop(pods.insert(name, pod.clone())),
        }
        fewest = fewest.min(count(&pods));
    }
    fewest
}

#[test]
fn a_rolling_update_never_has_too_few_pods_available() {
    // DEP-34 to DEP-39
    for (replicas, surge, unavailable, fewest) in
        [(10, json!("25%"), json!("25%"), 8), (3, json!(1), json!(0), 3), (4, json!(0), json!(1), 3)]
    {
        World::play(|world| async move {
            let bounds = json!({"maxSurge": surge, "maxUnavailable": unavailable});
            world.create(replicas, json!({"type": "RollingUpdate", "rollingUpdate": bounds})).await?;
            world.rest().await?;
            let before = world.all(world.pods);
            let mut watch = world.watch_pods().await?;
            world.set_image("app:2").await?;
            world.one_ready().await?;
            world.set_image("app:3").await?;
            world.rest().await?;
            let replicas = usize::try_from(replicas).expect("it is small");
            assert_eq!(world.images(), BTreeMap::from([("app:3".to_owned(), replicas)]));
            assert_eq!(fewest_available(&before, &mut watch), fewest);
            Ok(())
        });
    }
}

#[test]
fn recreated_pods_come_when_the_last_old_one_is_gone() {
    // DEP-10, DEP-41, DEP-42
    World::play(|world| async move {
        world.create(3, json!({"type": "Recreate"})).await?;
        world.bind_all().await?;
        world.rest().await?;
        world.set_image("app:2").await?;
        for left in [3, 2, 1] {
            assert_eq!(world.images(), BTreeMap::from([("app:1".to_owned(), left)]));
            assert_eq!(world.all(world.sets).len(), 1, "the new one waits");
            let status = world.web().await.status::<DeploymentStatus>().cloned().expect("it has one");
            assert_eq!((status.replicas, status.terminating_replicas), (None, i32::try_from(left).ok()));
            world.one_gone().await?;
        }
        assert_eq!(world.images(), BTreeMap::from([("app:2".to_owned(), 3)]));
        Ok(())
    });
}

#[test]
fn old_pods_that_have_failed_are_not_waited_for() {
    // DEP-42: their ReplicaSet does not count them any more, and their work is over.
    World::play(|world| async move {
        world.create(2, json!({"type": "Recreate"})).await?;
        world.bind_all().await?;
        world.rest().await?;
        let failed = world.all(world.pods).remove(0);
        let mut draft = Draft::of(&failed);
        draft.status_mut::<PodStatus>().expect("a pod").phase = Some("Failed".to_owned());
        world.store.update(&World::context(), draft, Subresource::Status).await?;
        world.settle().await;
        world.bind_all().await?;
        world.rest().await?;
        world.set_image("app:2").await?;
        assert_eq!(world.all(world.sets).len(), 1, "pods on their way out are waited for");
        while world.one_gone().await? {}
        assert_eq!(world.images(), BTreeMap::from([("app:1".to_owned(), 1), ("app:2".to_owned(), 2)]));
        Ok(())
    });
}

#[test]
fn pods_go_with_their_deployment() {
    // DEP-07
    World::play(|world| async move {
        world.create(2, json!({"type": "RollingUpdate"})).await?;
        world.rest().await?;
        world.store.delete(&World::context(), &world.web().await.key(), DeleteOptions::default()).await?;
        world.rest().await?;
        assert!(world.images().is_empty() && world.all(world.sets).is_empty());
        Ok(())
    });
}

#[test]
fn the_status_follows_the_pods() {
    // DEP-49 to DEP-53
    World::play(|world| async move {
        world.create(3, json!({"type": "RollingUpdate"})).await?;
        for ready in 1..=3 {
            world.one_ready().await?;
            let status = world.web().await.status::<DeploymentStatus>().cloned().expect("it has one");
            assert_eq!((status.ready_replicas, status.available_replicas), (Some(ready), Some(ready)));
        }
        Ok(())
    });
}

#[test]
fn a_deployment_is_looked_at_and_written_a_few_times_however_many_pods_it_has() {
    // DEP-10, DEP-59
    World::play(|world| async move {
        let selection = Selection::namespace(world.deployments.kind().id, "ns");
        let query = WatchQuery { selection, from: WatchFrom::Now, bookmarks: false };
        let mut watch = world.store.watch(&World::context(), &query).await?;
        world.create(300, json!({"type": "RollingUpdate"})).await?;
        world.settle().await;
        assert_eq!(world.all(world.pods).len(), 300);
        let mut versions = 0;
        while let Some(Some(_)) = watch.next().now_or_never() {
            versions += 1;
        }
        let runs = world.manager.health().last().expect("it runs").runs;
        // Created, its revision noted, its generation observed, its replicas counted.
        assert_eq!(versions, 4);
        assert!(runs <= 6, "{runs}");
        Ok(())
    });
}

#[test]
fn a_rollout_gets_there_although_requests_fail_and_watches_lie() {
    // INV-C rows; DEP-19: the name that an unanswered creation has taken is no collision.
    for seed in 0..8 {
        World::play_faulty(seed, Faults::ROUGH, |world, faulty| async move {
            world.create(4, json!({"type": "RollingUpdate"})).await?;
            for image in ["app:2", "app:3"] {
                world.env.sleep(Duration::from_secs(20)).await;
                world.one_ready().await?;
                world.set_image(image).await?;
            }
            world.env.sleep(Duration::from_secs(20)).await;
            faulty.set_faults(Faults::NONE);
            for _ in 0..40 {
                world.env.sleep(Duration::from_secs(300)).await;
                world.rest().await?;
            }
            assert_eq!(world.images(), BTreeMap::from([("app:3".to_owned(), 4)]), "seed {seed}");
            let status = world.web().await.status::<DeploymentStatus>().cloned().expect("it has one");
            assert_eq!((status.available_replicas, status.replicas), (Some(4), Some(4)), "seed {seed}");
            assert_eq!(status.collision_count, None, "seed {seed}");
            // A template that was there for a while only may have been missed, and none has two.
            let images: BTreeSet<_> = world.all(world.sets).iter().map(set_image).collect();
            assert_eq!(images.len(), world.all(world.sets).len(), "seed {seed}");
            world.manager.shut_down(Duration::from_secs(1)).await;
            Ok(())
        });
    }
}

#[test]
fn there_is_one_replica_set_for_a_template_while_the_view_lags() {
    // DEP-19
    for seed in 0..6 {
        let late = Faults { watch_late: 1000, late_ms_max: 30_000, write_unanswered: 200, ..Faults::NONE };
        World::play_faulty(seed, late, |world, _| async move {
            world.create(3, json!({"type": "RollingUpdate"})).await?;
            world.env.sleep(Duration::from_secs(600)).await;
            world.set_image("app:2").await?;
            world.env.sleep(Duration::from_secs(600)).await;
            let status = world.web().await.status::<DeploymentStatus>().cloned().expect("it has one");
            assert_eq!((status.collision_count, world.all(world.sets).len()), (None, 2), "seed {seed}");
            world.manager.shut_down(Duration::from_secs(1)).await;
            Ok(())
        });
    }
}
