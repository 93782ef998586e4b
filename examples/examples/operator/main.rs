//! An operator made with kube, and its test without a cluster: `operator.rs` knows only kube, `tests.rs` lets it work
//! against the API in process, on a paused clock, with our controllers, scheduler and a simulated node beside it.
//!
//! ```text
//! cargo run --example operator
//! cargo test --example operator
//! ```
#![allow(clippy::print_stdout, reason = "a program for people")]

mod operator;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use kube::api::PostParams;
use kube::runtime::wait::await_condition;
use kube::{Api, Client};
use setpoint::env::{Env, Task};
use setpoint::model::Error;
use setpoint::node::agent::AgentSettings;
use setpoint::node::simulated::SimulatedRuntime;
use setpoint::{ControlPlane, ObjectStore, Result, Store};

use crate::operator::{Website, WebsiteSpec};

/// A cluster with a node, and the operator at work in it.
struct Cluster {
    plane: ControlPlane,
    client: Client,
    operator: Task<()>,
}

impl Cluster {
    async fn start(env: &Env) -> Result<Self> {
        let store = Store::memory(env);
        store.registry().register::<Website>().map_err(Error::internal)?;
        let runtime = Arc::new(SimulatedRuntime::builder("node-1", env.clone()).build());
        let mut settings = AgentSettings::new("node-1");
        for (resource, amount) in [("cpu", "4"), ("memory", "8Gi"), ("ephemeral-storage", "10Gi")] {
            settings = settings.with_capacity(resource, amount.parse().expect("a quantity"));
        }
        let plane = ControlPlane::builder(env)
            .store(store)
            .workload_controllers()
            .node_controllers()
            .scheduler()
            .node(settings, runtime.node_runtime())
            .start()
            .await?;
        let client = Client::new(plane.api_server().build(), "default");
        let operator = env.spawn("operator", operator::run(client.clone()));
        Ok(Self { plane, client, operator })
    }

    async fn stop(self) {
        self.operator.cancel();
        self.plane.shut_down().await;
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::result::Result<(), setpoint_examples::Failure> {
    let cluster = Cluster::start(&Env::tokio()).await?;
    let websites: Api<Website> = Api::default_namespaced(cluster.client.clone());
    let site = Website::new("blog", WebsiteSpec { image: "blog:1".to_owned(), replicas: 3 });
    websites.create(&PostParams::default(), &site).await?;
    let serves = |site: Option<&Website>| {
        site.and_then(|site| site.status.as_ref()).is_some_and(|status| status.ready_replicas == 3)
    };
    let site = await_condition(websites, "blog", serves).await?;
    println!("{:?}", site.and_then(|site| site.status));
    cluster.stop().await;
    Ok(())
}
