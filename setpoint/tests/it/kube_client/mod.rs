//! The `kube` crate, as it is, talks to the API within the process: no socket, and time that does not pass.

mod apply;
mod controller;
mod discovery;
mod objects;
mod pods;
mod watching;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::core::Status;
use kube::{Api, Client};
use serde_json::json;
use setpoint::apiserver::{ApiServer, RuntimeLogs};
use setpoint::env::Env;
use setpoint::node::agent::{AgentSettings, Shutdown};
use setpoint::node::simulated::SimulatedRuntime;
use setpoint::{ControlPlane, Store};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// How long, on the paused clock, what is waited for may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// A control plane with a node, and a client of its API.
struct Cluster {
    env: Env,
    plane: ControlPlane,
    client: Client,
}

impl Cluster {
    /// Only a store and its API.
    async fn bare() -> Self {
        let env = Env::tokio();
        let plane = ControlPlane::builder(&env).start().await.expect("an empty control plane starts");
        let client = Client::new(ApiServer::new(&env, Arc::clone(plane.store())), "default");
        Self { env, plane, client }
    }

    /// With controllers, scheduler and a simulated node.
    async fn working() -> Self {
        let env = Env::tokio();
        Self::working_on(Store::memory(&env), env).await
    }

    /// The same, on a store that may know more kinds.
    async fn working_on(store: Store, env: Env) -> Self {
        let runtime = Arc::new(SimulatedRuntime::builder("node-1", env.clone()).build());
        let mut settings = AgentSettings::new("node-1");
        settings.shutdown = Shutdown::StopPods;
        for (name, amount) in [("cpu", "4"), ("memory", "8Gi"), ("ephemeral-storage", "10Gi")] {
            settings = settings.with_capacity(name, amount.parse().expect("a quantity"));
        }
        let plane = ControlPlane::builder(&env)
            .store(store)
            .workload_controllers()
            .node_controllers()
            .scheduler()
            .node(settings, runtime.node_runtime())
            .start()
            .await
            .expect("the control plane starts");
        let server = ApiServer::builder(&env, Arc::clone(plane.store())).logs(RuntimeLogs::new(runtime));
        let client = Client::new(server.build(), "default");
        Self { env, plane, client }
    }

    fn config_maps(&self) -> Api<ConfigMap> {
        Api::default_namespaced(self.client.clone())
    }

    fn deployments(&self) -> Api<Deployment> {
        Api::default_namespaced(self.client.clone())
    }

    /// Waits, but not for ever.
    async fn within<F: Future>(&self, what: F) -> F::Output {
        self.env.timeout(PATIENCE, what).await.expect("it happens in time")
    }

    async fn end(self) {
        self.plane.shut_down().await;
    }
}

fn config_map(name: &str, label: &str, text: &str) -> ConfigMap {
    serde_json::from_value(json!({
        "metadata": {"name": name, "labels": {"app": label}}, "data": {"text": text},
    }))
    .expect("a config map")
}

fn deployment(name: &str, replicas: i32) -> Deployment {
    let template = json!({
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [{"name": "main", "image": "web:1"}, {"name": "side", "image": "side:1"}]},
    });
    let spec =
        json!({"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template});
    serde_json::from_value(json!({"metadata": {"name": name}, "spec": spec})).expect("a deployment")
}

/// The status that a request failed with.
fn refused<T>(result: kube::Result<T>) -> Box<Status> {
    match result {
        Err(kube::Error::Api(status)) => status,
        Err(other) => panic!("no status but {other}"),
        Ok(_) => panic!("it was not refused"),
    }
}
