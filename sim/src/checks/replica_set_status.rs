use k8s_openapi::api::apps::v1::{DeploymentStatus, ReplicaSetStatus};

use super::Check;
use crate::world::Step;

/// A status counts no more ready pods than pods, and no more available than ready (INV-RS-07).
#[derive(Debug, Default)]
pub struct ReplicaSetStatusSane;

impl Check for ReplicaSetStatusSane {
    fn id(&self) -> &'static str {
        "INV-RS-07"
    }

    fn step(&mut self, step: &Step<'_>) -> Result<(), String> {
        let Some(new) = step.new else { return Ok(()) };
        let counts = if let Some(status) = new.status::<ReplicaSetStatus>() {
            let replicas = Some(status.replicas);
            [replicas, status.ready_replicas, status.available_replicas]
        } else if let Some(status) = new.status::<DeploymentStatus>() {
            [status.replicas, status.ready_replicas, status.available_replicas]
        } else {
            return Ok(());
        };
        let [replicas, ready, available] = counts.map(Option::unwrap_or_default);
        if replicas >= ready && ready >= available && available >= 0 {
            return Ok(());
        }
        Err(format!("{} tells of {replicas} pods, {ready} ready, {available} available", new.key()))
    }
}
