use crate::cache::NodeInfo;
use crate::framework::{Check, ClusterEvent, Cycle, Filter, Prepared, Rate, Refusal, SCORE_MAX, Score};
use crate::pod::PodInfo;
use crate::requests::{PodRequests, Resources};

/// Pods go where what they request is left (SCHED-15), and rather where the most is left (SCHED-17).
#[derive(Debug, Clone, Copy)]
pub struct NodeResourcesFit;

struct Requested<'a>(&'a PodRequests);

impl Filter for NodeResourcesFit {
    fn name(&self) -> &'static str {
        "NodeResourcesFit"
    }

    fn prepare<'a>(&self, cycle: &Cycle<'a>) -> Prepared<'a> {
        let pod: &'a PodInfo = cycle.pod;
        Prepared::Check(Box::new(Requested(&pod.requests)))
    }

    fn watches(&self, event: &ClusterEvent<'_>) -> bool {
        !matches!(event, ClusterEvent::PodAssigned(_) | ClusterEvent::Other(_))
    }

    fn is_helped_by(&self, pod: &PodInfo, event: &ClusterEvent<'_>) -> bool {
        match event {
            // Whether what is left suffices is the next attempt's to find out.
            ClusterEvent::PodLeft(_) => true,
            ClusterEvent::PodChanged { old, new } | ClusterEvent::Itself { old, new } => {
                requests_less(&new.requests.resources, &old.requests.resources)
            }
            _ => event
                .changed_node(|node| &node.allocatable)
                .is_some_and(|node| fits(&pod.requests.resources, node)),
        }
    }
}

impl Check for Requested<'_> {
    fn check(&self, node: &NodeInfo) -> Result<(), Refusal> {
        let mut refusal = None;
        insufficient(&self.0.resources, node, &mut |_, requested, allocatable| {
            if requested > allocatable {
                refusal = Some(Refusal::Unresolvable);
            } else {
                refusal.get_or_insert(Refusal::Unschedulable);
            }
        });
        refusal.map_or(Ok(()), Err)
    }

    fn explain(&self, node: &NodeInfo, tell: &mut dyn FnMut(&str)) {
        insufficient(&self.0.resources, node, &mut |name, _, _| match name {
            "pods" => tell("Too many pods"),
            _ => tell(&format!("Insufficient {name}")),
        });
    }
}

impl Score for NodeResourcesFit {
    fn name(&self) -> &'static str {
        "NodeResourcesFit"
    }

    fn prepare<'a>(&self, cycle: &Cycle<'a>, _nodes: &[&'a NodeInfo]) -> Option<Box<dyn Rate + 'a>> {
        let pod: &'a PodInfo = cycle.pod;
        Some(Box::new(Requested(&pod.requests)))
    }
}

impl Rate for Requested<'_> {
    fn score(&self, node: &NodeInfo) -> i64 {
        let scored = self.0.scored;
        let parts = [
            (node.scored.milli_cpu.saturating_add(scored.milli_cpu), node.allocatable.milli_cpu),
            (node.scored.memory.saturating_add(scored.memory), node.allocatable.memory),
        ];
        let (mut sum, mut weights) = (0, 0);
        for (requested, allocatable) in parts {
            // A node that has none of it is not compared by it.
            if allocatable > 0 {
                sum += least_allocated(requested, allocatable);
                weights += 1;
            }
        }
        if weights == 0 { 0 } else { sum / weights }
    }
}

fn least_allocated(requested: i64, allocatable: i64) -> i64 {
    let left = allocatable.saturating_sub(requested);
    if left <= 0 { 0 } else { left.saturating_mul(SCORE_MAX) / allocatable }
}

/// Tells of each resource that a pod requests more of than is left, what is requested and what the whole node
/// offers. How many pods there may be is never a final reason.
fn insufficient(pod: &Resources, node: &NodeInfo, tell: &mut dyn FnMut(&str, i64, i64)) {
    let (offered, taken) = (&node.allocatable, &node.requested);
    if node.pods + 1 > offered.pods {
        tell("pods", 0, 0);
    }
    if pod.is_empty() {
        return;
    }
    let mut compare = |name: &str, requested: i64, offered: i64, taken: i64| {
        if requested > 0 && requested > offered.saturating_sub(taken) {
            tell(name, requested, offered);
        }
    };
    compare("cpu", pod.milli_cpu, offered.milli_cpu, taken.milli_cpu);
    compare("memory", pod.memory, offered.memory, taken.memory);
    compare("ephemeral-storage", pod.ephemeral_storage, offered.ephemeral_storage, taken.ephemeral_storage);
    for (name, requested) in pod.scalars() {
        compare(name, *requested, offered.scalar(name), taken.scalar(name));
    }
}

fn fits(pod: &Resources, empty: &NodeInfo) -> bool {
    let mut fits = true;
    insufficient(pod, empty, &mut |_, _, _| fits = false);
    fits
}

fn requests_less(new: &Resources, old: &Resources) -> bool {
    new.milli_cpu < old.milli_cpu
        || new.memory < old.memory
        || new.ephemeral_storage < old.ephemeral_storage
        || old.scalars().iter().any(|(name, amount)| new.scalar(name) < *amount)
}
