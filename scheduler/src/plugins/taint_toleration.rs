use k8s_openapi::api::core::v1::Toleration;

use crate::cache::NodeInfo;
use crate::framework::{
    Check, ClusterEvent, Cycle, Filter, Prepared, Rate, Refusal, Score, normalize_reversed,
};
use crate::pod::PodInfo;
use crate::taints::{Severity, all_tolerated, count_untolerated};

/// Pods stay away from nodes with taints they do not tolerate (SCHED-22), and rather stay away from those
/// with taints that only ask for it (SCHED-23).
#[derive(Debug, Clone, Copy)]
pub struct TaintToleration;

struct Tolerations<'a>(&'a [Toleration]);

impl Filter for TaintToleration {
    fn name(&self) -> &'static str {
        "TaintToleration"
    }

    fn prepare<'a>(&self, cycle: &Cycle<'a>) -> Prepared<'a> {
        Prepared::Check(Box::new(Tolerations(cycle.pod.template().tolerations())))
    }

    fn watches(&self, event: &ClusterEvent<'_>) -> bool {
        matches!(event, ClusterEvent::Node { .. } | ClusterEvent::Itself { .. })
    }

    fn is_helped_by(&self, pod: &PodInfo, event: &ClusterEvent<'_>) -> bool {
        let tolerations = pod.template().tolerations();
        match event {
            ClusterEvent::Itself { old, new } => old.template().tolerations() != new.template().tolerations(),
            _ => event
                .changed_node(|node| &node.taints)
                .is_some_and(|node| all_tolerated(&node.taints, tolerations, Severity::Hard)),
        }
    }
}

impl Check for Tolerations<'_> {
    fn check(&self, node: &NodeInfo) -> Result<(), Refusal> {
        if all_tolerated(&node.taints, self.0, Severity::Hard) { Ok(()) } else { Err(Refusal::Unresolvable) }
    }

    fn explain(&self, _node: &NodeInfo, tell: &mut dyn FnMut(&str)) {
        tell("node(s) had untolerated taint(s)");
    }
}

impl Score for TaintToleration {
    fn name(&self) -> &'static str {
        "TaintToleration"
    }

    fn prepare<'a>(&self, cycle: &Cycle<'a>, nodes: &[&'a NodeInfo]) -> Option<Box<dyn Rate + 'a>> {
        // Where no node has any taint all score the same.
        let is_tainted = nodes.iter().any(|node| !node.taints.is_empty());
        is_tainted.then(|| Box::new(Tolerations(cycle.pod.template().tolerations())) as Box<dyn Rate + 'a>)
    }
}

impl Rate for Tolerations<'_> {
    fn score(&self, node: &NodeInfo) -> i64 {
        let count = count_untolerated(&node.taints, self.0, Severity::Soft);
        i64::try_from(count).expect("there are fewer taints than that")
    }

    fn normalize(&self, scores: &mut [i64]) {
        normalize_reversed(scores);
    }
}
