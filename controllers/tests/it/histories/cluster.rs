use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, ReplicaSet, ReplicaSetSpec};
use k8s_openapi::api::core::v1::{Pod, PodCondition, PodStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use parking_lot::Mutex;
use serde_json::{Value, json};
use setpoint_controllers::deployment::DeploymentController;
use setpoint_controllers::garbage_collector::GarbageCollector;
use setpoint_controllers::pod::{Readiness, is_active};
use setpoint_controllers::replica_set::ReplicaSetController;
use setpoint_core::builtin::SharedPodSpec;
use setpoint_core::env::Env;
use setpoint_core::kind::{KindId, Registry, Subresource};
use setpoint_core::object::{Draft, Key, ObjectRef, Part, Revision};
use setpoint_core::{Error, Reason};
use setpoint_reconcile::manager::Manager;
use setpoint_store::admission::{Admission, Chain, Operation, Request, Target};
use setpoint_store::engine::memory::Memory;
use setpoint_store::request::{
    Binding, DeleteOptions, Propagation, RequestContext, Selection, WatchEvent, WatchFrom, WatchQuery, Write,
};
use setpoint_store::{ObjectStore, ObjectStoreExt, Store, WatchStream};
use setpoint_watch::DirectView;

use super::step::{Policy, Step};

/// How often it is looked whether everything is at rest.
const QUIET_LOOKS_MAX: usize = 600;

/// The kinds that are looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kinds {
    pub(super) deployments: KindId,
    pub(super) sets: KindId,
    pub(super) pods: KindId,
}

/// A change of an object, and whether a step made it rather than a controller.
pub(super) struct Seen {
    pub(super) object: ObjectRef,
    pub(super) is_gone: bool,
    pub(super) is_ours: bool,
}

/// A namespace with the controllers at work, and somebody who plays users, nodes and pods.
pub(super) struct Cluster {
    pub(super) env: Env,
    pub(super) store: Store,
    pub(super) manager: Manager,
    pub(super) kinds: Kinds,
    pub(super) quota: Arc<Mutex<Limit>>,
    watches: Vec<WatchStream>,
    /// The versions that steps have made since it was last asked, and the objects that they had deleted.
    ours: BTreeSet<Revision>,
    ours_deleted: BTreeSet<String>,
}

/// How many pods may still be made, and how often that was asked.
#[derive(Debug, Default)]
pub(super) struct Limit {
    pub(super) left: Option<usize>,
    pub(super) refused: usize,
}

struct Quota(Arc<Mutex<Limit>>);

impl Admission for Quota {
    fn name(&self) -> &'static str {
        "Quota"
    }

    fn handles(&self, target: &Target<'_>) -> bool {
        target.operation == Operation::Create && target.kind.names.kind == "Pod"
    }

    fn validate(&self, request: &Request<'_>, _: Option<&Draft>) -> Result<(), Error> {
        let limit = &mut *self.0.lock();
        match limit.left {
            None => Ok(()),
            Some(0) => {
                limit.refused += 1;
                Err(Error::forbidden(&request.target.kind.resource, "", "exceeded quota"))
            }
            Some(left) => {
                limit.left = Some(left - 1);
                Ok(())
            }
        }
    }
}

pub(super) fn context() -> RequestContext {
    RequestContext::system("test")
}

impl Cluster {
    pub(super) async fn start(env: &Env) -> Result<Self, Error> {
        let quota = Arc::new(Mutex::new(Limit::default()));
        let admission = Chain::upstream().with(Quota(Arc::clone(&quota)));
        let store = Store::new(env, Memory::new(env), Registry::builtin(), admission);
        store.ensure_namespace("ns").await?;
        let shared: Arc<dyn ObjectStore> = Arc::new(store.clone());
        let view = DirectView::new(Arc::clone(&shared)).expect("the store is in this process");
        let mut manager = Manager::new(env, shared, Arc::new(view));
        manager.start(GarbageCollector::controller(manager.context()));
        manager.start(ReplicaSetController::controller(manager.context())?);
        manager.start(DeploymentController::controller(manager.context())?);
        let kinds = Kinds {
            deployments: store.kind_of::<Deployment>()?.id,
            sets: store.kind_of::<ReplicaSet>()?.id,
            pods: store.kind_of::<Pod>()?.id,
        };
        let mut watches = Vec::new();
        for kind in [kinds.deployments, kinds.sets, kinds.pods] {
            let selection = Selection::namespace(kind, "ns");
            watches.push(
                store
                    .watch(&context(), &WatchQuery { selection, from: WatchFrom::Now, bookmarks: false })
                    .await?,
            );
        }
        Ok(Self {
            env: env.clone(),
            store,
            manager,
            kinds,
            quota,
            watches,
            ours: BTreeSet::new(),
            ours_deleted: BTreeSet::new(),
        })
    }

    /// Lets the controllers do all that they have to do now.
    pub(super) async fn settle(&self) {
        self.env.sleep(Duration::from_millis(1500)).await;
        // A timer may have gone off just now, as when a pod has been ready for long enough.
        let revision = || self.store.snapshot().expect("in memory").revision();
        for _ in 0..QUIET_LOOKS_MAX {
            let before = revision();
            self.env.sleep(Duration::from_millis(100)).await;
            if revision() == before {
                return;
            }
        }
        panic!("INV-C-01: it does not come to rest");
    }

    /// What has changed since it was last asked, in order.
    pub(super) fn changes(&mut self) -> Vec<Seen> {
        let mut seen = Vec::new();
        for watch in &mut self.watches {
            while let Some(Some(event)) = watch.next().now_or_never() {
                let event = event.expect("it goes on");
                let is_gone = matches!(event, WatchEvent::Deleted(_));
                let Some(object) = event.object().cloned() else { continue };
                // A deletion may be two changes, of which it answers with one.
                let is_going = is_gone || object.meta().is_terminating();
                let uid = object.meta().uid.as_ref().map(ToString::to_string).unwrap_or_default();
                let is_ours =
                    self.ours.contains(&object.revision()) || is_going && self.ours_deleted.contains(&uid);
                seen.push(Seen { object, is_gone, is_ours });
            }
        }
        seen.sort_by_key(|seen| seen.object.revision());
        self.ours.clear();
        self.ours_deleted.clear();
        seen
    }

    pub(super) fn all(&self, kind: KindId) -> Vec<ObjectRef> {
        self.store.snapshot().expect("in memory").list(kind).cloned().collect()
    }

    pub(super) fn web(&self) -> Option<ObjectRef> {
        let key = Key::namespaced(self.kinds.deployments, "ns", "web");
        self.store.snapshot().expect("in memory").get(&key).cloned()
    }

    /// ReplicaSets, oldest first.
    pub(super) fn sets(&self) -> Vec<ObjectRef> {
        let mut sets = self.all(self.kinds.sets);
        sets.sort_by_key(|set| (set.meta().creation_timestamp, set.meta().name.clone()));
        sets
    }

    /// Makes a write; whoever was faster is right.
    async fn write(&mut self, write: Write) {
        let is_deletion = matches!(write, Write::Delete(..));
        match self.store.write(&context(), write).await {
            Ok(written) => {
                self.ours.insert(written.object.revision());
                let uid = written.object.meta().uid.as_ref().filter(|_| is_deletion);
                self.ours_deleted.extend(uid.map(ToString::to_string));
            }
            Err(error) if error.is_not_found() || error.is_conflict() || error.is_already_exists() => {}
            Err(error) if error.reason() == Reason::Forbidden && self.quota.lock().left == Some(0) => {}
            Err(error) => panic!("{error}"),
        }
    }

    async fn change(&mut self, object: &ObjectRef, side: Subresource, change: impl FnOnce(&mut Draft)) {
        let mut draft = Draft::of(object);
        change(&mut draft);
        self.write(Write::Update(draft, side)).await;
    }

    pub(super) async fn respec(&mut self, change: impl FnOnce(&mut DeploymentSpec)) {
        let Some(web) = self.web() else { return };
        self.change(&web, Subresource::Main, |draft| change(draft.spec_mut().expect("a Deployment"))).await;
    }

    pub(super) async fn happen(&mut self, step: Step) {
        match step {
            Step::Create(replicas) => self.create(replicas).await,
            Step::Image(image) => {
                let set = |spec: &mut DeploymentSpec| {
                    let pod = spec.template.spec.as_mut().expect("it has one");
                    pod.containers[0].image = Some(format!("app:{image}"));
                };
                self.respec(set).await;
            }
            Step::Replicas(replicas) => self.respec(|spec| spec.replicas = Some(replicas)).await,
            Step::Rolling(0, 0) => self.strategy(json!({"type": "RollingUpdate"})).await,
            Step::Rolling(surge, unavailable) => {
                let bounds = json!({"maxSurge": surge, "maxUnavailable": unavailable});
                self.strategy(json!({"type": "RollingUpdate", "rollingUpdate": bounds})).await;
            }
            Step::Recreate => self.strategy(json!({"type": "Recreate"})).await,
            Step::Pause => self.respec(|spec| spec.paused = Some(true)).await,
            Step::Resume => self.respec(|spec| spec.paused = None).await,
            Step::RollBack(revision) => self.roll_back(revision).await,
            Step::Label(label) => self.label(label).await,
            Step::MinReady(seconds) => self.respec(|spec| spec.min_ready_seconds = Some(seconds)).await,
            Step::Deadline(seconds) => {
                self.respec(|spec| spec.progress_deadline_seconds = Some(seconds)).await
            }
            Step::HistoryLimit(limit) => self.respec(|spec| spec.revision_history_limit = Some(limit)).await,
            Step::Ready(count) => self.set_ready(count.into(), true).await,
            Step::Unready(count) => self.set_ready(count.into(), false).await,
            Step::Fail(count) => self.fail(count.into()).await,
            Step::Lose(count) => self.lose(count.into()).await,
            Step::Gone(count) => self.gone(count.into()).await,
            Step::LoseNode(node) => self.lose_node(&format!("node-{node}")).await,
            Step::OrphanPod => self.orphan_pod().await,
            Step::DeleteSet(index, policy) => {
                if let Some(set) = self.sets().get(usize::from(index)).cloned() {
                    self.delete(&set, policy).await;
                }
            }
            Step::DeleteDeployment(policy) => {
                if let Some(web) = self.web() {
                    self.delete(&web, policy).await;
                }
            }
            Step::Quota(pods) => self.quota.lock().left = Some(pods.into()),
            Step::NoQuota => self.quota.lock().left = None,
            Step::Seconds(seconds) => self.env.sleep(Duration::from_secs(seconds.into())).await,
        }
    }

    pub(super) async fn create(&mut self, replicas: i32) {
        if self.web().is_some() {
            return;
        }
        let kind = self.store.kind_of::<Deployment>().expect("a built-in kind");
        let web = json!({
            "metadata": {"name": "web", "namespace": "ns"},
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": {"app": "web"}},
                "template": {
                    "metadata": {"labels": {"app": "web"}},
                    "spec": {"containers": [{"name": "c", "image": "app:0"}]},
                },
            },
        });
        self.write(Write::Create(Draft::from_value(kind, web).expect("a Deployment"))).await;
    }

    pub(super) async fn strategy(&mut self, strategy: Value) {
        let strategy = serde_json::from_value(strategy).expect("a strategy");
        self.respec(|spec| spec.strategy = Some(strategy)).await;
    }

    async fn roll_back(&mut self, revision: u8) {
        let Some(web) = self.web() else { return };
        self.change(&web, Subresource::Main, |draft| {
            let meta = draft.meta_mut();
            meta.annotations =
                meta.annotations.with("deprecated.deployment.rollback.to", revision.to_string());
        })
        .await;
    }

    async fn label(&mut self, label: u8) {
        let Some(web) = self.web() else { return };
        self.change(&web, Subresource::Main, |draft| {
            let meta = draft.meta_mut();
            meta.labels = meta.labels.with("extra", label.to_string());
            let spec = draft.spec_mut::<DeploymentSpec>().expect("a Deployment");
            let labels = spec.template.metadata.get_or_insert_default().labels.get_or_insert_default();
            labels.insert("extra".to_owned(), label.to_string());
        })
        .await;
    }

    async fn delete(&mut self, object: &ObjectRef, policy: Policy) {
        let propagation = match policy {
            Policy::Background => Propagation::Background,
            Policy::Foreground => Propagation::Foreground,
            Policy::Orphan => Propagation::Orphan,
        };
        let options = DeleteOptions { propagation: Some(propagation), ..DeleteOptions::default() };
        self.write(Write::Delete(object.key(), options)).await;
    }

    /// Pods become ready, or cease to be; those that become ready are put on nodes in turn before.
    pub(super) async fn set_ready(&mut self, count: usize, is_ready: bool) {
        let pods = self.all(self.kinds.pods).into_iter();
        let pods: Vec<_> =
            pods.filter(|pod| is_active(pod) && Readiness::of(pod).is_ready() != is_ready).collect();
        for (index, pod) in pods.into_iter().take(count).enumerate() {
            if is_ready && node_of(&pod).is_empty() {
                let binding = Binding {
                    pod: pod.key(),
                    node: format!("node-{}", index % 3).into(),
                    preconditions: Default::default(),
                    labels: Default::default(),
                    annotations: Default::default(),
                };
                self.write(Write::Bind(binding)).await;
            }
            let Some(pod) = self.store.snapshot().expect("in memory").get(&pod.key()).cloned() else {
                continue;
            };
            let now = self.env.wall();
            let ready = PodCondition {
                type_: "Ready".to_owned(),
                status: if is_ready { "True" } else { "False" }.to_owned(),
                last_transition_time: Some(Time(now)),
                ..PodCondition::default()
            };
            let status = PodStatus {
                phase: Some("Running".to_owned()),
                conditions: Some(vec![ready]),
                ..pod.status::<PodStatus>().cloned().unwrap_or_default()
            };
            self.change(&pod, Subresource::Status, |draft| draft.set_status(Some(Part::new(status)))).await;
        }
    }

    async fn fail(&mut self, count: usize) {
        let pods: Vec<_> =
            self.all(self.kinds.pods).into_iter().filter(|pod| is_active(pod)).take(count).collect();
        for pod in pods {
            self.change(&pod, Subresource::Status, |draft| {
                draft.status_mut::<PodStatus>().expect("a pod").phase = Some("Failed".to_owned());
            })
            .await;
        }
    }

    async fn lose(&mut self, count: usize) {
        let pods: Vec<_> =
            self.all(self.kinds.pods).into_iter().filter(|pod| is_active(pod)).take(count).collect();
        for pod in pods {
            self.write(Write::Delete(pod.key(), DeleteOptions::default())).await;
        }
    }

    pub(super) async fn gone(&mut self, count: usize) {
        let pods = self.all(self.kinds.pods).into_iter().filter(|pod| pod.meta().is_terminating());
        let pods: Vec<_> = pods.take(count).collect();
        for pod in &pods {
            self.kill(pod).await;
        }
    }

    async fn kill(&mut self, pod: &ObjectRef) {
        let options = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
        self.write(Write::Delete(pod.key(), options)).await;
    }

    async fn lose_node(&mut self, node: &str) {
        let pods: Vec<_> = self.all(self.kinds.pods).into_iter().filter(|pod| node_of(pod) == node).collect();
        for pod in pods {
            self.kill(&pod).await;
        }
    }

    async fn orphan_pod(&mut self) {
        let Some(set) = self.sets().pop() else { return };
        let spec = set.spec::<ReplicaSetSpec>().expect("a ReplicaSet");
        let labels = spec.template.as_ref().and_then(|template| template.metadata.as_ref()?.labels.clone());
        let kind = self.store.kind_of::<Pod>().expect("a built-in kind");
        let name = format!("orphan-{}", self.store.snapshot().expect("in memory").revision());
        let pod = json!({
            "metadata": {"name": name, "namespace": "ns", "labels": labels},
            "spec": {"containers": [{"name": "c", "image": "app:orphan"}]},
        });
        self.write(Write::Create(Draft::from_value(kind, pod).expect("a pod"))).await;
    }
}

/// The node of a pod, empty if it has none.
pub(super) fn node_of(pod: &ObjectRef) -> String {
    pod.spec::<SharedPodSpec>().and_then(SharedPodSpec::node_name).unwrap_or_default().to_owned()
}
