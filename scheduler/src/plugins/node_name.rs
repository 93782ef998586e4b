use setpoint_core::object::Text;

use crate::cache::NodeInfo;
use crate::framework::{Check, ClusterEvent, Cycle, Filter, Prepared, Refusal};
use crate::pod::PodInfo;

/// A pod that names its node goes there or nowhere (SCHED-24).
#[derive(Debug, Clone, Copy)]
pub struct NodeName;

struct Named<'a>(&'a Text);

impl Filter for NodeName {
    fn name(&self) -> &'static str {
        "NodeName"
    }

    fn prepare<'a>(&self, cycle: &Cycle<'a>) -> Prepared<'a> {
        match cycle.pod.node_name() {
            Some(name) => Prepared::Check(Box::new(Named(name))),
            None => Prepared::Skip,
        }
    }

    fn watches(&self, event: &ClusterEvent<'_>) -> bool {
        matches!(event, ClusterEvent::Node { .. } | ClusterEvent::Itself { .. })
    }

    fn is_helped_by(&self, pod: &PodInfo, event: &ClusterEvent<'_>) -> bool {
        let added = matches!(event, ClusterEvent::Node { old: None, .. });
        added && event.changed_node(|_| ()).is_some_and(|node| pod.node_name() == Some(&node.name))
    }
}

impl Check for Named<'_> {
    fn check(&self, node: &NodeInfo) -> Result<(), Refusal> {
        if *self.0 == node.name { Ok(()) } else { Err(Refusal::Unresolvable) }
    }

    fn explain(&self, _node: &NodeInfo, tell: &mut dyn FnMut(&str)) {
        tell("node(s) didn't match the requested node name");
    }
}
