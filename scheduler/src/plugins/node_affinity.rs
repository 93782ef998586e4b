use crate::cache::NodeInfo;
use crate::framework::{Check, ClusterEvent, Cycle, Filter, Prepared, Rate, Refusal, Score, normalize};
use crate::node_terms::{Names, NodeTerm, RequiredNodeTerms};
use crate::pod::PodInfo;

/// Pods go to nodes with the labels and names they demand (SCHED-20), and rather to those they prefer
/// (SCHED-21).
#[derive(Debug, Clone, Copy)]
pub struct NodeAffinity;

struct Required<'a>(&'a RequiredNodeTerms);

struct Preferred<'a>(&'a [(i64, NodeTerm)]);

impl Filter for NodeAffinity {
    fn name(&self) -> &'static str {
        "NodeAffinity"
    }

    fn prepare<'a>(&self, cycle: &Cycle<'a>) -> Prepared<'a> {
        let terms = &cycle.pod.template().node_terms;
        if terms.is_empty() {
            return Prepared::Skip;
        }
        let check = Box::new(Required(terms));
        match terms.names() {
            Names::All => Prepared::Check(check),
            Names::Only(names) if names.is_empty() => {
                Prepared::Reject(Refusal::Unresolvable, "pod affinity terms conflict".to_owned())
            }
            Names::Only(names) => Prepared::Narrow(names, check),
        }
    }

    fn watches(&self, event: &ClusterEvent<'_>) -> bool {
        matches!(event, ClusterEvent::Node { .. } | ClusterEvent::Itself { .. })
    }

    fn is_helped_by(&self, pod: &PodInfo, event: &ClusterEvent<'_>) -> bool {
        let terms = &pod.template().node_terms;
        match event {
            // What a gated pod demands may be narrowed only, but an update of another kind is not excluded.
            ClusterEvent::Itself { old, new } => {
                old.template().spec.node_selector != new.template().spec.node_selector
                    || old.template().spec.affinity != new.template().spec.affinity
            }
            _ => event
                .changed_node(|node| &node.labels)
                .is_some_and(|node| terms.matches(&node.name, &node.labels)),
        }
    }
}

impl Check for Required<'_> {
    fn check(&self, node: &NodeInfo) -> Result<(), Refusal> {
        if self.0.matches(&node.name, &node.labels) { Ok(()) } else { Err(Refusal::Unresolvable) }
    }

    fn explain(&self, _node: &NodeInfo, tell: &mut dyn FnMut(&str)) {
        tell("node(s) didn't match Pod's node affinity/selector");
    }
}

impl Score for NodeAffinity {
    fn name(&self) -> &'static str {
        "NodeAffinity"
    }

    fn prepare<'a>(&self, cycle: &Cycle<'a>, _nodes: &[&'a NodeInfo]) -> Option<Box<dyn Rate + 'a>> {
        let preferred: &'a PodInfo = cycle.pod;
        let preferred = &preferred.template().preferred_nodes;
        (!preferred.is_empty()).then(|| Box::new(Preferred(preferred)) as Box<dyn Rate + 'a>)
    }
}

impl Rate for Preferred<'_> {
    fn score(&self, node: &NodeInfo) -> i64 {
        let matching = self.0.iter().filter(|(_, term)| term.matches(&node.name, &node.labels));
        matching.map(|(weight, _)| weight).sum()
    }

    fn normalize(&self, scores: &mut [i64]) {
        normalize(scores);
    }
}
