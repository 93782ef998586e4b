use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::{DeploymentSpec, ReplicaSetSpec};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use setpoint_core::object::{Object, Uid};

use super::kinds::{controlled, controller_uid};
use super::recent::Recent;
use super::{Check, Kinds, is};
use crate::world::Step;

const CONTROLLER: &str = "deployment-controller";

/// The Deployment controller asks for no more pods than replicas and surge (INV-DP-02), and an old ReplicaSet
/// grows only when the whole does (INV-DP-05).
#[derive(Debug)]
pub struct SurgeBound {
    kinds: Kinds,
    allowed: Recent,
    /// The replicas that each Deployment wanted lately.
    wanted: Recent,
    late: BTreeMap<Uid, bool>,
}

impl SurgeBound {
    /// For Deployments and ReplicaSets of these kinds.
    pub fn new(kinds: Kinds) -> Self {
        Self { kinds, allowed: Recent::default(), wanted: Recent::default(), late: BTreeMap::new() }
    }
}

impl Check for SurgeBound {
    fn id(&self) -> &'static str {
        "INV-DP-02"
    }

    fn step(&mut self, step: &Step<'_>) -> Result<(), String> {
        let object = step.object();
        if is(object, "Deployment") {
            if let (Some(uid), Some(spec)) = (&object.meta().uid, object.spec::<DeploymentSpec>()) {
                let replicas = i64::from(spec.replicas.unwrap_or(1));
                self.allowed.note(uid, step.at, replicas + surge(spec));
                self.wanted.note(uid, step.at, replicas);
            }
            return Ok(());
        }
        let Some(new) = step.new.filter(|new| is(new, "ReplicaSet")) else { return Ok(()) };
        let grows = step.old.map_or(0, |old| replicas(old)) < replicas(new);
        let Some(owner) = controller_uid(new) else { return Ok(()) };
        if step.actor != CONTROLLER || !grows {
            // What somebody else has asked for is for the controller to put right.
            if grows {
                self.late.insert(owner.clone(), true);
            }
            return Ok(());
        }
        if step.late {
            self.late.insert(owner.clone(), true);
        }
        if self.late.contains_key(owner) {
            return Ok(());
        }
        let total: i64 =
            controlled(step.truth, self.kinds.replica_sets, owner).map(|set| replicas(set)).sum();
        match self.allowed.most(owner) {
            Some(most) if total > most => Err(format!(
                "the ReplicaSets of a Deployment want {total} pods; {most} were allowed at the most"
            )),
            _ => Ok(()),
        }
    }
}

fn replicas(object: &Object) -> i64 {
    object.spec::<ReplicaSetSpec>().and_then(|spec| spec.replicas).unwrap_or(1).into()
}

fn surge(spec: &DeploymentSpec) -> i64 {
    let replicas = i64::from(spec.replicas.unwrap_or(1));
    let rolling = spec.strategy.as_ref().and_then(|strategy| strategy.rolling_update.as_ref());
    match rolling.and_then(|rolling| rolling.max_surge.as_ref()) {
        Some(IntOrString::Int(surge)) => i64::from(*surge),
        Some(IntOrString::String(percent)) => {
            let percent = percent.trim_end_matches('%').parse::<i64>().unwrap_or(0);
            (replicas * percent + 99) / 100
        }
        None => 0,
    }
}
