//! The real kubectl, if there is one on the path, against the server over TLS.
//!
//! What it prints for people is compared word for word, except for ages. Without kubectl the tests say so and pass.

mod custom;
mod describe;
mod discovery;
#[cfg(feature = "etcd")]
mod etcd;
mod generators;
mod nodes;
mod pods;
mod program;
mod rollout;

use std::sync::Arc;

use setpoint::apiserver::serve::Server;
use setpoint::env::Env;
use setpoint::node::agent::{AgentSettings, Shutdown};
use setpoint::node::simulated::SimulatedRuntime;
use setpoint::{ControlPlane, ControlPlaneBuilder};

use self::program::Kubectl;

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// A control plane with a simulated node, a server of its API, and kubectl to ask it.
struct World {
    plane: ControlPlane,
    server: Server,
    kubectl: Kubectl,
}

impl World {
    /// `None` if there is no kubectl.
    async fn start() -> Option<Self> {
        let env = Env::tokio();
        let kubectl = Kubectl::find(&env)?;
        let plane = Self::plane(&env, &kubectl, Shutdown::StopPods, |builder| builder).await;
        let plane = plane.expect("the control plane starts");
        let server =
            Server::builder(&env, plane.api_server()).start().await.expect("it listens on a free port");
        server.kubeconfig().write(&kubectl.config()).expect("the folder can be written to");
        Some(Self { plane, server, kubectl })
    }

    /// A control plane with a simulated node, made of what is chosen.
    async fn plane(
        env: &Env,
        kubectl: &Kubectl,
        shutdown: Shutdown,
        choose: impl FnOnce(ControlPlaneBuilder) -> ControlPlaneBuilder,
    ) -> Result<ControlPlane, setpoint::Error> {
        let runtime = Arc::new(SimulatedRuntime::builder("node-1", env.clone()).build());
        let mut settings = AgentSettings::new("node-1").with_directory(kubectl.folder().join("node-1"));
        settings.shutdown = shutdown;
        for (name, amount) in [("cpu", "4"), ("memory", "8Gi"), ("ephemeral-storage", "10Gi")] {
            settings = settings.with_capacity(name, amount.parse().expect("a quantity"));
        }
        choose(ControlPlane::builder(env))
            .workload_controllers()
            .node_controllers()
            .scheduler()
            .node(settings, runtime.node_runtime())
            .start()
            .await
    }

    async fn end(self) {
        self.server.shut_down().await;
        self.plane.shut_down().await;
    }
}

/// Lines as kubectl aligns them, with one blank between columns.
fn squeezed(text: &str) -> Vec<String> {
    text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// A table of which the last column tells ages.
fn without_ages(text: &str) -> Vec<String> {
    let mut lines = squeezed(text);
    for line in lines.iter_mut().skip(1) {
        line.truncate(line.rfind(' ').unwrap_or(line.len()));
    }
    lines
}
