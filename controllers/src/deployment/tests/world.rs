use std::sync::Arc;
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use k8s_openapi::api::apps::v1::{
    Deployment, DeploymentCondition, DeploymentSpec, DeploymentStatus, ReplicaSet, ReplicaSetStatus,
};
use k8s_openapi::api::core::v1::Event;
use setpoint_core::conditions;
use setpoint_core::env::{Env, Simulation};
use setpoint_core::kind::{KindId, Registry, Subresource};
use setpoint_core::object::{Draft, Key, ObjectRef, Part};
use setpoint_core::{Error, Reason};
use setpoint_reconcile::manager::Manager;
use setpoint_store::admission::Chain;
use setpoint_store::engine::Memory;
use setpoint_store::request::{ReadAt, RequestContext, Selection, WatchFrom, WatchQuery};
use setpoint_store::{ObjectStore, ObjectStoreExt, Objects, Store, WatchStream};
use setpoint_watch::DirectView;

use super::scene::{deployment, rolling, template};
use crate::deployment::DeploymentController;

/// A store with the controller at work. The part of ReplicaSets' own controller is played by hand.
pub(super) struct World {
    pub(super) env: Env,
    pub(super) store: Store,
    pub(super) manager: Manager,
    pub(super) deployments: Objects<Deployment>,
    pub(super) sets: Objects<ReplicaSet>,
}

impl World {
    /// Plays a scene to its end.
    pub(super) fn play<F: Future<Output = Result<(), Error>>>(scene: impl FnOnce(Self) -> F) {
        Self::play_seed(1, scene);
    }

    pub(super) fn play_seed<F: Future<Output = Result<(), Error>>>(seed: u64, scene: impl FnOnce(Self) -> F) {
        Self::play_on(seed, Chain::upstream(), scene);
    }

    /// Plays a scene on a store with this admission.
    pub(super) fn play_on<F: Future<Output = Result<(), Error>>>(
        seed: u64,
        admission: Chain,
        scene: impl FnOnce(Self) -> F,
    ) {
        let sim = Simulation::new(seed);
        let env = sim.env();
        let done = sim.block_on(async {
            let store = Store::new(&env, Memory::new(&env), Registry::builtin(), admission);
            store.ensure_namespace("ns").await?;
            let shared: Arc<dyn ObjectStore> = Arc::new(store.clone());
            let view = DirectView::new(Arc::clone(&shared)).expect("the store is in this process");
            let mut manager = Manager::new(&env, shared, Arc::new(view));
            manager.start(DeploymentController::controller(manager.context())?);
            let deployments = Objects::namespaced(&store, "ns")?;
            let sets = Objects::namespaced(&store, "ns")?;
            scene(Self { env, store, manager, deployments, sets }).await
        });
        done.expect("nothing waits for ever").expect("the scene goes as planned");
    }

    pub(super) fn context() -> RequestContext {
        RequestContext::system("test")
    }

    fn key(&self, kind: KindId, name: &str) -> Key {
        Key::namespaced(kind, "ns", name)
    }

    /// Lets the controller do all it has to do now.
    pub(super) async fn settle(&self) {
        self.env.sleep(Duration::from_millis(900)).await;
    }

    /// The Deployment.
    pub(super) async fn web(&self) -> ObjectRef {
        let key = self.key(self.deployments.kind().id, "web");
        self.store.get(&Self::context(), &key, ReadAt::Newest).await.expect("it is there")
    }

    pub(super) async fn status(&self) -> DeploymentStatus {
        self.web().await.status::<DeploymentStatus>().cloned().unwrap_or_default()
    }

    /// Status and reason of a condition.
    pub(super) async fn condition(&self, type_: &str) -> Option<(String, String)> {
        let status = self.status().await;
        let found: &DeploymentCondition = conditions::find(status.conditions.iter().flatten(), type_)?;
        Some((found.status.clone()?, found.reason.clone()?))
    }

    /// Changes the Deployment's spec or metadata.
    pub(super) async fn change(&self, change: impl FnOnce(&mut Draft)) -> Result<(), Error> {
        let mut draft = Draft::of(&*self.web().await);
        change(&mut draft);
        self.store.update(&Self::context(), draft, Subresource::Main).await?;
        self.settle().await;
        Ok(())
    }

    /// Changes the Deployment's spec.
    pub(super) async fn respec(&self, change: impl FnOnce(&mut DeploymentSpec)) -> Result<(), Error> {
        self.change(|draft| change(draft.spec_mut().expect("a Deployment"))).await
    }

    /// All ReplicaSets, oldest revision first.
    pub(super) fn all_sets(&self) -> Vec<ObjectRef> {
        let snapshot = self.store.snapshot().expect("in memory");
        let mut sets: Vec<ObjectRef> = snapshot.list(self.sets.kind().id).cloned().collect();
        sets.sort_by_key(|set| {
            (annotation(set, "revision").parse::<i64>().unwrap_or(0), set.meta().name.clone())
        });
        sets
    }

    /// Sizes of all ReplicaSets, oldest revision first.
    pub(super) fn sizes(&self) -> Vec<i32> {
        self.all_sets().iter().map(size).collect()
    }

    /// One round of all ReplicaSets' status following their sizes, `available` telling how many pods of a
    /// set of that place and size are available. Says whether anything changed.
    pub(super) async fn follow(&self, available: impl Fn(usize, i32) -> i32) -> Result<bool, Error> {
        let mut has_changed = false;
        for (index, set) in self.all_sets().iter().enumerate() {
            let size = size(set);
            let available = Some(available(index, size)).filter(|count| *count > 0);
            let status = ReplicaSetStatus {
                replicas: size,
                fully_labeled_replicas: Some(size).filter(|count| *count > 0),
                ready_replicas: available,
                available_replicas: available,
                observed_generation: Some(set.meta().generation),
                terminating_replicas: Some(0),
                conditions: set.status::<ReplicaSetStatus>().and_then(|status| status.conditions.clone()),
            };
            if set.status::<ReplicaSetStatus>() == Some(&status) {
                continue;
            }
            has_changed = true;
            self.write_set_status(set, status).await?;
        }
        self.settle().await;
        Ok(has_changed)
    }

    pub(super) async fn write_set_status(
        &self,
        set: &ObjectRef,
        status: ReplicaSetStatus,
    ) -> Result<(), Error> {
        let mut draft = Draft::of(set);
        draft.set_status(Some(Part::new(status)));
        match self.store.update(&Self::context(), draft, Subresource::Status).await {
            // The controller was faster; there is another round.
            Err(error) if error.reason() == Reason::Conflict || error.is_not_found() => Ok(()),
            other => other.map(drop),
        }
    }

    /// Rounds until nothing changes any more.
    pub(super) async fn rest(&self, available: impl Fn(usize, i32) -> i32) -> Result<(), Error> {
        self.settle().await;
        for _ in 0..200 {
            if !self.follow(&available).await? {
                return Ok(());
            }
        }
        panic!("it does not come to rest: {:?}", self.sizes());
    }

    /// Rounds in which every pod is available at once, until nothing changes any more.
    pub(super) async fn rest_available(&self) -> Result<(), Error> {
        self.rest(|_, size| size).await
    }

    /// Plays the beginning of a rollout that does not get on: ten replicas, three more and two fewer allowed, and
    /// no pod of the second template works. Eight old ones and five new ones are left.
    pub(super) async fn halfway(&self) -> Result<(), Error> {
        let mut web = deployment("app:1", 10);
        web.spec.strategy = rolling("3", "2");
        self.deployments.create(web).await?;
        self.rest_available().await?;
        self.respec(|spec| spec.template = template("app:2")).await?;
        self.rest(|index, size| if index == 0 { size } else { 0 }).await?;
        assert_eq!(self.sizes(), [8, 5]);
        Ok(())
    }

    /// Type, reason and message of all events about the Deployment, with `<n>` for the ReplicaSet of the
    /// n-th revision, in their order.
    pub(super) async fn events(&self) -> Result<Vec<String>, Error> {
        // They are written by somebody else.
        self.settle().await;
        let events = Objects::<Event>::namespaced(&self.store, "ns")?.list().await?;
        let mut told: Vec<_> =
            events.iter().filter(|event| event.involved_object.name.as_deref() == Some("web")).collect();
        told.sort_by_key(|event| event.object().revision());
        let names: Vec<String> = self.all_sets().iter().map(|set| set.meta().name.to_string()).collect();
        let text = |event: &Event| {
            let of = |text: &Option<String>| text.clone().unwrap_or_default();
            let mut text = format!("{} {} {}", of(&event.type_), of(&event.reason), of(&event.message));
            for (index, name) in names.iter().enumerate() {
                text = text.replace(name.as_str(), &format!("<{}>", index + 1));
            }
            text
        };
        Ok(told.into_iter().map(|event| text(event)).collect())
    }

    /// Every change of ReplicaSets from now on.
    pub(super) async fn watch_sets(&self) -> Result<WatchStream, Error> {
        let selection = Selection::namespace(self.sets.kind().id, "ns");
        let query = WatchQuery { selection, from: WatchFrom::Now, bookmarks: false };
        self.store.watch(&Self::context(), &query).await
    }
}

/// What a watch has to tell until now.
pub(super) fn drain(watch: &mut WatchStream) -> Vec<ObjectRef> {
    let mut seen = Vec::new();
    while let Some(Some(event)) = watch.next().now_or_never() {
        seen.extend(event.expect("it goes on").object().cloned());
    }
    seen
}

pub(super) fn size(set: &ObjectRef) -> i32 {
    let spec = set.spec::<k8s_openapi::api::apps::v1::ReplicaSetSpec>().expect("a ReplicaSet");
    spec.replicas.expect("it has a default")
}

/// One of the controller's annotations, empty if it is not there.
pub(super) fn annotation(object: &ObjectRef, name: &str) -> String {
    let name = format!("deployment.kubernetes.io/{name}");
    object.meta().annotations.get(&name).unwrap_or_default().to_owned()
}
