use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::{DeploymentSpec, ReplicaSetSpec, ReplicaSetStatus};
use k8s_openapi::api::core::v1::PodStatus;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use setpoint_core::env::Instant;
use setpoint_core::object::{Key, Object, ObjectRef, Uid};

use super::kinds::{controlled, controller_uid};
use super::pods::is_active;
use super::recent::Recent;
use super::{Check, Kinds, LAG_MAX, is};
use crate::world::Step;

const DEPLOYMENTS: &str = "deployment-controller";
const REPLICA_SETS: &str = "replicaset-controller";

/// A rolling update takes no more pods away than may be missing (INV-DP-01).
///
/// The Deployment controller is judged by the pods that are ready in truth when it lets a ReplicaSet shrink: were
/// the ready ones those that go, there must be enough. If a pod has become unready or went by somebody
/// else's doing lately, or is ready and the ReplicaSet's status did not say so a while ago, the controller may not know
/// yet, and nothing is said.
#[derive(Debug)]
pub struct Availability {
    kinds: Kinds,
    /// How many pods each Deployment needed lately.
    needed: Recent,
    /// How many available pods the status of each ReplicaSet told of lately.
    told: Recent,
    /// When a Deployment last lost a pod by itself.
    lost: BTreeMap<Uid, Instant>,
}

impl Availability {
    /// For Deployments, ReplicaSets and pods of these kinds.
    pub fn new(kinds: Kinds) -> Self {
        Self { kinds, needed: Recent::default(), told: Recent::default(), lost: BTreeMap::new() }
    }
}

impl Check for Availability {
    fn id(&self) -> &'static str {
        "INV-DP-01"
    }

    fn step(&mut self, step: &Step<'_>) -> Result<(), String> {
        let object = step.object();
        if is(object, "Deployment") {
            if let (Some(uid), Some(spec)) = (&object.meta().uid, object.spec::<DeploymentSpec>()) {
                // Who is on the way out, or gone, needs none; a shrinking that was decided before may come after.
                let goes = step.new.is_none_or(|new| new.meta().is_terminating());
                self.needed.note(uid, step.at, if goes { 0 } else { needed(spec) });
            }
            return Ok(());
        }
        if is(object, "Pod") {
            self.note_pod(step);
            return Ok(());
        }
        if let (Some(uid), Some(status)) = (&object.meta().uid, object.status::<ReplicaSetStatus>()) {
            self.told.note(uid, step.at, status.available_replicas.unwrap_or(0).into());
        }
        let (Some(old), Some(new)) = (step.old, step.new.filter(|new| is(new, "ReplicaSet"))) else {
            return Ok(());
        };
        let (Some(owner), true) = (controller_uid(new), replicas(new) < replicas(old)) else { return Ok(()) };
        if step.actor != DEPLOYMENTS || step.late {
            self.lost.insert(owner.clone(), step.at);
            return Ok(());
        }
        self.shrunk(step, old, owner)
    }
}

impl Availability {
    /// A pod that was ready and is not any more.
    fn note_pod(&mut self, step: &Step<'_>) {
        let counts = |pod: Option<&ObjectRef>| pod.is_some_and(|pod| is_active(pod) && is_ready(pod));
        if !counts(step.old) || counts(step.new) || step.actor == REPLICA_SETS && !step.late {
            return;
        }
        let Some(set) = step.old.and_then(|pod| owner(step, pod, self.kinds.replica_sets)) else { return };
        if let Some(uid) = controller_uid(set) {
            self.lost.insert(uid.clone(), step.at);
        }
    }

    fn shrunk(&self, step: &Step<'_>, old: &Object, deployment: &Uid) -> Result<(), String> {
        let quiet = self.lost.get(deployment).is_none_or(|lost| step.at - *lost > LAG_MAX);
        let (Some(least), true) = (self.needed.least(deployment), quiet) else { return Ok(()) };
        let ready = |set: &Object| {
            let pods = set.meta().uid.iter().flat_map(|uid| controlled(step.truth, self.kinds.pods, uid));
            i64::try_from(pods.filter(|pod| is_active(pod) && is_ready(pod)).count()).unwrap_or(i64::MAX)
        };
        let left: i64 = controlled(step.truth, self.kinds.replica_sets, deployment)
            .map(|set| ready(set).min(replicas(set)))
            .sum();
        // To take away what is not ready takes away nothing, nor is it meant to if it is not known to be ready.
        let told = old.meta().uid.as_ref().and_then(|uid| self.told.least(uid)).unwrap_or(0);
        let takes_ready = ready(old).min(told) > replicas(step.object());
        if takes_ready && left < least {
            return Err(format!(
                "{} is to shrink to {}, which leaves {left} ready pods of a Deployment that needs {least}",
                old.key(),
                replicas(step.object())
            ));
        }
        Ok(())
    }
}

fn owner<'a>(step: &Step<'a>, child: &Object, kind: setpoint_core::kind::KindId) -> Option<&'a Object> {
    let owner = child.meta().controller()?;
    let key = Key { kind, namespace: child.meta().namespace.clone(), name: owner.name.clone() };
    step.truth.get(&key).map(|found| &**found)
}

fn is_ready(pod: &Object) -> bool {
    let conditions = pod.status::<PodStatus>().and_then(|status| status.conditions.as_ref());
    conditions.into_iter().flatten().any(|it| it.type_ == "Ready" && it.status == "True")
}

fn replicas(object: &Object) -> i64 {
    object.spec::<ReplicaSetSpec>().and_then(|spec| spec.replicas).unwrap_or(1).into()
}

/// How many pods must be there during a rolling update; none while another strategy rules.
fn needed(spec: &DeploymentSpec) -> i64 {
    let replicas = i64::from(spec.replicas.unwrap_or(1));
    let rolling = spec.strategy.as_ref().and_then(|strategy| strategy.rolling_update.as_ref());
    let Some(rolling) = rolling else { return 0 };
    let part = |value: &Option<IntOrString>, up: bool| match value {
        Some(IntOrString::Int(count)) => i64::from(*count),
        Some(IntOrString::String(percent)) => {
            let percent = percent.trim_end_matches('%').parse::<i64>().unwrap_or(0);
            (replicas * percent + if up { 99 } else { 0 }) / 100
        }
        None => 0,
    };
    let (surge, unavailable) = (part(&rolling.max_surge, true), part(&rolling.max_unavailable, false));
    // With neither, one may be missing: otherwise nothing could be done.
    let unavailable = if surge == 0 && unavailable == 0 { 1 } else { unavailable };
    replicas - unavailable.min(replicas)
}
