use rustc_hash::FxHashMap;
use setpoint_core::object::Text;

use crate::cache::{Member, NodeInfo, Terminating};
use crate::framework::{Check, ClusterEvent, Cycle, Filter, Prepared, Rate, Refusal, SCORE_MAX, Score};
use crate::pod::{PodInfo, PodTerm};

/// Pods go near to, or far from, other pods: as they must (SCHED-26), and as they had better (SCHED-27).
#[derive(Debug, Clone, Copy)]
pub struct InterPodAffinity;

/// What a demand of a pod that is there already adds to the score of nodes near to it.
const HARD_WEIGHT: i64 = 1;

/// A label with its value: all nodes that have it are near to each other.
type Topology = (Text, Text);

/// Where pods are that matter to the pod's demands.
struct Demands<'a> {
    pod: &'a PodInfo,
    /// Pods that match all terms it must be near to.
    near: FxHashMap<Topology, i64>,
    /// Pods that match a term it must be far from.
    far: FxHashMap<Topology, i64>,
    /// Pods that must be far from it.
    shunned: FxHashMap<Topology, i64>,
    /// Whether it is itself what it must be near to.
    matches_itself: bool,
}

/// Why a node is refused.
#[derive(Clone, Copy)]
enum Why {
    Affinity,
    AntiAffinity,
    ExistingAntiAffinity,
}

impl Filter for InterPodAffinity {
    fn name(&self) -> &'static str {
        "InterPodAffinity"
    }

    fn prepare<'a>(&self, cycle: &Cycle<'a>) -> Prepared<'a> {
        let pod: &'a PodInfo = cycle.pod;
        let terms = &pod.template().pod_terms;
        let (mut near, mut far, mut shunned) = Default::default();
        if !terms.required.is_empty() || !terms.required_anti.is_empty() {
            for member in cycle.cache.members().cohorts() {
                let labels = cycle.cache.namespace_labels(&member.cohort.namespace);
                let matches = |term: &PodTerm| {
                    term.admits_namespace(pod.namespace(), &member.cohort.namespace, &labels)
                        && term.selector.matches(|key| member.cohort.labels.get(key))
                };
                if !terms.required.is_empty() && terms.required.iter().all(matches) {
                    terms.required.iter().for_each(|term| place(&mut near, cycle, member, term, 1));
                }
                let anti = terms.required_anti.iter().filter(|term| matches(term));
                anti.for_each(|term| place(&mut far, cycle, member, term, 1));
            }
        }
        let own_labels = cycle.cache.namespace_labels(pod.namespace());
        for member in cycle.cache.members().with_terms() {
            let cohort = &member.cohort;
            let anti = cohort.template.pod_terms.required_anti.iter();
            let meant = anti.filter(|term| cycle.is_meant(term, &cohort.namespace, &own_labels));
            meant.for_each(|term| place(&mut shunned, cycle, member, term, 1));
        }
        if terms.required.is_empty() && terms.required_anti.is_empty() && shunned.is_empty() {
            return Prepared::Skip;
        }
        let matches_itself =
            terms.required.iter().all(|term| cycle.is_meant(term, pod.namespace(), &own_labels));
        Prepared::Check(Box::new(Demands { pod, near, far, shunned, matches_itself }))
    }

    fn is_helped_by(&self, pod: &PodInfo, event: &ClusterEvent<'_>) -> bool {
        match event {
            // Who matters to whom is the next attempt's to find out.
            ClusterEvent::PodAssigned(_) => !pod.template().pod_terms.required.is_empty(),
            ClusterEvent::PodLeft(_) => true,
            ClusterEvent::PodChanged { old, new } | ClusterEvent::Itself { old, new } => {
                old.cohort.labels != new.cohort.labels
            }
            ClusterEvent::Node { .. } => event.changed_node(|node| &node.labels).is_some(),
            ClusterEvent::NodeRemoved(_) | ClusterEvent::Other(_) => false,
        }
    }
}

impl Demands<'_> {
    fn refuses(&self, node: &NodeInfo) -> Option<Why> {
        if !self.is_near(node) {
            return Some(Why::Affinity);
        }
        let terms = &self.pod.template().pod_terms;
        let is_close = |term: &PodTerm| at(&self.far, node, term) > 0;
        if !self.far.is_empty() && terms.required_anti.iter().any(is_close) {
            return Some(Why::AntiAffinity);
        }
        let is_shunned = |(key, value): &Topology| node.label(key) == Some(value);
        self.shunned.keys().any(is_shunned).then_some(Why::ExistingAntiAffinity)
    }

    fn is_near(&self, node: &NodeInfo) -> bool {
        let terms = &self.pod.template().pod_terms.required;
        if terms.iter().any(|term| node.label(&term.topology_key).is_none()) {
            return false;
        }
        // The first of its kind need not be near to anybody.
        terms.iter().all(|term| at(&self.near, node, term) > 0)
            || (self.near.is_empty() && self.matches_itself)
    }
}

impl Check for Demands<'_> {
    fn check(&self, node: &NodeInfo) -> Result<(), Refusal> {
        match self.refuses(node) {
            None => Ok(()),
            Some(Why::Affinity) => Err(Refusal::Unresolvable),
            Some(Why::AntiAffinity | Why::ExistingAntiAffinity) => Err(Refusal::Unschedulable),
        }
    }

    fn explain(&self, node: &NodeInfo, tell: &mut dyn FnMut(&str)) {
        match self.refuses(node) {
            None => {}
            Some(Why::Affinity) => tell("node(s) didn't match pod affinity rules"),
            Some(Why::AntiAffinity) => tell("node(s) didn't match pod anti-affinity rules"),
            Some(Why::ExistingAntiAffinity) => {
                tell("node(s) didn't satisfy existing pods anti-affinity rules");
            }
        }
    }
}

struct Preferences(FxHashMap<Topology, i64>);

impl Score for InterPodAffinity {
    fn name(&self) -> &'static str {
        "InterPodAffinity"
    }

    fn prepare<'a>(&self, cycle: &Cycle<'a>, _nodes: &[&'a NodeInfo]) -> Option<Box<dyn Rate + 'a>> {
        let pod = cycle.pod;
        let terms = &pod.template().pod_terms;
        let mut scores = FxHashMap::default();
        if !terms.preferred.is_empty() || !terms.preferred_anti.is_empty() {
            for member in cycle.cache.members().cohorts() {
                let labels = cycle.cache.namespace_labels(&member.cohort.namespace);
                let matches = |term: &&PodTerm| {
                    term.admits_namespace(pod.namespace(), &member.cohort.namespace, &labels)
                        && term.selector.matches(|key| member.cohort.labels.get(key))
                };
                let near = terms.preferred.iter().filter(matches);
                near.for_each(|term| place(&mut scores, cycle, member, term, term.weight));
                let far = terms.preferred_anti.iter().filter(matches);
                far.for_each(|term| place(&mut scores, cycle, member, term, -term.weight));
            }
        }
        let own_labels = cycle.cache.namespace_labels(pod.namespace());
        for member in cycle.cache.members().with_terms() {
            let cohort = &member.cohort;
            let theirs = &cohort.template.pod_terms;
            let required = theirs.required.iter().map(|term| (term, HARD_WEIGHT));
            let near = theirs.preferred.iter().map(|term| (term, term.weight));
            let far = theirs.preferred_anti.iter().map(|term| (term, -term.weight));
            for (term, weight) in required.chain(near).chain(far) {
                if cycle.is_meant(term, &cohort.namespace, &own_labels) {
                    place(&mut scores, cycle, member, term, weight);
                }
            }
        }
        (!scores.is_empty()).then(|| Box::new(Preferences(scores)) as Box<dyn Rate + 'a>)
    }
}

impl Rate for Preferences {
    fn score(&self, node: &NodeInfo) -> i64 {
        let here = self.0.iter().filter(|((key, value), _)| node.label(key) == Some(value));
        here.map(|(_, score)| score).sum()
    }

    fn normalize(&self, scores: &mut [i64]) {
        let min = scores.iter().copied().min().unwrap_or_default();
        let max = scores.iter().copied().max().unwrap_or_default();
        for score in scores {
            *score = if max > min {
                (SCORE_MAX as f64 * ((*score - min) as f64 / (max - min) as f64)) as i64
            } else {
                0
            };
        }
    }
}

/// Adds `weight` for each pod of a cohort where it is, as a term sees it. Pods that are being deleted count.
fn place(
    into: &mut FxHashMap<Topology, i64>,
    cycle: &Cycle<'_>,
    member: &Member,
    term: &PodTerm,
    weight: i64,
) {
    member.count(Terminating::Counted, &mut |slot, pods| {
        if let Some(value) = cycle.cache.at(slot).label(&term.topology_key) {
            *into.entry((term.topology_key.clone(), value.clone())).or_default() += weight * pods;
        }
    });
}

fn at(counts: &FxHashMap<Topology, i64>, node: &NodeInfo, term: &PodTerm) -> i64 {
    let value = node.label(&term.topology_key);
    let place = value.map(|value| (term.topology_key.clone(), value.clone()));
    place.and_then(|place| counts.get(&place)).copied().unwrap_or_default()
}
