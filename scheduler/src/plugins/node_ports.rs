use crate::cache::NodeInfo;
use crate::framework::{Check, ClusterEvent, Cycle, Filter, Prepared, Refusal};
use crate::pod::PodInfo;
use crate::ports::{HostPort, conflict};

/// Pods go where the ports they take are free (SCHED-25).
#[derive(Debug, Clone, Copy)]
pub struct NodePorts;

struct Wanted<'a>(&'a [HostPort]);

impl Filter for NodePorts {
    fn name(&self) -> &'static str {
        "NodePorts"
    }

    fn prepare<'a>(&self, cycle: &Cycle<'a>) -> Prepared<'a> {
        let pod: &'a PodInfo = cycle.pod;
        let ports = &pod.template().ports;
        if ports.is_empty() { Prepared::Skip } else { Prepared::Check(Box::new(Wanted(ports))) }
    }

    fn watches(&self, event: &ClusterEvent<'_>) -> bool {
        matches!(event, ClusterEvent::PodLeft(_) | ClusterEvent::Node { old: None, .. })
    }

    fn is_helped_by(&self, pod: &PodInfo, event: &ClusterEvent<'_>) -> bool {
        match event {
            ClusterEvent::PodLeft(left) => conflict(&pod.template().ports, &left.template().ports),
            ClusterEvent::Node { old: None, .. } => true,
            _ => false,
        }
    }
}

impl Check for Wanted<'_> {
    fn check(&self, node: &NodeInfo) -> Result<(), Refusal> {
        if conflict(self.0, &node.ports) { Err(Refusal::Unschedulable) } else { Ok(()) }
    }

    fn explain(&self, _node: &NodeInfo, tell: &mut dyn FnMut(&str)) {
        tell("node(s) didn't have free ports for the requested pod ports");
    }
}
