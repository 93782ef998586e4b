//! Which pods are missed least, and go first when there are too many (RS-21 to RS-24).
//!
//! The first rule by which two pods differ decides: a pod without a node goes before one with; pending
//! before unknown before running; not ready before ready; by the cost its annotation names; by how many
//! related pods are on its node; the one that became ready later; the one that restarted more; the younger
//! one. Ages are compared by their magnitude only, the power of two of their nanoseconds; among pods whose
//! times differ within one magnitude the lower uid goes first, which is as good as random.

use std::cmp::{Ordering, Reverse};

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{ContainerStatus, PodStatus};
use rustc_hash::FxHashMap;
use setpoint_core::builtin::SharedPodSpec;
use setpoint_core::object::{Object, ObjectRef, Text, Uid};

use super::observed::node_of;
use crate::pod::{self, Readiness};

/// What a user says a pod's deletion would cost, relative to others.
pub const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";

/// The `count` pods to go first, of active pods of one ReplicaSet. `neighbours` counts the related pods on
/// each node.
pub fn victims<'a>(
    pods: &'a [ObjectRef],
    neighbours: &FxHashMap<Text, usize>,
    count: usize,
    now: Timestamp,
) -> Vec<&'a ObjectRef> {
    if count >= pods.len() {
        return pods.iter().collect();
    }
    let candidates = pods.iter().map(|pod| Candidate::of(pod, neighbours)).collect();
    let sorted = sorted(candidates, &|one: &Candidate<'_>, other: &Candidate<'_>| one.compare(other, now));
    sorted.into_iter().take(count).map(|candidate| candidate.pod).collect()
}

/// A pod with what it is compared by.
struct Candidate<'a> {
    pod: &'a ObjectRef,
    class: Class,
    /// `None` if it is not ready.
    ready: Option<Option<Timestamp>>,
    /// Most restarts of a container, and of a sidecar.
    restarts: (i32, i32),
}

/// Assigned, phase, ready, cost, neighbours: what is compared exactly. The least goes first.
type Class = (bool, u8, bool, i32, Reverse<usize>);

impl<'a> Candidate<'a> {
    fn of(pod: &'a ObjectRef, neighbours: &FxHashMap<Text, usize>) -> Self {
        let node = node_of(pod);
        let ready = match Readiness::of(pod) {
            Readiness::NotReady => None,
            Readiness::Ready(since) => Some(since),
        };
        let phase = match pod::phase(pod) {
            "Pending" => 0,
            "Unknown" => 1,
            _ => 2,
        };
        let crowd = neighbours.get(&node).copied().unwrap_or_default();
        let class = (!node.is_empty(), phase, ready.is_some(), deletion_cost(pod), Reverse(crowd));
        Self { pod, class, ready, restarts: restarts(pod) }
    }

    fn compare(&self, other: &Self, now: Timestamp) -> Ordering {
        let uids = (self.pod.meta().uid.as_ref(), other.pod.meta().uid.as_ref());
        self.class
            .cmp(&other.class)
            .then_with(|| match (self.ready, other.ready) {
                (Some(one), Some(two)) => by_age(one, two, uids, now),
                _ => Ordering::Equal,
            })
            .then_with(|| other.restarts.cmp(&self.restarts))
            .then_with(|| {
                let created = |candidate: &Self| candidate.pod.meta().creation_timestamp;
                by_age(created(self), created(other), uids, now)
            })
    }
}

/// The younger first, by magnitude; an unknown time before any other (RS-23).
fn by_age(
    one: Option<Timestamp>,
    other: Option<Timestamp>,
    uids: (Option<&Uid>, Option<&Uid>),
    now: Timestamp,
) -> Ordering {
    match (one, other) {
        (one, other) if one == other => Ordering::Equal,
        (None, _) => Ordering::Less,
        (_, None) => Ordering::Greater,
        (Some(one), Some(other)) => {
            magnitude(one, now).cmp(&magnitude(other, now)).then_with(|| uids.0.cmp(&uids.1))
        }
    }
}

/// The power of two of an age in nanoseconds; less than all of them if there is no age.
fn magnitude(since: Timestamp, now: Timestamp) -> Option<u32> {
    u128::try_from(now.duration_since(since).as_nanos()).ok()?.checked_ilog2()
}

/// What the annotation says; 0 if it is not an integer as upstream writes them (RS-21).
fn deletion_cost(pod: &Object) -> i32 {
    let Some(text) = pod.meta().annotations.get(DELETION_COST) else { return 0 };
    let well_formed = text == "0" || text.starts_with(|first: char| matches!(first, '-' | '1'..='9'));
    text.parse().ok().filter(|_| well_formed).unwrap_or_default()
}

/// Most restarts of a container, then of a sidecar (RS-24).
fn restarts(pod: &Object) -> (i32, i32) {
    let Some(status) = pod.status::<PodStatus>() else { return (0, 0) };
    let spec = pod.spec::<SharedPodSpec>();
    let is_sidecar = |status: &&ContainerStatus| {
        let init_containers = spec.and_then(|spec| spec.common().init_containers.as_deref());
        init_containers.unwrap_or_default().iter().any(|container| {
            container.name == status.name && container.restart_policy.as_deref() == Some("Always")
        })
    };
    let containers = status.container_statuses.iter().flatten();
    let sidecars = status.init_container_statuses.iter().flatten().filter(is_sidecar);
    let most = |restarts: Option<i32>| restarts.unwrap_or_default().max(0);
    (
        most(containers.map(|status| status.restart_count).max()),
        most(sidecars.map(|status| status.restart_count).max()),
    )
}

/// Merge sort. The comparison is not transitive (two pods of one magnitude of age compare by uid, two of the
/// same age by restarts), which the standard sorts may answer with a panic.
fn sorted<T>(mut items: Vec<T>, compare: &impl Fn(&T, &T) -> Ordering) -> Vec<T> {
    if items.len() < 2 {
        return items;
    }
    let upper = sorted(items.split_off(items.len() / 2), compare);
    let lower = sorted(items, compare);
    let mut merged = Vec::with_capacity(lower.len() + upper.len());
    let (mut lower, mut upper) = (lower.into_iter().peekable(), upper.into_iter().peekable());
    while let (Some(one), Some(other)) = (lower.peek(), upper.peek()) {
        let next = if compare(other, one) == Ordering::Less { upper.next() } else { lower.next() };
        merged.extend(next);
    }
    merged.extend(lower);
    merged.extend(upper);
    merged
}

#[cfg(test)]
mod tests;
