//! The agent over real processes: a store, a node, pods that are programs of this machine.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{ConfigMap, Pod, PodStatus};
use serde_json::{Value, json};
use setpoint_core::conditions::is_true;
use setpoint_core::env::Env;
use setpoint_node::LocalVolumes;
use setpoint_node::agent::{Agent, AgentSettings, Shutdown};
use setpoint_node::process::ProcessRuntime;
use setpoint_reconcile::manager::Manager;
use setpoint_store::request::{DeleteOptions, WatchFrom, WatchQuery};
use setpoint_store::{ObjectStore, Objects, Store};
use setpoint_watch::DirectView;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(60);

struct World {
    env: Env,
    store: Store,
    agent: Agent,
    runtime: Arc<ProcessRuntime>,
    manager: Manager,
}

impl World {
    async fn begin(directory: &Path) -> Self {
        let env = Env::tokio();
        let store = Store::memory(&env);
        for namespace in ["default", "kube-node-lease"] {
            store.ensure_namespace(namespace).await.expect("a namespace");
        }
        let shared: Arc<dyn ObjectStore> = Arc::new(store.clone());
        let view = DirectView::new(Arc::clone(&shared)).expect("the store is in this process");
        let manager = Manager::new(&env, shared, Arc::new(view));
        let runtime = ProcessRuntime::builder(directory.join("runtime"), env.clone()).open();
        let runtime = Arc::new(runtime.expect("a runtime"));
        let mut settings = AgentSettings::new("node-1").with_directory(directory.join("agent"));
        for (name, amount) in [("cpu", "4"), ("memory", "8Gi"), ("ephemeral-storage", "10Gi")] {
            settings = settings.with_capacity(name, amount.parse().expect("a quantity"));
        }
        let node = LocalVolumes::new(&settings.volume_directory).offer(runtime.node_runtime());
        let agent = Agent::start(&manager.context(), settings, node).await.expect("an agent");
        Self { env, store, agent, runtime, manager }
    }

    async fn end(self) {
        self.agent.shut_down(Shutdown::StopPods, PATIENCE).await;
        self.runtime.shutdown().await;
        self.manager.shut_down(PATIENCE).await;
    }

    fn pods(&self) -> Objects<Pod> {
        Objects::namespaced(&self.store, "default").expect("a built-in kind")
    }

    async fn create(&self, name: &str, spec: Value) {
        let mut all = json!({"nodeName": "node-1", "terminationGracePeriodSeconds": 5});
        all.as_object_mut().expect("an object").extend(spec.as_object().expect("an object").clone());
        let pod = json!({"metadata": {"name": name}, "spec": all});
        self.pods().create(serde_json::from_value(pod).expect("a pod")).await.expect("created");
    }

    /// Waits until the status is as wanted; `None` stands for a pod that is gone.
    async fn until(&self, name: &str, wanted: impl Fn(Option<&PodStatus>) -> bool) -> Option<PodStatus> {
        let context = setpoint_store::request::RequestContext::system("test");
        let query = WatchQuery {
            from: WatchFrom::State,
            ..WatchQuery::after(self.pods().selection(), Default::default())
        };
        let mut changes = self.store.watch(&context, &query).await.expect("a watch");
        let found = async {
            loop {
                let pod = self.pods().get_opt(name).await.expect("read");
                let status = pod.and_then(|pod| pod.status.clone());
                if wanted(status.as_ref()) {
                    return status;
                }
                futures::StreamExt::next(&mut changes).await.expect("the store lives").expect("a change");
            }
        };
        match self.env.timeout(PATIENCE, found).await {
            Ok(status) => status,
            Err(_) => panic!("{name} never became what it should: {:?}", self.pods().get(name).await),
        }
    }
}

fn is_ready(status: Option<&PodStatus>) -> bool {
    status.is_some_and(|status| is_true(status.conditions.iter().flatten(), "Ready"))
}

#[tokio::test]
async fn a_program_runs_as_a_pod_with_its_configuration_and_ends_when_it_is_deleted() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = World::begin(folder.path()).await;
    let maps = Objects::<ConfigMap>::namespaced(&world.store, "default").expect("a built-in kind");
    let map = json!({"metadata": {"name": "settings"}, "data": {"color": "blue"}});
    maps.create(serde_json::from_value(map).expect("a map")).await.expect("created");
    let script = "test \"$COLOR\" = blue && test \"$(cat \"$SETPOINT_CONTAINER_ROOT/etc/app/color\")\" = blue && \
                  exec sleep 1000";
    let env =
        json!([{"name": "COLOR", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "color"}}}]);
    let probe = json!({"exec": {"command": ["true"]}, "periodSeconds": 1});
    let container = json!({
        "name": "web", "image": "host", "command": ["sh", "-c", script], "env": env,
        "volumeMounts": [{"name": "settings", "mountPath": "/etc/app"}], "readinessProbe": probe,
    });
    let volumes = json!([{"name": "settings", "configMap": {"name": "settings"}}]);
    world.create("web-0", json!({"containers": [container], "volumes": volumes})).await;
    let status = world.until("web-0", is_ready).await.expect("it is there");
    assert!(status.pod_ip.is_some());
    world.pods().delete("web-0", DeleteOptions::default()).await.expect("deleted");
    world.until("web-0", |status| status.is_none()).await;
    world.end().await;
}

#[tokio::test]
async fn a_program_that_ends_decides_the_phase() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = World::begin(folder.path()).await;
    for (name, command, expected) in
        [("good", "exit 0", "Succeeded"), ("bad", "echo why >&2; exit 3", "Failed")]
    {
        let container = json!({
            "name": "job", "image": "host", "command": ["sh", "-c", command],
            "terminationMessagePolicy": "FallbackToLogsOnError",
        });
        world.create(name, json!({"containers": [container], "restartPolicy": "Never"})).await;
        let over = |status: Option<&PodStatus>| {
            status.is_some_and(|it| matches!(it.phase.as_deref(), Some("Succeeded" | "Failed")))
        };
        let status = world.until(name, over).await.expect("it is there");
        assert_eq!(status.phase.as_deref(), Some(expected));
        let ended = status.container_statuses.expect("statuses")[0].state.clone();
        let ended = ended.and_then(|state| state.terminated).expect("it ended");
        let (code, message) = if name == "good" { (0, None) } else { (3, Some("why\n")) };
        assert_eq!((ended.exit_code, ended.message.as_deref()), (code, message));
    }
    world.end().await;
}
