//! A world with two control planes, of which one leads at a time.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::apps::v1::Deployment;
use setpoint_controllers::deployment::DeploymentController;
use setpoint_controllers::garbage_collector::GarbageCollector;
use setpoint_controllers::replica_set::ReplicaSetController;
use setpoint_core::{Error, Result};
use setpoint_reconcile::leader::{Candidate, Election, ElectionSettings, Leadership};
use setpoint_reconcile::manager::Manager;
use setpoint_reconcile::reconciler::Context;

use super::workloads::{NS, deployment, image, kinds_with_nodes, object};
use crate::checks::{self, SingleWriter};
use crate::{ProcessSpec, Scenario};

/// The Lease that they compete for.
const LEASE: &str = "control-plane";
/// How long what is led gets to end.
const DRAIN: Duration = Duration::from_secs(4);

/// All of them.
pub(super) fn leaders() -> Vec<Scenario> {
    vec![leaders_with(|plane| plane)]
}

/// Two control planes run a Deployment, which rolls out and grows. `change` puts their processes together
/// otherwise.
pub(super) fn leaders_with(
    change: impl Fn(ProcessSpec) -> ProcessSpec + Clone + Send + Sync + 'static,
) -> Scenario {
    let plane = |name: &'static str| {
        let change = change.clone();
        move |_: &crate::Surroundings| {
            change(ProcessSpec::new(name).part(move |context| async move { candidate(&context, name) }))
        }
    };
    Scenario::new("leaders")
        .registry(kinds_with_nodes)
        .with_kubelet()
        .checks(checks::of_workloads)
        .checks(|_| vec![Box::new(SingleWriter::new(LEASE))])
        .process(plane("plane-a"))
        .process(plane("plane-b"))
        .in_essence()
        .user(|user| async move {
            user.ensure::<Deployment>(NS, object(deployment(2, "v1"))).await?;
            user.sleep(Duration::from_secs(40)).await;
            user.edit::<Deployment>(NS, "web", |web| image(web, "v2")).await?;
            user.sleep(Duration::from_secs(40)).await;
            user.edit::<Deployment>(NS, "web", |web| web.spec.replicas = Some(3)).await?;
            user.settle().await;
            Ok(())
        })
}

fn candidate(context: &Context, name: &str) -> Result<Candidate> {
    let settings = ElectionSettings::new("default", LEASE, name);
    let election =
        Election::new(&context.env, Arc::clone(&context.store), settings).map_err(Error::internal)?;
    let context = context.clone();
    Ok(election.start(move |leadership| lead(context.clone(), leadership)))
}

async fn lead(context: Context, leadership: Leadership) {
    let Context { env, view, history, .. } = &context;
    let mut manager = Manager::new(env, leadership.store(), Arc::clone(view)).with_history(history.clone());
    manager.start(GarbageCollector::controller(manager.context()));
    let made = [
        ReplicaSetController::controller(manager.context()),
        DeploymentController::controller(manager.context()),
    ];
    made.into_iter().flatten().for_each(|controller| manager.start(controller));
    leadership.ended().await;
    manager.shut_down(DRAIN).await;
}
