//! Worlds of the workload controllers, with a stand-in for nodes.

mod churn;
mod deployments;
mod objects;
mod ownership;
mod replica_sets;

use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{ConfigMap, Event, Namespace, Node, Pod, ResourceQuota, Secret};
use k8s_openapi::api::scheduling::v1::PriorityClass;
use setpoint_controllers::deployment::DeploymentController;
use setpoint_controllers::garbage_collector::GarbageCollector;
use setpoint_controllers::replica_set::ReplicaSetController;
use setpoint_core::kind::{Kind, Registry};

pub(super) use self::objects::{delete, deployment, image, object, replica_set};
pub(super) use self::replica_sets::refused;
use crate::{Scenario, checks};

pub(super) const NS: Option<&str> = Some("default");

/// All of them.
pub(super) fn workloads() -> Vec<Scenario> {
    vec![
        replica_sets::replica_sets(),
        deployments::rollout(),
        deployments::revisions(),
        ownership::ownership(),
        ownership::namespaces(),
        replica_sets::scaled(),
        deployments::recreated(),
        deployments::durable(),
        refused(None),
        churn::churn(),
    ]
}

/// The controllers, with a stand-in for nodes.
fn controllers(name: &str) -> Scenario {
    without_nodes(name).with_kubelet()
}

/// The controllers alone.
pub(super) fn without_nodes(name: &str) -> Scenario {
    Scenario::new(name)
        .registry(kinds)
        .controller(|context| Ok(GarbageCollector::controller(context)))
        .controller(ReplicaSetController::controller)
        .controller(DeploymentController::controller)
        .checks(checks::of_workloads)
}

/// The kinds that these scenarios are about; each one more costs the collector an informer.
pub(super) fn kinds() -> Registry {
    let (all, some) = (Registry::builtin(), Registry::empty());
    add::<Namespace>(&all, &some);
    add::<Node>(&all, &some);
    add::<Pod>(&all, &some);
    add::<ReplicaSet>(&all, &some);
    add::<Deployment>(&all, &some);
    add::<Event>(&all, &some);
    add::<ConfigMap>(&all, &some);
    add::<ResourceQuota>(&all, &some);
    add::<PriorityClass>(&all, &some);
    some
}

/// The same with those that agents of nodes need.
pub(super) fn kinds_with_nodes() -> Registry {
    let (all, some) = (Registry::builtin(), kinds());
    add::<Lease>(&all, &some);
    add::<Secret>(&all, &some);
    some
}

fn add<K: 'static>(all: &Registry, some: &Registry) {
    let kind = all.of::<K>().expect("a built-in kind is registered");
    some.register_type::<K>(Kind::clone(&kind)).expect("each is added once");
}
