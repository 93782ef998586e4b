//! The scheduler as a synchronous state machine: told of changes, asked for decisions.
//!
//! Its owner tells it of every change of pods and nodes ([`Scheduling::pod_changed`] and its like), which may be
//! told again, asks [`Scheduling::decide`] until it has nothing to decide, carries decisions out, and tells what
//! came of each binding. [`Scheduling::next_due`] says when [`Scheduling::tick`] is to be called next. It reads
//! no clock and writes nothing.

use std::fmt;
use std::sync::Arc;

use setpoint_core::env::{Instant, Random};
use setpoint_core::object::{Object, ObjectRef, Text, Uid};

use crate::cache::{Cache, NodeInfo};
use crate::framework::{ClusterEvent, Cycle, FitError, Objects, Profile};
use crate::placement::Placer;
use crate::pod::{Interner, PodInfo, is_terminal, node_name};
use crate::queue::{Backoff, Counts, QueuedPod, SchedulingQueue};
use crate::siblings::Siblings;

/// The scheduler's state.
#[derive(Debug)]
pub struct Scheduling {
    scheduler_name: Text,
    profile: Profile,
    cache: Cache,
    queue: SchedulingQueue,
    placer: Placer,
    interner: Interner,
    siblings: Siblings,
}

/// What is to be done about a pod.
#[derive(Debug)]
pub enum Decision {
    /// It is to be bound to a node, where it counts already. What comes of it is to be told.
    Bind(Assignment),
    /// It fits nowhere and waits again.
    Refuse(Arc<PodInfo>, FitError),
    /// It is being deleted, and waits no more.
    Skip(Arc<PodInfo>),
}

/// A pod that is to be bound.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// The pod.
    pub queued: QueuedPod,
    /// The node.
    pub node: Text,
}

/// What becomes of a pod that could not be bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unbound {
    /// It waits again.
    Requeued,
    /// It is gone, or on a node already.
    Settled,
}

impl Scheduling {
    /// Without pods and nodes. It schedules the pods that name `scheduler_name`.
    pub fn new(
        scheduler_name: &str,
        profile: Profile,
        backoff: Backoff,
        percentage_of_nodes_to_score: usize,
        random: Random,
    ) -> Self {
        Self {
            scheduler_name: scheduler_name.into(),
            queue: SchedulingQueue::new(profile.filters().to_vec(), backoff),
            profile,
            cache: Cache::default(),
            placer: Placer::new(random, percentage_of_nodes_to_score),
            interner: Interner::default(),
            siblings: Siblings::default(),
        }
    }

    /// Nodes, and pods on nodes.
    pub fn cache(&self) -> &Cache {
        &self.cache
    }

    /// How many pods wait where.
    pub fn counts(&self) -> Counts {
        self.queue.counts()
    }

    /// A pod is new or has changed. What is known already is passed over.
    pub fn pod_changed(&mut self, pod: &ObjectRef, now: Instant) {
        let Some(uid) = &pod.meta().uid else { return };
        if is_terminal(pod) {
            return self.pod_removed(uid, now);
        }
        let is_bound = node_name(pod).is_some();
        if !is_bound && !self.is_responsible(pod) {
            return self.pod_removed(uid, now);
        }
        let known = self.cache.pod(uid).map(|known| known.object.revision());
        if known.is_some_and(|known| pod.revision() <= known) {
            return;
        }
        // A pod that is assumed changes again when it is bound.
        if !is_bound && known.is_some() {
            return;
        }
        let Some(info) = PodInfo::new(pod, &mut self.interner).map(Arc::new) else { return };
        if is_bound { self.pod_bound(&info, now) } else { self.queue.add(info, now) }
    }

    /// A pod is gone.
    pub fn pod_removed(&mut self, uid: &Uid, now: Instant) {
        self.queue.remove(uid);
        if let Some(pod) = self.cache.remove_pod(uid) {
            self.queue.happened(&ClusterEvent::PodLeft(&pod), now);
        }
    }

    /// A node is new or has changed. What is known already is passed over.
    pub fn node_changed(&mut self, node: &ObjectRef, now: Instant) {
        let known = self.cache.node(&node.meta().name).and_then(|known| known.object.clone());
        if known.as_ref().is_some_and(|known| node.revision() <= known.revision()) {
            return;
        }
        let old = known.as_ref().map(NodeInfo::of);
        let new = NodeInfo::of(node);
        self.cache.set_node(node);
        if old.as_ref().is_none_or(|old| is_news(old, &new)) {
            self.queue.happened(&ClusterEvent::Node { old: old.as_ref(), new: &new }, now);
        }
    }

    /// A node is gone.
    pub fn node_removed(&mut self, name: &str, now: Instant) {
        let Some(node) = self.cache.node(name).and_then(|node| node.object.clone()) else { return };
        self.cache.remove_node(name);
        self.queue.happened(&ClusterEvent::NodeRemoved(&NodeInfo::of(&node)), now);
    }

    /// A namespace is new, has changed, or is gone.
    pub fn namespace_changed(&mut self, name: &Text, namespace: Option<&Object>) {
        self.cache.set_namespace(name, namespace.map(|object| object.meta().labels.clone()));
    }

    /// A service has changed.
    pub fn service_changed(&mut self) {
        self.siblings.forget();
    }

    /// An object that filters look up has changed: a claim, a volume, a class.
    pub fn other_changed(&mut self, object: &ObjectRef, now: Instant) {
        self.queue.happened(&ClusterEvent::Other(object), now);
    }

    /// Forgets pods and nodes that are no longer there, after changes were missed.
    pub fn retain(&mut self, is_pod: impl Fn(&Uid) -> bool, is_node: impl Fn(&str) -> bool, now: Instant) {
        let known = self.cache.pods().map(|pod| &pod.uid).chain(self.queue.uids());
        let gone: Vec<Uid> = known.filter(|uid| !is_pod(uid)).cloned().collect();
        for uid in gone {
            self.pod_removed(&uid, now);
        }
        let gone: Vec<Text> =
            self.cache.nodes().map(|node| &node.name).filter(|name| !is_node(name)).cloned().collect();
        for name in gone {
            self.node_removed(&name, now);
        }
    }

    /// Decides about the pod that is next; `None` if none is ready.
    pub fn decide(&mut self, objects: Option<Objects<'_>>, now: Instant) -> Option<Decision> {
        let queued = self.queue.pop()?;
        let pod = Arc::clone(&queued.pod);
        if pod.is_terminating() {
            return Some(Decision::Skip(pod));
        }
        let siblings = objects.and_then(|objects| self.siblings.of(&pod.cohort, objects));
        let cycle = Cycle { pod: &pod, cache: &self.cache, objects, siblings: siblings.as_ref() };
        match self.placer.place(&cycle, &self.profile) {
            Ok(node) => {
                self.cache.assume(Arc::clone(&pod), &node);
                Some(Decision::Bind(Assignment { queued, node }))
            }
            Err(error) => {
                self.queue.reject(queued, error.rejectors(), now);
                Some(Decision::Refuse(pod, error))
            }
        }
    }

    /// Whether there is something to decide.
    pub fn is_ready(&self) -> bool {
        self.queue.is_ready()
    }

    /// A pod could not be bound. `current` is the pod as it is, if it is still there.
    pub fn bind_failed(
        &mut self,
        assignment: Assignment,
        current: Option<&ObjectRef>,
        now: Instant,
    ) -> Unbound {
        let Assignment { mut queued, .. } = assignment;
        let uid = queued.pod.uid.clone();
        if self.cache.forget(&uid) {
            self.queue.happened(&ClusterEvent::PodLeft(&queued.pod), now);
        }
        let waiting = current.filter(|pod| {
            let is_same = pod.meta().uid.as_ref() == Some(&uid);
            is_same && node_name(pod).is_none() && !is_terminal(pod) && self.is_responsible(pod)
        });
        let Some(info) = waiting.and_then(|pod| PodInfo::new(pod, &mut self.interner)) else {
            if let Some(current) = current {
                self.pod_changed(current, now);
            }
            return Unbound::Settled;
        };
        queued.pod = Arc::new(info);
        self.queue.fail(queued, now);
        Unbound::Requeued
    }

    /// Lets go what has waited long enough.
    pub fn tick(&mut self, now: Instant) {
        self.queue.tick(now);
    }

    /// When [`Scheduling::tick`] has something to do next.
    pub fn next_due(&self) -> Option<Instant> {
        self.queue.next_due()
    }

    fn pod_bound(&mut self, pod: &Arc<PodInfo>, now: Instant) {
        self.queue.remove(&pod.uid);
        let was_assumed = self.cache.is_assumed(&pod.uid);
        let old = self.cache.pod(&pod.uid).cloned();
        self.cache.set_pod(Arc::clone(pod));
        match old.filter(|_| !was_assumed) {
            None => self.queue.happened(&ClusterEvent::PodAssigned(pod), now),
            Some(old) => {
                let is_news = !Arc::ptr_eq(&old.cohort, &pod.cohort)
                    || old.requests != pod.requests
                    || old.is_terminating() != pod.is_terminating();
                if is_news {
                    self.queue.happened(&ClusterEvent::PodChanged { old: &old, new: pod }, now);
                }
            }
        }
    }

    fn is_responsible(&self, pod: &Object) -> bool {
        let spec = pod.spec::<setpoint_core::builtin::SharedPodSpec>();
        let name = spec.and_then(|spec| spec.common().scheduler_name.as_deref());
        name.unwrap_or("default-scheduler") == &*self.scheduler_name
    }
}

/// Whether a change of a node matters to any pod.
fn is_news(old: &NodeInfo, new: &NodeInfo) -> bool {
    old.labels != new.labels
        || old.taints != new.taints
        || old.is_unschedulable != new.is_unschedulable
        || old.allocatable != new.allocatable
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bind(Assignment { queued, node }) => write!(f, "{} goes to {node}", queued.pod.key()),
            Self::Refuse(pod, error) => write!(f, "{}: {error}", pod.key()),
            Self::Skip(pod) => write!(f, "{} is being deleted", pod.key()),
        }
    }
}

#[cfg(test)]
mod tests;
