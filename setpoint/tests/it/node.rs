//! A control plane with nodes.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Node, Pod};
use serde_json::json;
use setpoint::ControlPlane;
use setpoint::env::Simulation;
use setpoint::model::conditions::is_true;
use setpoint::node::agent::{AgentSettings, Shutdown};
use setpoint::node::simulated::SimulatedRuntime;
use setpoint::store::request::Binding;
use std::sync::Arc;
use std::time::Duration;

fn settings(name: &str) -> AgentSettings {
    let mut settings = AgentSettings::new(name);
    settings.shutdown = Shutdown::StopPods;
    for (name, amount) in [("cpu", "4"), ("memory", "8Gi"), ("ephemeral-storage", "10Gi")] {
        settings = settings.with_capacity(name, amount.parse().expect("a quantity"));
    }
    settings
}

#[test]
fn pods_of_a_deployment_run_on_the_nodes_they_are_bound_to() {
    let sim = Simulation::new(1);
    let env = sim.env();
    let done = sim.block_on(async {
        let mut builder = ControlPlane::builder(&env).workload_controllers();
        for name in ["node-1", "node-2"] {
            let runtime = Arc::new(SimulatedRuntime::builder(name, env.clone()).build());
            builder = builder.node(settings(name), runtime.node_runtime());
        }
        let plane = builder.start().await?;
        assert_eq!(plane.all_objects::<Node>()?.list().await?.len(), 2);
        let template = json!({
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": "web:1"}]},
        });
        let spec = json!({"replicas": 4, "selector": {"matchLabels": {"app": "web"}}, "template": template});
        let deployment = json!({"metadata": {"name": "web"}, "spec": spec});
        let deployments = plane.objects::<Deployment>("default")?;
        deployments.create(serde_json::from_value(deployment).expect("a Deployment")).await?;
        env.sleep(Duration::from_secs(1)).await;
        let pods = plane.objects::<Pod>("default")?;
        for (index, pod) in pods.list().await?.into_iter().enumerate() {
            // Where there is a scheduler, it is faster.
            if pod.spec().node_name().is_some() {
                continue;
            }
            let binding = Binding {
                pod: pod.object().key(),
                node: format!("node-{}", index % 2 + 1).into(),
                preconditions: Default::default(),
                labels: Default::default(),
                annotations: Default::default(),
            };
            let write = setpoint::store::request::Write::Bind(binding);
            plane.store().write(&plane.context().request, write).await?;
        }
        env.sleep(Duration::from_secs(5)).await;
        let web = deployments.get("web").await?;
        let status = web.status.clone().unwrap_or_default();
        assert_eq!((status.replicas, status.available_replicas), (Some(4), Some(4)));
        let ready = |pod: &Pod| {
            pod.status.as_ref().is_some_and(|it| is_true(it.conditions.iter().flatten(), "Ready"))
        };
        assert!(pods.list().await?.iter().all(|pod| ready(pod)));
        plane.shut_down().await;
        Ok::<_, setpoint::Error>(())
    });
    done.expect("nothing waits for ever").expect("the scene goes as planned");
}
