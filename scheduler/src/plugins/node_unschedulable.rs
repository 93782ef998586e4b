use k8s_openapi::api::core::v1::Taint;

use crate::cache::NodeInfo;
use crate::framework::{Check, ClusterEvent, Cycle, Filter, Prepared, Refusal};
use crate::pod::PodInfo;
use crate::taints::tolerates;

/// Nothing goes to a node that is cordoned, unless it tolerates that (SCHED-24).
#[derive(Debug, Clone, Copy)]
pub struct NodeUnschedulable;

struct Cordoned;

impl Filter for NodeUnschedulable {
    fn name(&self) -> &'static str {
        "NodeUnschedulable"
    }

    fn prepare<'a>(&self, cycle: &Cycle<'a>) -> Prepared<'a> {
        if tolerates_cordon(cycle.pod) { Prepared::Skip } else { Prepared::Check(Box::new(Cordoned)) }
    }

    fn watches(&self, event: &ClusterEvent<'_>) -> bool {
        matches!(event, ClusterEvent::Node { .. } | ClusterEvent::Itself { .. })
    }

    fn is_helped_by(&self, pod: &PodInfo, event: &ClusterEvent<'_>) -> bool {
        match event {
            ClusterEvent::Itself { .. } => tolerates_cordon(pod),
            _ => event.changed_node(|node| node.is_unschedulable).is_some_and(|node| !node.is_unschedulable),
        }
    }
}

impl Check for Cordoned {
    fn check(&self, node: &NodeInfo) -> Result<(), Refusal> {
        if node.is_unschedulable { Err(Refusal::Unresolvable) } else { Ok(()) }
    }

    fn explain(&self, _node: &NodeInfo, tell: &mut dyn FnMut(&str)) {
        tell("node(s) were unschedulable");
    }
}

fn tolerates_cordon(pod: &PodInfo) -> bool {
    let cordon = Taint {
        key: "node.kubernetes.io/unschedulable".to_owned(),
        effect: "NoSchedule".to_owned(),
        ..Taint::default()
    };
    pod.template().tolerations().iter().any(|toleration| tolerates(toleration, &cordon))
}
