use std::collections::BTreeMap;

use async_trait::async_trait;
use setpoint_runtime_traits::{
    ContainerStats, ErrorKind, NodeStats, PodStats, Result, RuntimeError, SandboxMetadata, StatsProvider,
    Usage,
};

use super::ProcessRuntime;
use super::proc_fs::{Stat, process_ids, read};
use super::record::Phase;

/// The length of a clock tick, which Linux fixes at a hundredth of a second for what it tells programs.
const TICK_NANOS: u64 = 10_000_000;

/// Figures by process group: a process that left its container's group is not counted. Memory is what is
/// resident, shared pages counted for each process. Linux only.
#[async_trait]
impl StatsProvider for ProcessRuntime {
    async fn node(&self) -> Result<NodeStats> {
        let usage = tokio::task::spawn_blocking(node_usage).await.ok().flatten();
        let usage =
            usage.ok_or_else(|| RuntimeError::new(ErrorKind::Unsupported, "this system tells no figures"))?;
        Ok(NodeStats { at: self.shared.env.wall(), usage })
    }

    async fn pods(&self) -> Result<Vec<PodStats>> {
        let running: Vec<_> = self.shared.with(|world| {
            let leader = |phase: &Phase| match phase {
                Phase::Running { process, .. } => Some(process.pid),
                _ => None,
            };
            let found = world.containers().filter_map(|instance| {
                Some((instance.pod.clone(), instance.container.clone(), leader(&instance.record.phase)?))
            });
            found.collect()
        });
        let groups = tokio::task::spawn_blocking(usage_by_group).await.unwrap_or_default();
        let at = self.shared.env.wall();
        let mut pods: BTreeMap<SandboxMetadata, Vec<ContainerStats>> = BTreeMap::new();
        for (pod, container, leader) in running {
            let Some(mut usage) = groups.get(&leader).cloned() else { continue };
            self.shared.with(|world| {
                let Ok(instance) = world.container_mut(&container.id) else { return };
                let told = usage.cpu_usage_core_nanos.unwrap_or(0).max(instance.cpu_nanos_told);
                instance.cpu_nanos_told = told;
                usage.cpu_usage_core_nanos = Some(told);
            });
            let name = container.metadata.name.to_string();
            pods.entry(pod).or_default().push(ContainerStats { id: container.id, name, at, usage });
        }
        let pods = pods.into_iter().map(|(pod, containers)| {
            let usage = containers.iter().fold(Usage::default(), |sum, one| plus(sum, &one.usage));
            PodStats { pod, at, usage, containers }
        });
        Ok(pods.collect())
    }
}

fn usage_by_group() -> BTreeMap<i32, Usage> {
    let mut groups: BTreeMap<i32, Usage> = BTreeMap::new();
    for pid in process_ids() {
        let Some(stat) = Stat::of(pid).filter(Stat::is_alive) else { continue };
        let mut usage = Usage::default();
        usage.cpu_usage_core_nanos = Some(stat.cpu_ticks.saturating_mul(TICK_NANOS));
        usage.memory_working_set_bytes =
            read(&format!("/proc/{pid}/status")).and_then(|status| kilobytes(&status, "VmRSS:"));
        usage.processes = Some(1);
        let sum = groups.remove(&stat.group).unwrap_or_default();
        groups.insert(stat.group, plus(sum, &usage));
    }
    groups
}

fn node_usage() -> Option<Usage> {
    let memory = read("/proc/meminfo")?;
    let used = kilobytes(&memory, "MemTotal:")?.checked_sub(kilobytes(&memory, "MemAvailable:")?);
    // The first line sums up all processors: user, nice, system, idle, iowait, irq, softirq, steal.
    let stat = read("/proc/stat")?;
    let ticks: Vec<u64> =
        stat.lines().next()?.split_whitespace().skip(1).map_while(|field| field.parse().ok()).collect();
    let busy = ticks.iter().take(8).enumerate().filter(|(field, _)| !matches!(field, 3 | 4));
    let mut usage = Usage::default();
    usage.cpu_usage_core_nanos = Some(busy.map(|(_, ticks)| ticks.saturating_mul(TICK_NANOS)).sum());
    usage.memory_working_set_bytes = used;
    usage.processes = Some(process_ids().len() as u64);
    Some(usage)
}

/// The value of a line `<name>   <n> kB`, in bytes.
fn kilobytes(text: &str, name: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(name))?;
    value.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}

/// The sum; what is known of one only counts.
fn plus(left: Usage, right: &Usage) -> Usage {
    let add = |left: Option<u64>, right: Option<u64>| match (left, right) {
        (Some(left), Some(right)) => Some(left.saturating_add(right)),
        (known, None) | (None, known) => known,
    };
    let mut sum = left;
    sum.cpu_usage_core_nanos = add(sum.cpu_usage_core_nanos, right.cpu_usage_core_nanos);
    sum.memory_working_set_bytes = add(sum.memory_working_set_bytes, right.memory_working_set_bytes);
    sum.ephemeral_storage_bytes = add(sum.ephemeral_storage_bytes, right.ephemeral_storage_bytes);
    sum.processes = add(sum.processes, right.processes);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_from_their_lines() {
        let text = "VmPeak:\t  9000 kB\nVmRSS:\t    12 kB\nVmRSSx: 1 kB\n";
        assert_eq!(kilobytes(text, "VmRSS:"), Some(12 * 1024));
        assert_eq!(kilobytes(text, "VmSwap:"), None);
        assert_eq!(kilobytes("VmRSS: x kB", "VmRSS:"), None);
    }

    #[test]
    fn what_is_not_known_adds_nothing() {
        let mut known = Usage::default();
        known.processes = Some(2);
        assert_eq!(plus(known.clone(), &Usage::default()), known);
        assert_eq!(plus(Usage::default(), &known), known);
        assert_eq!(plus(known.clone(), &known).processes, Some(4));
    }
}
