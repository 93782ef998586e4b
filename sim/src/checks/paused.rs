use k8s_openapi::api::apps::v1::DeploymentSpec;

use super::kinds::controller_uid;
use super::recent::Recent;
use super::{Check, is};
use crate::world::Step;

const CONTROLLER: &str = "deployment-controller";

/// A Deployment that is paused, and has been for longer than a view may lag, gets no new ReplicaSet (INV-DP-08).
#[derive(Debug, Default)]
pub struct Paused(Recent);

impl Check for Paused {
    fn id(&self) -> &'static str {
        "INV-DP-08"
    }

    fn step(&mut self, step: &Step<'_>) -> Result<(), String> {
        let object = step.object();
        if let (Some(uid), Some(spec)) = (&object.meta().uid, object.spec::<DeploymentSpec>()) {
            self.0.note(uid, step.at, i64::from(spec.paused == Some(true)));
        }
        if step.actor != CONTROLLER || step.late || !step.creates("ReplicaSet") || !is(object, "ReplicaSet") {
            return Ok(());
        }
        let Some(owner) = controller_uid(object) else { return Ok(()) };
        self.0.forget_before(owner, step.at);
        match self.0.least(owner) {
            Some(1) => Err(format!("{} is made for a Deployment that is paused", object.key())),
            _ => Ok(()),
        }
    }
}
