//! Worlds with the true scheduler and agents, on machines whose runtimes fail.

mod machine;

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Namespace;
use serde_json::json;
use setpoint_controllers::node_taints::NodeTaints;
use setpoint_core::builtin::SharedPodSpec;
use setpoint_core::object::Object;
use setpoint_node::agent::{Agent, AgentSettings};
use setpoint_scheduler::{Scheduler, Settings};
use setpoint_store::request::Propagation;
use setpoint_store::tables::Snapshot;

use self::machine::Machine;
use super::workloads::{NS, delete, deployment, image, kinds_with_nodes, object, replica_set, without_nodes};
use crate::checks::{Kinds, is_active};
use crate::{ProcessSpec, Scenario, Surroundings};

/// All of them.
pub(super) fn nodes() -> Vec<Scenario> {
    vec![nodes_of("nodes", false)]
}

/// Two nodes and a scheduler run a Deployment, which rolls out and goes, and a ReplicaSet, which stays.
pub(super) fn nodes_of(name: &str, forgetful: bool) -> Scenario {
    let node = move |name: &'static str| move |outside: &Surroundings| node(name, outside, forgetful);
    without_nodes(name)
        .registry(kinds_with_nodes)
        .in_essence()
        .controller(NodeTaints::controller)
        .process(|_| {
            ProcessSpec::new("scheduler")
                .part(|context| async move { Scheduler::start(&context, Settings::upstream()) })
        })
        .process(node("node-1"))
        .process(node("node-2"))
        .user(|user| async move {
            user.ensure::<Namespace>(None, object(json!({"metadata": {"name": "kube-node-lease"}}))).await?;
            user.ensure(NS, replica_set("api", 2)).await?;
            user.ensure::<Deployment>(NS, object(deployment(3, "v1"))).await?;
            user.sleep(Duration::from_secs(60)).await;
            user.edit::<Deployment>(NS, "web", |web| image(web, "v2")).await?;
            user.sleep(Duration::from_secs(60)).await;
            user.edit::<Deployment>(NS, "web", |web| web.spec.replicas = Some(2)).await?;
            user.sleep(Duration::from_secs(60)).await;
            delete::<Deployment>(&user, "web", Propagation::Background).await?;
            user.settle().await;
            Ok(())
        })
}

fn node(name: &'static str, outside: &Surroundings, forgetful: bool) -> ProcessSpec {
    let machine = Machine::new(name, outside);
    let machine = Arc::new(if forgetful { machine.forgetful() } else { machine });
    let (powered, resting) = (Arc::clone(&machine), Arc::clone(&machine));
    ProcessSpec::new(name)
        .part(move |context| {
            let runtime = machine.node_runtime();
            async move { Agent::start(&context, settings(name), runtime).await }
        })
        .on_power_loss(move || powered.lose_power())
        .at_rest(move |truth, kinds| resting.check_at_rest(&bound(truth, kinds, name)))
}

fn settings(name: &str) -> AgentSettings {
    let mut settings = AgentSettings::new(name);
    // As seldom as they may, so that an hour has fewer heartbeats.
    settings.lease_duration = Duration::from_secs(160);
    settings.status_interval = Duration::from_secs(60);
    settings.addresses = vec!["192.0.2.1".to_owned()];
    for (name, amount) in [("cpu", "4"), ("memory", "8Gi"), ("ephemeral-storage", "10Gi")] {
        settings = settings.with_capacity(name, amount.parse().expect("a quantity"));
    }
    settings
}

/// The uids of the pods that are to run on a node.
fn bound(truth: &Snapshot, kinds: Kinds, node: &str) -> Vec<String> {
    let is_here = |pod: &Object| {
        pod.spec::<SharedPodSpec>().is_some_and(|spec| spec.node_name() == Some(node)) && is_active(pod)
    };
    let here = truth.list(kinds.pods).filter(|pod| is_here(pod));
    here.filter_map(|pod| pod.meta().uid.as_ref().map(ToString::to_string)).collect()
}
