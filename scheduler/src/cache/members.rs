use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use setpoint_core::object::Text;
use setpoint_core::selector::LabelSelector;

use super::Slot;
use crate::pod::{Cohort, CohortId, PodInfo};

/// How many selectors are remembered with the cohorts they select; past it all are forgotten.
pub const PER_SELECTOR_MAX: usize = 4096;

/// How many pods of each cohort are on which node, so that "how many pods that a selector selects are on each
/// node" need not look at pods.
#[derive(Debug, Default)]
pub struct Members {
    namespaces: BTreeMap<Text, Namespace>,
    /// Cohorts whose pods say something of other pods.
    with_terms: BTreeMap<Arrival, Text>,
    /// The number of the cohort that came last.
    last: Arrival,
    /// Which cohorts of a namespace a selector selects, by the selector's address.
    selected: Mutex<FxHashMap<(usize, Text), Selected>>,
}

/// Counts the times a cohort got its first pod.
type Arrival = u64;

#[derive(Debug, Default)]
struct Namespace {
    cohorts: BTreeMap<Arrival, Member>,
    arrivals: FxHashMap<CohortId, Arrival>,
}

/// The pods of one cohort.
#[derive(Debug)]
pub struct Member {
    /// What they have in common.
    pub cohort: Arc<Cohort>,
    /// Ordered by node.
    nodes: Vec<(Slot, Count)>,
}

/// Pods of one cohort on one node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Count {
    staying: u32,
    terminating: u32,
}

/// What is known of a selector.
#[derive(Debug)]
struct Selected {
    /// Kept, so that no other selector can have its address.
    _selector: Arc<LabelSelector>,
    cohorts: Vec<Arrival>,
    /// Cohorts up to this one were looked at.
    until: Arrival,
}

/// Whether pods that are being deleted count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terminating {
    /// They do.
    Counted,
    /// They do not.
    Ignored,
}

impl Members {
    pub(super) fn add(&mut self, pod: &PodInfo, slot: Slot) {
        let Self { namespaces, last, with_terms, .. } = self;
        let Namespace { cohorts, arrivals } = namespaces.entry(pod.cohort.namespace.clone()).or_default();
        let arrival = *arrivals.entry(pod.cohort.id).or_insert_with(|| {
            *last += 1;
            if !pod.template().pod_terms.is_empty() {
                with_terms.insert(*last, pod.cohort.namespace.clone());
            }
            *last
        });
        let member = cohorts
            .entry(arrival)
            .or_insert_with(|| Member { cohort: Arc::clone(&pod.cohort), nodes: Vec::new() });
        let at = match member.position(slot) {
            Ok(at) => at,
            Err(at) => {
                member.nodes.insert(at, (slot, Count::default()));
                at
            }
        };
        *member.nodes[at].1.of(pod) += 1;
    }

    pub(super) fn remove(&mut self, pod: &PodInfo, slot: Slot) {
        let Some(namespace) = self.namespaces.get_mut(&pod.cohort.namespace) else { return };
        let Some(&arrival) = namespace.arrivals.get(&pod.cohort.id) else { return };
        let Some(member) = namespace.cohorts.get_mut(&arrival) else { return };
        let Ok(at) = member.position(slot) else { return };
        let count = &mut member.nodes[at].1;
        let of = count.of(pod);
        *of = of.saturating_sub(1);
        if *count == Count::default() {
            member.nodes.remove(at);
        }
        if member.nodes.is_empty() {
            self.with_terms.remove(&arrival);
            namespace.cohorts.remove(&arrival);
            namespace.arrivals.remove(&pod.cohort.id);
        }
        if namespace.cohorts.is_empty() {
            self.namespaces.remove(&pod.cohort.namespace);
        }
    }

    /// All cohorts that have pods on nodes.
    pub fn cohorts(&self) -> impl Iterator<Item = &Member> {
        self.namespaces.values().flat_map(|namespace| namespace.cohorts.values())
    }

    /// The cohorts among them whose pods say something of other pods.
    pub fn with_terms(&self) -> impl Iterator<Item = &Member> {
        self.with_terms.iter().filter_map(|(arrival, name)| self.namespaces.get(name)?.cohorts.get(arrival))
    }

    /// Tells the nodes that have pods of a namespace which a selector selects, with their number; a node
    /// may be told several times.
    pub fn count(
        &self,
        namespace: &Text,
        selector: &Arc<LabelSelector>,
        terminating: Terminating,
        tell: &mut dyn FnMut(Slot, i64),
    ) {
        let Some(Namespace { cohorts, .. }) = self.namespaces.get(namespace) else { return };
        let memo = &mut *self.selected.lock();
        if memo.len() >= PER_SELECTOR_MAX {
            memo.clear();
        }
        let key = (Arc::as_ptr(selector) as usize, namespace.clone());
        let selected = memo.entry(key).or_insert_with(|| Selected {
            _selector: Arc::clone(selector),
            cohorts: Vec::new(),
            until: 0,
        });
        for (arrival, member) in cohorts.range((Bound::Excluded(selected.until), Bound::Unbounded)) {
            selected.until = *arrival;
            if selector.matches(|key| member.cohort.labels.get(key)) {
                selected.cohorts.push(*arrival);
            }
        }
        selected.cohorts.retain(|arrival| match cohorts.get(arrival) {
            Some(member) => {
                member.count(terminating, tell);
                true
            }
            // It will not come back: its next first pod is another arrival.
            None => false,
        });
    }
}

impl Member {
    /// Tells its nodes with the number of pods there.
    pub fn count(&self, terminating: Terminating, tell: &mut dyn FnMut(Slot, i64)) {
        for (slot, count) in &self.nodes {
            let pods = match terminating {
                Terminating::Counted => count.staying + count.terminating,
                Terminating::Ignored => count.staying,
            };
            if pods > 0 {
                tell(*slot, pods.into());
            }
        }
    }

    fn position(&self, slot: Slot) -> Result<usize, usize> {
        self.nodes.binary_search_by_key(&slot, |(slot, _)| *slot)
    }
}

impl Count {
    fn of(&mut self, pod: &PodInfo) -> &mut u32 {
        if pod.is_terminating() { &mut self.terminating } else { &mut self.staying }
    }
}
