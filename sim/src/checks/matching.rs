use k8s_openapi::api::apps::v1::{DeploymentSpec, DeploymentStatus, ReplicaSetSpec, ReplicaSetStatus};
use setpoint_core::kind::KindId;
use setpoint_core::object::{Key, Object};
use setpoint_store::tables::Snapshot;

use super::kinds::{controlled, controller_uid};
use super::pods::is_active;
use super::templates::template;
use super::{Check, Kinds};

/// At rest everything is as it was asked for: ReplicaSets have their pods, in place of those that have ended, Deployments
/// one ReplicaSet of their template that has them all, each status says so, and nothing is on its way out still (INV-C-01,
/// INV-RS-04, INV-RS-06, INV-DP-09, INV-RT-06).
#[derive(Debug)]
pub struct Matching(Kinds);

impl Matching {
    /// For Deployments, ReplicaSets and pods of these kinds.
    pub fn new(kinds: Kinds) -> Self {
        Self(kinds)
    }
}

impl Check for Matching {
    fn id(&self) -> &'static str {
        "INV-C-01"
    }

    fn rest(&mut self, truth: &Snapshot) -> Result<(), String> {
        for set in truth.list(self.0.replica_sets) {
            self.replica_set(truth, set)?;
            self.has_owner(truth, set, self.0.deployments)?;
        }
        for pod in truth.list(self.0.pods) {
            self.has_owner(truth, pod, self.0.replica_sets)?;
            if pod.meta().is_terminating() && pod.meta().finalizers.is_empty() {
                return Err(format!("pod {} is still terminating", pod.key()));
            }
        }
        truth.list(self.0.deployments).try_for_each(|deployment| self.deployment(truth, deployment))
    }
}

impl Matching {
    fn replica_set(&self, truth: &Snapshot, set: &Object) -> Result<(), String> {
        let (Some(uid), Some(spec)) = (&set.meta().uid, set.spec::<ReplicaSetSpec>()) else { return Ok(()) };
        if set.meta().is_terminating() {
            return Err(format!("ReplicaSet {} is still terminating", set.key()));
        }
        let wanted = spec.replicas.unwrap_or(1);
        let active = controlled(truth, self.0.pods, uid).filter(|pod| is_active(pod)).count();
        let status = set.status::<ReplicaSetStatus>();
        let told = status.map_or(0, |status| status.replicas);
        if usize::try_from(wanted) != Ok(active) || told != wanted {
            return Err(format!(
                "ReplicaSet {} wants {wanted} pods, has {active}, and tells of {told}",
                set.key()
            ));
        }
        observed(set, status.and_then(|status| status.observed_generation))
    }

    fn deployment(&self, truth: &Snapshot, deployment: &Object) -> Result<(), String> {
        let (Some(uid), Some(spec)) = (&deployment.meta().uid, deployment.spec::<DeploymentSpec>()) else {
            return Ok(());
        };
        let key = deployment.key();
        let status = deployment.status::<DeploymentStatus>();
        observed(deployment, status.and_then(|status| status.observed_generation))?;
        if spec.paused == Some(true) {
            return Ok(());
        }
        let mine = template(deployment);
        let sets: Vec<_> = controlled(truth, self.0.replica_sets, uid).collect();
        let count = |set: &Object| set.spec::<ReplicaSetSpec>().and_then(|spec| spec.replicas).unwrap_or(1);
        let current: i32 = sets.iter().filter(|set| template(set) == mine).map(|set| count(set)).sum();
        let total: i32 = sets.iter().map(|set| count(set)).sum();
        let wanted = spec.replicas.unwrap_or(1);
        let told = status.and_then(|status| status.replicas).unwrap_or(0);
        if (current, total, told) != (wanted, wanted, wanted) {
            return Err(format!(
                "Deployment {key} wants {wanted} pods; its ReplicaSets want {total}, {current} of its template; it tells of {told}"
            ));
        }
        Ok(())
    }

    /// Nothing is left of what its controller has left behind.
    fn has_owner(&self, truth: &Snapshot, object: &Object, owners: KindId) -> Result<(), String> {
        let Some(owner) = object.meta().controller() else { return Ok(()) };
        let key = Key { kind: owners, namespace: object.meta().namespace.clone(), name: owner.name.clone() };
        let found = truth.get(&key).and_then(|found| found.meta().uid.as_ref());
        if found.is_none() || found != controller_uid(object) {
            return Err(format!("{} is there without {} {}", object.key(), owner.kind, owner.name));
        }
        Ok(())
    }
}

fn observed(object: &Object, observed: Option<i64>) -> Result<(), String> {
    let generation = object.meta().generation;
    if observed == Some(generation) {
        return Ok(());
    }
    Err(format!("{} is at generation {generation}, its status tells of {observed:?}", object.key()))
}
