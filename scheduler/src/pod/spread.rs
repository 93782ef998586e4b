use std::sync::Arc;

use k8s_openapi::api::core::v1::{PodSpec, TopologySpreadConstraint};
use setpoint_core::object::Text;
use setpoint_core::selector::LabelSelector;

use super::affinity::compile;

/// Nodes' own names as a label.
pub(crate) const HOSTNAME: &str = "kubernetes.io/hostname";
/// The zone of a node as a label.
const ZONE: &str = "topology.kubernetes.io/zone";

/// How evenly pods are to be spread over the values of a node label (SCHED-28, SCHED-29).
#[derive(Debug, Clone)]
pub struct SpreadConstraint {
    /// How many more pods one domain may have than another.
    pub max_skew: i64,
    /// The label whose values are the domains.
    pub topology_key: Text,
    /// Which pods of the namespace count.
    pub selector: Arc<LabelSelector>,
    /// With fewer domains than this, the least is taken to be none.
    pub min_domains: usize,
    /// Whether nodes that the pod's node terms exclude are no domains.
    pub honors_affinity: bool,
    /// Whether nodes whose taints the pod does not tolerate are no domains.
    pub honors_taints: bool,
}

/// Spreads pods that say nothing of it: over nodes and, a little less, over zones (SCHED-29).
#[derive(Debug, Clone, Copy)]
pub struct DefaultSpread;

impl SpreadConstraint {
    /// The constraints of a pod of this spec: those that must hold, and those that had better.
    pub fn of(spec: &PodSpec) -> (Vec<Self>, Vec<Self>) {
        let all = spec.topology_spread_constraints.iter().flatten();
        let (hard, soft): (Vec<_>, Vec<_>) =
            all.partition(|constraint| constraint.when_unsatisfiable == "DoNotSchedule");
        (hard.into_iter().map(Self::compile).collect(), soft.into_iter().map(Self::compile).collect())
    }

    fn compile(source: &TopologySpreadConstraint) -> Self {
        let honors = |policy: &Option<String>, default: bool| {
            policy.as_deref().map_or(default, |policy| policy == "Honor")
        };
        let min_domains = source.min_domains.unwrap_or(1).max(1);
        Self {
            max_skew: source.max_skew.into(),
            topology_key: source.topology_key.as_str().into(),
            selector: compile(source.label_selector.as_ref()),
            min_domains: usize::try_from(min_domains).expect("it is positive"),
            honors_affinity: honors(&source.node_affinity_policy, true),
            honors_taints: honors(&source.node_taints_policy, false),
        }
    }
}

impl DefaultSpread {
    /// The constraints of pods that `selector` selects.
    pub fn constraints(selector: &Arc<LabelSelector>) -> Vec<SpreadConstraint> {
        [(HOSTNAME, 3), (ZONE, 5)]
            .into_iter()
            .map(|(topology_key, max_skew)| SpreadConstraint {
                max_skew,
                topology_key: topology_key.into(),
                selector: Arc::clone(selector),
                min_domains: 1,
                honors_affinity: true,
                honors_taints: false,
            })
            .collect()
    }
}
