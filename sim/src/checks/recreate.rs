use k8s_openapi::api::apps::v1::DeploymentSpec;
use setpoint_core::object::{Key, Object, Uid};

use super::kinds::{controlled, controller_uid};
use super::pods::{is_finished, phase};
use super::{Check, Kinds, is};
use crate::world::Step;

/// Where the strategy is Recreate, a ReplicaSet comes only when no pod of another one is left (INV-DP-07).
#[derive(Debug)]
pub struct Recreate(Kinds);

impl Recreate {
    /// For Deployments, ReplicaSets and pods of these kinds.
    pub fn new(kinds: Kinds) -> Self {
        Self(kinds)
    }
}

impl Check for Recreate {
    fn id(&self) -> &'static str {
        "INV-DP-07"
    }

    fn step(&mut self, step: &Step<'_>) -> Result<(), String> {
        if !step.creates("Pod") || step.late {
            return Ok(());
        }
        let pod = step.object();
        let Some(set) = self.set_of(step, pod) else { return Ok(()) };
        let Some(deployment) = self.deployment_of(step, set) else { return Ok(()) };
        let Some(uid) = &deployment.meta().uid else { return Ok(()) };
        let recreates = deployment
            .spec::<DeploymentSpec>()
            .and_then(|spec| spec.strategy.as_ref()?.type_.as_deref())
            .is_some_and(|strategy| strategy == "Recreate");
        if !recreates || !is(pod, "Pod") {
            return Ok(());
        }
        for other in controlled(step.truth, self.0.replica_sets, uid) {
            if other.meta().uid == set.meta().uid {
                continue;
            }
            let uid: &Uid = other.meta().uid.as_ref().unwrap_or(uid);
            if let Some(left) = controlled(step.truth, self.0.pods, uid).find(|pod| !is_finished(phase(pod)))
            {
                return Err(format!(
                    "pod {} is made while {} of another template is there",
                    pod.key(),
                    left.key()
                ));
            }
        }
        Ok(())
    }
}

impl Recreate {
    fn set_of<'a>(&self, step: &Step<'a>, pod: &Object) -> Option<&'a Object> {
        self.owner_of(step, pod, self.0.replica_sets)
    }

    fn deployment_of<'a>(&self, step: &Step<'a>, set: &Object) -> Option<&'a Object> {
        self.owner_of(step, set, self.0.deployments)
    }

    fn owner_of<'a>(
        &self,
        step: &Step<'a>,
        child: &Object,
        kind: setpoint_core::kind::KindId,
    ) -> Option<&'a Object> {
        let owner = child.meta().controller()?;
        let key = Key { kind, namespace: child.meta().namespace.clone(), name: owner.name.clone() };
        let found = step.truth.get(&key)?;
        (found.meta().uid.as_ref() == controller_uid(child)).then_some(&**found)
    }
}
