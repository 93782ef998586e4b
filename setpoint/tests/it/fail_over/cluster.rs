//! The world around the control planes: etcd, a kubelet of a kind, a user, and somebody who watches.

use std::collections::BTreeMap;
use std::future::Future;
use std::process::Child;
use std::time::{Duration, Instant};

use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;
use setpoint::env::{Env, Task};
use setpoint::model::object::Revision;
use setpoint::store::engine::etcd::LocalEtcd;
use setpoint::store::engine::{Engine, Etcd, Feed, Route};
use setpoint::{Error, Objects, Store};

use super::plane;
use super::verdict::History;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a pod takes to become ready.
const START: Duration = Duration::from_millis(40);
pub(super) const REPLICAS: usize = 8;

pub(super) struct Cluster {
    env: Env,
    etcd: LocalEtcd,
    store: Store<Etcd>,
    planes: BTreeMap<String, Child>,
    kubelet: Task<()>,
    feeds: [Feed; 4],
    _folder: tempfile::TempDir,
}

impl Cluster {
    pub(super) async fn start() -> Self {
        let env = Env::tokio();
        let memory = std::path::Path::new("/dev/shm");
        let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let folder = folder.expect("a folder can be made");
        let etcd = LocalEtcd::start(folder.path(), 3).expect("it starts");
        let settings = etcd.settings().with_compaction(None).with_request_timeout(Duration::from_secs(10));
        let store = Store::etcd(&env, settings).await.expect("etcd answers");
        let mut named = Ok(());
        for _ in 0..20 {
            named = store.ensure_namespace("default").await;
            if named.is_ok() {
                break;
            }
        }
        named.expect("etcd takes writes");
        let maps = Objects::<ConfigMap>::namespaced(&store, "default").expect("a built-in kind");
        let mut stamp = ConfigMap::default();
        stamp.metadata.name = Some("stamp".to_owned());
        maps.create(stamp).await.expect("it is new");
        let from = store.engine().snapshot().revision();
        let kinds = [maps.kind().id, kind::<Lease>(&store), kind::<ReplicaSet>(&store), kind::<Pod>(&store)];
        let feeds = kinds.map(|kind| store.engine().feed(kind, Route::Kind, from).expect("the newest"));
        let kubelet = env.spawn("kubelet", run_pods(env.clone(), store.clone()));
        Self { env, etcd, store, planes: BTreeMap::new(), kubelet, feeds, _folder: folder }
    }

    pub(super) fn start_plane(&mut self, identity: &str) {
        let process = plane::spawn(&self.etcd.endpoints(), identity);
        self.planes.insert(identity.to_owned(), process);
    }

    #[expect(clippy::disallowed_methods, reason = "real processes have real time")]
    pub(super) fn kill_plane(&mut self, identity: &str) -> Instant {
        let mut process = self.planes.remove(identity).expect("it runs");
        process.kill().expect("it runs");
        process.wait().expect("it is ours");
        Instant::now()
    }

    pub(super) fn signal(&self, identity: &str, signal: Signal) {
        let id = i32::try_from(self.planes[identity].id()).expect("a process id");
        kill(Pid::from_raw(id), signal).expect("it runs");
    }

    pub(super) fn kill_member(&mut self, member: usize) {
        self.etcd.kill(member).expect("there are three");
    }

    pub(super) fn restart_member(&mut self, member: usize) {
        self.etcd.restart(member).expect("there are three");
    }

    pub(super) async fn pass(&self, time: Duration) {
        self.env.sleep(time).await;
    }

    pub(super) fn revision(&self) -> Revision {
        self.store.engine().snapshot().revision()
    }

    /// Tries until it succeeds: while a member of etcd dies, a request may fail.
    async fn insist<T, F: Future<Output = Result<T, Error>>>(&self, mut ask: impl FnMut() -> F) -> T {
        let insisting = async {
            loop {
                if let Ok(answer) = ask().await {
                    return answer;
                }
                self.env.sleep(Duration::from_millis(50)).await;
            }
        };
        self.env.timeout(PATIENCE, insisting).await.expect("it succeeds in the end")
    }

    /// Waits until it is so.
    async fn until(&self, what: &str, mut test: impl FnMut() -> bool) {
        let waiting = async {
            while !test() {
                self.env.sleep(Duration::from_millis(5)).await;
            }
        };
        let waited = self.env.timeout(PATIENCE, waiting).await;
        waited.unwrap_or_else(|_| panic!("it does not come to be so: {what}"));
    }

    pub(super) async fn create_deployment(&self) {
        let deployment = json!({
            "metadata": {"name": "web"},
            "spec": {"replicas": REPLICAS, "selector": {"matchLabels": {"app": "web"}}, "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "main", "image": "app:1"}]}}},
        });
        let deployment: Deployment = serde_json::from_value(deployment).expect("a Deployment");
        let deployments = self.deployments();
        self.insist(|| async {
            match deployments.create(deployment.clone()).await {
                Err(error) if error.is_already_exists() => Ok(()),
                answer => answer.map(drop),
            }
        })
        .await;
    }

    fn deployments(&self) -> Objects<Deployment> {
        Objects::namespaced(&self.store, "default").expect("a built-in kind")
    }

    pub(super) async fn change_image(&self, version: u32) {
        let containers = json!([{"name": "main", "image": format!("app:{version}")}]);
        let patch = json!({"spec": {"template": {"spec": {"containers": containers}}}});
        let deployments = self.deployments();
        self.insist(|| deployments.patch("web", plane::merge(patch.clone()))).await;
    }

    /// Images of the pods that are ready and stay.
    fn ready(&self) -> Vec<String> {
        let kind = kind::<Pod>(&self.store);
        let snapshot = self.store.engine().snapshot();
        let pods = snapshot.list(kind).filter(|pod| super::verdict::is_ready(pod));
        pods.filter_map(|pod| super::verdict::image(pod)).collect()
    }

    fn count(&self, version: u32) -> usize {
        let image = format!("app:{version}");
        self.ready().iter().filter(|ready| **ready == image).count()
    }

    /// Waits until some pods are of the new version, and others are not.
    pub(super) async fn half_rolled_out(&self, version: u32) {
        self.until("a rollout is under way", || self.count(version) >= 2).await;
        assert!(self.count(version) < REPLICAS, "it was too fast to be disturbed");
    }

    pub(super) async fn rolled_out(&self, version: u32) {
        self.until("a rollout is complete", || {
            self.count(version) == REPLICAS && self.ready().len() == REPLICAS
        })
        .await;
    }

    /// Who has begun the newest epoch.
    pub(super) async fn leader(&self) -> String {
        let leases = Objects::<Lease>::namespaced(&self.store, "kube-system").expect("a built-in kind");
        let epoch = self.insist(|| leases.get("setpoint-epoch")).await;
        epoch.spec.as_ref().and_then(|spec| spec.holder_identity.clone()).expect("somebody leads")
    }

    /// Waits until another leads than this one.
    pub(super) async fn another_leads(&self, than: &str) -> String {
        let waiting = async {
            loop {
                let leader = self.leader().await;
                if leader != than {
                    return leader;
                }
                self.env.sleep(Duration::from_millis(20)).await;
            }
        };
        self.env.timeout(PATIENCE, waiting).await.expect("another leads in the end")
    }

    /// Ends everything, and tells what was seen.
    pub(super) async fn end(mut self) -> History {
        for (identity, mut process) in std::mem::take(&mut self.planes) {
            let ended = process.try_wait().expect("it is ours");
            assert!(ended.is_none(), "{identity} has ended by itself");
            process.kill().expect("it runs");
            process.wait().expect("it is ours");
        }
        self.kubelet.cancel();
        let history = History::read(&mut self.feeds);
        self.store.engine().close().await;
        history
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for process in self.planes.values_mut() {
            // It may have ended; then there is nothing to do.
            let _ended = process.kill().and_then(|()| process.wait());
        }
    }
}

fn kind<K: 'static>(store: &Store<Etcd>) -> setpoint::model::kind::KindId {
    use setpoint::ObjectStore;
    store.registry().of::<K>().expect("a built-in kind").id
}

/// Makes each pod ready a little after it was made.
async fn run_pods(env: Env, store: Store<Etcd>) {
    let pods = Objects::<Pod>::namespaced(&store, "default").expect("a built-in kind");
    let kind = pods.kind().id;
    let status = json!({"status": {"phase": "Running", "startTime": "2026-01-01T00:00:00Z",
        "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}]}});
    loop {
        env.sleep(START).await;
        let waiting: Vec<String> = {
            let snapshot = store.engine().snapshot();
            let waiting = snapshot.list(kind).filter(|pod| !super::verdict::is_ready(pod));
            waiting
                .filter(|pod| !pod.meta().is_terminating())
                .map(|pod| pod.meta().name.to_string())
                .collect()
        };
        for name in waiting.into_iter().take(1) {
            // It may be gone, or etcd may not answer: then the next round does it.
            let _tried = pods.patch_status(&name, plane::merge(status.clone())).await;
        }
    }
}
