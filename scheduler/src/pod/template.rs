use std::sync::Arc;

use k8s_openapi::api::core::v1::{PodSpec, Toleration};

use super::{PodTerms, SpreadConstraint};
use crate::node_terms::{NodeTerm, RequiredNodeTerms};
use crate::ports::{HostPort, host_ports};
use crate::requests::PodRequests;

/// What of a pod's spec matters to the scheduler, compiled once for all pods that share the spec.
#[derive(Debug)]
pub struct PodTemplate {
    /// The spec that the pods share.
    pub spec: Arc<PodSpec>,
    /// What a pod requests.
    pub requests: Arc<PodRequests>,
    /// What it takes of its node's ports.
    pub ports: Vec<HostPort>,
    /// What it demands of its node.
    pub node_terms: RequiredNodeTerms,
    /// What nodes it prefers, with weights.
    pub preferred_nodes: Vec<(i64, NodeTerm)>,
    /// How it must be spread.
    pub hard_spread: Vec<SpreadConstraint>,
    /// How it had better be spread.
    pub soft_spread: Vec<SpreadConstraint>,
    /// What it says of other pods.
    pub pod_terms: PodTerms,
    /// Higher ones are scheduled first.
    pub priority: i32,
}

impl PodTemplate {
    /// Compiles a spec.
    pub fn new(spec: Arc<PodSpec>) -> Self {
        let affinity = spec.affinity.as_ref().and_then(|affinity| affinity.node_affinity.as_ref());
        let preferred =
            affinity.and_then(|node| node.preferred_during_scheduling_ignored_during_execution.as_ref());
        let preferred = preferred.into_iter().flatten();
        let (hard_spread, soft_spread) = SpreadConstraint::of(&spec);
        Self {
            requests: Arc::new(PodRequests::of(&spec)),
            ports: host_ports(&spec),
            node_terms: RequiredNodeTerms::of(&spec),
            preferred_nodes: preferred
                .map(|term| (term.weight.into(), NodeTerm::of(&term.preference)))
                .collect(),
            hard_spread,
            soft_spread,
            pod_terms: PodTerms::of(&spec),
            priority: spec.priority.unwrap_or_default(),
            spec,
        }
    }

    /// What taints it tolerates.
    pub fn tolerations(&self) -> &[Toleration] {
        self.spec.tolerations.as_deref().unwrap_or_default()
    }

    /// Whether gates keep it from being scheduled (SCHED-10).
    pub fn is_gated(&self) -> bool {
        self.spec.scheduling_gates.as_ref().is_some_and(|gates| !gates.is_empty())
    }

    /// Whether it may not preempt others.
    pub fn never_preempts(&self) -> bool {
        self.spec.preemption_policy.as_deref() == Some("Never")
    }
}
