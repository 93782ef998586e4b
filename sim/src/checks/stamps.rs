use k8s_openapi::api::apps::v1::{DeploymentSpec, ReplicaSetSpec};
use setpoint_core::object::Object;
use setpoint_store::tables::Snapshot;

use super::kinds::controlled;
use super::{Check, Kinds};

/// What a ReplicaSet notes of the Deployment's size.
const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";

/// At rest, ReplicaSets with replicas note the size that their Deployment has: while they note another, it is being
/// scaled, and is not rolled out (INV-DP-05, kubernetes#138036).
#[derive(Debug)]
pub struct Stamps(Kinds);

impl Stamps {
    /// For Deployments and ReplicaSets of these kinds.
    pub fn new(kinds: Kinds) -> Self {
        Self(kinds)
    }

    fn deployment(&self, truth: &Snapshot, deployment: &Object) -> Result<(), String> {
        let (Some(uid), Some(spec)) = (&deployment.meta().uid, deployment.spec::<DeploymentSpec>()) else {
            return Ok(());
        };
        let wanted = spec.replicas.unwrap_or(1);
        let size = |set: &Object| set.spec::<ReplicaSetSpec>().and_then(|spec| spec.replicas).unwrap_or(1);
        for set in controlled(truth, self.0.replica_sets, uid).filter(|set| size(set) > 0) {
            // One that was adopted notes nothing.
            let Some(noted) = set.meta().annotations.get(DESIRED) else { continue };
            if noted.parse() != Ok(wanted) {
                let (key, set) = (deployment.key(), set.key());
                return Err(format!("{key} wants {wanted} pods; {set} notes {noted}"));
            }
        }
        Ok(())
    }
}

impl Check for Stamps {
    fn id(&self) -> &'static str {
        "INV-DP-05"
    }

    fn rest(&mut self, truth: &Snapshot) -> Result<(), String> {
        truth.list(self.0.deployments).try_for_each(|deployment| self.deployment(truth, deployment))
    }
}
