use crate::cache::NodeInfo;
use crate::framework::{Cycle, Rate, SCORE_MAX, Score};
use crate::pod::PodInfo;
use crate::requests::Resources;

/// Pods rather go where CPU and memory are then used more evenly (SCHED-18).
#[derive(Debug, Clone, Copy)]
pub struct BalancedAllocation;

struct Balance<'a>(&'a Resources);

impl Score for BalancedAllocation {
    fn name(&self) -> &'static str {
        "NodeResourcesBalancedAllocation"
    }

    fn prepare<'a>(&self, cycle: &Cycle<'a>, _nodes: &[&'a NodeInfo]) -> Option<Box<dyn Rate + 'a>> {
        let pod: &'a PodInfo = cycle.pod;
        let requested = &pod.requests.resources;
        let is_best_effort = requested.milli_cpu == 0 && requested.memory == 0;
        (!is_best_effort).then(|| Box::new(Balance(requested)) as Box<dyn Rate + 'a>)
    }
}

impl Rate for Balance<'_> {
    fn score(&self, node: &NodeInfo) -> i64 {
        let with = balance(node, self.0.milli_cpu, self.0.memory);
        let without = balance(node, 0, 0);
        SCORE_MAX / 2 + (SCORE_MAX / 2 + with - without) / 2
    }
}

/// How even the use is if so much more is requested.
fn balance(node: &NodeInfo, milli_cpu: i64, memory: i64) -> i64 {
    let fraction = |requested: i64, allocatable: i64| -> Option<f64> {
        (allocatable != 0).then(|| (requested as f64 / allocatable as f64).min(1.0))
    };
    let cpu = fraction(node.requested.milli_cpu.saturating_add(milli_cpu), node.allocatable.milli_cpu);
    let memory = fraction(node.requested.memory.saturating_add(memory), node.allocatable.memory);
    // With two resources the standard deviation is half their difference.
    let deviation = cpu.zip(memory).map_or(0.0, |(cpu, memory)| ((cpu - memory) / 2.0).abs());
    ((1.0 - deviation) * SCORE_MAX as f64) as i64
}
