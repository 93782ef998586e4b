use std::borrow::Cow;

use rustc_hash::FxHashMap;

use crate::cache::{NodeInfo, Terminating};
use crate::framework::{Check, ClusterEvent, Cycle, Filter, Prepared, Rate, Refusal, SCORE_MAX, Score};
use crate::pod::{DefaultSpread, HOSTNAME, PodInfo, SpreadConstraint};
use crate::taints::{Severity, all_tolerated};

/// Pods are spread evenly over the values of node labels: as they must be (SCHED-28), and as they had better
/// be (SCHED-29).
#[derive(Debug, Clone, Copy)]
pub struct PodTopologySpread;

/// What a constraint that must hold has found.
struct Hard<'a> {
    constraint: &'a SpreadConstraint,
    /// Matching pods by value of the label, in domains that count.
    domains: FxHashMap<&'a str, i64>,
    /// The fewest.
    min: i64,
    /// One if the pod itself matches.
    own: i64,
}

struct HardAll<'a>(Vec<Hard<'a>>);

/// What a constraint that had better hold has found.
struct Soft<'a> {
    topology_key: setpoint_core::object::Text,
    max_skew: i64,
    weight: f64,
    matches: Matches<'a>,
}

enum Matches<'a> {
    /// By slot.
    OnNode(Vec<i64>),
    /// By value of the label.
    InDomain(FxHashMap<&'a str, i64>),
}

struct SoftAll<'a> {
    constraints: Vec<Soft<'a>>,
    /// Of the nodes given, those that miss a label and so get no score.
    ignored: Vec<bool>,
    /// By slot.
    is_ignored: Vec<bool>,
}

impl Filter for PodTopologySpread {
    fn name(&self) -> &'static str {
        "PodTopologySpread"
    }

    fn prepare<'a>(&self, cycle: &Cycle<'a>) -> Prepared<'a> {
        let pod: &'a PodInfo = cycle.pod;
        let constraints = &pod.template().hard_spread;
        if constraints.is_empty() {
            return Prepared::Skip;
        }
        let has_all = |node: &NodeInfo| constraints.iter().all(|c| node.label(&c.topology_key).is_some());
        let eligible: Vec<&'a NodeInfo> = cycle.cache.nodes().filter(|node| has_all(node)).collect();
        let all = constraints.iter().map(|constraint| Hard::new(constraint, cycle, &eligible));
        Prepared::Check(Box::new(HardAll(all.collect())))
    }

    fn is_helped_by(&self, pod: &PodInfo, event: &ClusterEvent<'_>) -> bool {
        let constraints = &pod.template().hard_spread;
        let counts = |other: &PodInfo| {
            !other.is_terminating()
                && other.namespace() == pod.namespace()
                && constraints.iter().any(|c| c.selector.matches(|key| other.cohort.labels.get(key)))
        };
        match event {
            ClusterEvent::PodAssigned(other) | ClusterEvent::PodLeft(other) => counts(other),
            ClusterEvent::PodChanged { old, new } => counts(old) != counts(new),
            ClusterEvent::Itself { old, new } => old.cohort.labels != new.cohort.labels,
            ClusterEvent::Node { .. } | ClusterEvent::NodeRemoved(_) => true,
            ClusterEvent::Other(_) => false,
        }
    }
}

impl<'a> Hard<'a> {
    fn new(constraint: &'a SpreadConstraint, cycle: &Cycle<'a>, nodes: &[&'a NodeInfo]) -> Self {
        let counts = count(constraint, cycle);
        let mut domains: FxHashMap<&'a str, i64> = FxHashMap::default();
        for node in nodes.iter().filter(|node| is_domain(constraint, cycle.pod, node)) {
            let Some(value) = node.label(&constraint.topology_key) else { continue };
            *domains.entry(&**value).or_default() += counts[node.slot.0 as usize];
        }
        let min = domains.values().copied().min().unwrap_or(i64::from(i32::MAX));
        let min = if domains.len() < constraint.min_domains { 0 } else { min };
        let own = constraint.selector.matches(|key| cycle.pod.cohort.labels.get(key));
        Self { constraint, domains, min, own: i64::from(own) }
    }

    /// # Errors
    ///
    /// How the node fails it.
    fn check(&self, node: &NodeInfo) -> Result<(), Refusal> {
        let Some(value) = node.label(&self.constraint.topology_key) else {
            return Err(Refusal::Unresolvable);
        };
        let there = self.domains.get(&**value).copied().unwrap_or_default();
        if there + self.own - self.min > self.constraint.max_skew {
            return Err(Refusal::Unschedulable);
        }
        Ok(())
    }
}

impl Check for HardAll<'_> {
    fn check(&self, node: &NodeInfo) -> Result<(), Refusal> {
        self.0.iter().try_for_each(|constraint| constraint.check(node))
    }

    fn explain(&self, node: &NodeInfo, tell: &mut dyn FnMut(&str)) {
        match self.check(node) {
            Err(Refusal::Unresolvable) => {
                tell("node(s) didn't match pod topology spread constraints (missing required label)");
            }
            Err(Refusal::Unschedulable) => tell("node(s) didn't match pod topology spread constraints"),
            Ok(()) => {}
        }
    }
}

impl Score for PodTopologySpread {
    fn name(&self) -> &'static str {
        "PodTopologySpread"
    }

    fn prepare<'a>(&self, cycle: &Cycle<'a>, nodes: &[&'a NodeInfo]) -> Option<Box<dyn Rate + 'a>> {
        let template = cycle.pod.template();
        let says_itself = !template.soft_spread.is_empty() || !template.hard_spread.is_empty();
        let constraints: Cow<'_, [SpreadConstraint]> = match cycle.siblings {
            _ if says_itself => (&template.soft_spread).into(),
            Some(selector) => DefaultSpread::constraints(selector).into(),
            None => return None,
        };
        if constraints.is_empty() {
            return None;
        }
        Some(Box::new(SoftAll::new(&constraints, says_itself, cycle, nodes)))
    }
}

impl<'a> SoftAll<'a> {
    fn new(
        constraints: &[SpreadConstraint],
        needs_all_labels: bool,
        cycle: &Cycle<'a>,
        nodes: &[&'a NodeInfo],
    ) -> Self {
        let misses = |node: &NodeInfo| {
            needs_all_labels && constraints.iter().any(|c| node.label(&c.topology_key).is_none())
        };
        let ignored: Vec<bool> = nodes.iter().map(|node| misses(node)).collect();
        let mut is_ignored = vec![false; cycle.cache.slot_count()];
        for (node, ignored) in nodes.iter().zip(&ignored) {
            is_ignored[node.slot.0 as usize] = *ignored;
        }
        let scored = || nodes.iter().zip(&ignored).filter(|(_, ignored)| !**ignored).map(|(node, _)| *node);
        let constraints = constraints
            .iter()
            .map(|constraint| {
                let counts = count(constraint, cycle);
                let (matches, domains) = if &*constraint.topology_key == HOSTNAME {
                    (Matches::OnNode(counts), scored().count())
                } else {
                    let label = |node: &'a NodeInfo| {
                        node.label(&constraint.topology_key).map_or("", |value| &**value)
                    };
                    let mut domains: FxHashMap<&'a str, i64> =
                        scored().map(|node| (label(node), 0)).collect();
                    let size = domains.len();
                    for node in cycle.cache.nodes().filter(|node| !misses(node)) {
                        let Some(domain) = domains.get_mut(label(node)) else { continue };
                        if is_domain(constraint, cycle.pod, node) {
                            *domain += counts[node.slot.0 as usize];
                        }
                    }
                    (Matches::InDomain(domains), size)
                };
                Soft {
                    topology_key: constraint.topology_key.clone(),
                    max_skew: constraint.max_skew,
                    weight: ((domains + 2) as f64).ln(),
                    matches,
                }
            })
            .collect();
        Self { constraints, ignored, is_ignored }
    }
}

impl Rate for SoftAll<'_> {
    fn score(&self, node: &NodeInfo) -> i64 {
        if self.is_ignored[node.slot.0 as usize] {
            return 0;
        }
        let score = self.constraints.iter().filter_map(|constraint| {
            let value = node.label(&constraint.topology_key)?;
            let count = match &constraint.matches {
                Matches::OnNode(counts) => counts[node.slot.0 as usize],
                Matches::InDomain(domains) => domains.get(&**value).copied().unwrap_or_default(),
            };
            Some(count as f64 * constraint.weight + (constraint.max_skew - 1) as f64)
        });
        score.sum::<f64>().round() as i64
    }

    fn normalize(&self, scores: &mut [i64]) {
        let counted = || scores.iter().zip(&self.ignored).filter(|(_, ignored)| !**ignored);
        let min = counted().map(|(score, _)| *score).min().unwrap_or_default();
        let max = counted().map(|(score, _)| *score).max().unwrap_or_default();
        for (score, ignored) in scores.iter_mut().zip(&self.ignored) {
            *score = match (ignored, max) {
                (true, _) => 0,
                (false, 0) => SCORE_MAX,
                (false, max) => SCORE_MAX * (max + min - *score) / max,
            };
        }
    }
}

/// How many pods a constraint selects on each node, by slot. Pods that are being deleted do not count.
fn count(constraint: &SpreadConstraint, cycle: &Cycle<'_>) -> Vec<i64> {
    let mut counts = vec![0; cycle.cache.slot_count()];
    cycle.cache.members().count(
        &cycle.pod.cohort.namespace,
        &constraint.selector,
        Terminating::Ignored,
        &mut |slot, pods| counts[slot.0 as usize] += pods,
    );
    counts
}

/// Whether a node counts for a constraint of a pod.
fn is_domain(constraint: &SpreadConstraint, pod: &PodInfo, node: &NodeInfo) -> bool {
    let template = pod.template();
    (!constraint.honors_affinity || template.node_terms.matches(&node.name, &node.labels))
        && (!constraint.honors_taints || all_tolerated(&node.taints, template.tolerations(), Severity::Hard))
}
