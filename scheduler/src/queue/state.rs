use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rustc_hash::FxHashMap;
use setpoint_core::env::Instant;
use setpoint_core::object::Uid;

use super::{Backoff, QueuedPod};
use crate::framework::{ClusterEvent, FILTERS_MAX, Filter, Rejectors};
use crate::pod::PodInfo;

/// How long a pod that was refused waits at the most if nothing happens (SCHED-07).
pub const UNSCHEDULABLE_MAX: Duration = Duration::from_secs(5 * 60);
/// How often is looked for pods that have waited that long.
pub const FLUSH_INTERVAL: Duration = Duration::from_secs(30);

/// Pods that wait to be placed; see the [module](super).
#[derive(Debug)]
pub struct SchedulingQueue {
    filters: Vec<Arc<dyn Filter>>,
    backoff: Backoff,
    entries: FxHashMap<Uid, Entry>,
    active: BTreeMap<ActiveKey, Uid>,
    backing_off: BTreeMap<TimeKey, Uid>,
    backing_off_after_error: BTreeMap<TimeKey, Uid>,
    unschedulable: BTreeMap<TimeKey, Uid>,
    /// How many of the unschedulable each filter has refused.
    refused: [usize; FILTERS_MAX],
    gated: usize,
    /// Makes keys unique and keeps the order of arrival.
    arrivals: u64,
}

/// How many pods are where (OBSERVE-03).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Ready to be popped.
    pub active: usize,
    /// Back off.
    pub backoff: usize,
    /// Wait until something happens.
    pub unschedulable: usize,
    /// Wait until their gates are gone.
    pub gated: usize,
}

type ActiveKey = (Reverse<i32>, Instant, u64);
type TimeKey = (Instant, u64);

#[derive(Debug)]
struct Entry {
    queued: QueuedPod,
    place: Place,
}

#[derive(Debug, Clone, Copy)]
enum Place {
    Active(ActiveKey),
    /// By when it ends.
    Backoff(TimeKey),
    ErrorBackoff(TimeKey),
    /// By since when.
    Unschedulable(TimeKey),
    Gated,
}

impl SchedulingQueue {
    /// A queue without pods. `filters` are those whose places [`Rejectors`] tell.
    pub fn new(filters: Vec<Arc<dyn Filter>>, backoff: Backoff) -> Self {
        Self {
            filters,
            backoff,
            entries: FxHashMap::default(),
            active: BTreeMap::new(),
            backing_off: BTreeMap::new(),
            backing_off_after_error: BTreeMap::new(),
            unschedulable: BTreeMap::new(),
            refused: [0; FILTERS_MAX],
            gated: 0,
            arrivals: 0,
        }
    }

    /// A pod wants to be placed. One that waits already is updated.
    pub fn add(&mut self, pod: Arc<PodInfo>, now: Instant) {
        if self.entries.contains_key(&pod.uid) {
            return self.update(pod, now);
        }
        self.activate(QueuedPod::new(pod, now));
    }

    /// A pod that waits has changed; unknown ones are passed over.
    pub fn update(&mut self, pod: Arc<PodInfo>, now: Instant) {
        let Some(Entry { mut queued, place }) = self.take(&pod.uid) else { return };
        let old = std::mem::replace(&mut queued.pod, pod);
        match place {
            Place::Active(_) | Place::Gated => self.activate(queued),
            _ if queued.pod.template().is_gated() => self.activate(queued),
            Place::Backoff(_) | Place::ErrorBackoff(_) => self.back_off(queued, now),
            Place::Unschedulable(key) => {
                let new = Arc::clone(&queued.pod);
                let event = ClusterEvent::Itself { old: &old, new: &new };
                if self.is_helped(&queued, &event, self.watching(&event)) {
                    self.back_off(queued, now);
                } else {
                    self.hold(queued, key);
                }
            }
        }
    }

    /// A pod waits no more. False if it did not.
    pub fn remove(&mut self, uid: &Uid) -> bool {
        self.take(uid).is_some()
    }

    /// Whether a pod waits.
    pub fn contains(&self, uid: &Uid) -> bool {
        self.entries.contains_key(uid)
    }

    /// The pod to place next. If none is ready, one that backs off and met no error.
    pub fn pop(&mut self) -> Option<QueuedPod> {
        let next = self.active.values().next().or_else(|| self.backing_off.values().next());
        let uid = next.cloned()?;
        let mut queued = self.take(&uid)?.queued;
        queued.attempts = queued.attempts.saturating_add(1);
        Some(queued)
    }

    /// Gives back a pod that these filters have refused.
    pub fn reject(&mut self, mut queued: QueuedPod, rejectors: Rejectors, now: Instant) {
        if rejectors.is_empty() {
            return self.fail(queued, now);
        }
        queued.since = now;
        queued.rejectors = rejectors;
        queued.refused = queued.refused.saturating_add(1);
        queued.errors = 0;
        let key = (now, self.arrival());
        self.hold(queued, key);
    }

    /// Gives back a pod that could not be placed for a reason that is not the pod's.
    pub fn fail(&mut self, mut queued: QueuedPod, now: Instant) {
        queued.since = now;
        queued.rejectors = Rejectors::NONE;
        queued.errors = queued.errors.saturating_add(1);
        self.back_off(queued, now);
    }

    /// Something has happened. Those that were refused and may be helped are ready, or back off.
    pub fn happened(&mut self, event: &ClusterEvent<'_>, now: Instant) {
        let watching = self.watching(event);
        if watching.is_empty() {
            return;
        }
        let helped = |uid: &&Uid| {
            let entry = self.entries.get(*uid);
            entry.is_some_and(|entry| self.is_helped(&entry.queued, event, watching))
        };
        let helped: Vec<Uid> = self.unschedulable.values().filter(helped).cloned().collect();
        self.release(&helped, now);
    }

    /// Lets go what has waited long enough.
    pub fn tick(&mut self, now: Instant) {
        let ended = |waiting: &BTreeMap<TimeKey, Uid>| -> Vec<Uid> {
            waiting.range(..=(now, u64::MAX)).map(|(_, uid)| uid.clone()).collect()
        };
        for uid in [ended(&self.backing_off), ended(&self.backing_off_after_error)].concat() {
            if let Some(Entry { queued, .. }) = self.take(&uid) {
                self.activate(queued);
            }
        }
        let forgotten = self.unschedulable.iter().take_while(|((since, _), _)| flush(*since) <= now);
        let forgotten: Vec<Uid> = forgotten.map(|(_, uid)| uid.clone()).collect();
        self.release(&forgotten, now);
    }

    /// When [`SchedulingQueue::tick`] has something to do next.
    pub fn next_due(&self) -> Option<Instant> {
        let first = |waiting: &BTreeMap<TimeKey, Uid>| waiting.keys().next().map(|(at, _)| *at);
        let flush = first(&self.unschedulable).map(flush);
        [first(&self.backing_off), first(&self.backing_off_after_error), flush].into_iter().flatten().min()
    }

    /// Whether [`SchedulingQueue::pop`] has something to give.
    pub fn is_ready(&self) -> bool {
        !self.active.is_empty() || !self.backing_off.is_empty()
    }

    /// How many pods are where.
    pub fn counts(&self) -> Counts {
        Counts {
            active: self.active.len(),
            backoff: self.backing_off.len() + self.backing_off_after_error.len(),
            unschedulable: self.unschedulable.len(),
            gated: self.gated,
        }
    }

    /// The uids of all pods that wait, in no particular order.
    pub fn uids(&self) -> impl Iterator<Item = &Uid> {
        self.entries.keys()
    }

    fn watching(&self, event: &ClusterEvent<'_>) -> Rejectors {
        let mut watching = Rejectors::NONE;
        for (place, filter) in self.filters.iter().enumerate() {
            let matters = self.refused[place] > 0 || matches!(event, ClusterEvent::Itself { .. });
            if matters && filter.watches(event) {
                watching.insert(place);
            }
        }
        watching
    }

    fn is_helped(&self, queued: &QueuedPod, event: &ClusterEvent<'_>, watching: Rejectors) -> bool {
        let mut rejectors = queued.rejectors.iter().filter(|place| watching.contains(*place));
        rejectors.any(|place| {
            self.filters.get(place).is_some_and(|filter| filter.is_helped_by(&queued.pod, event))
        })
    }

    fn release(&mut self, uids: &[Uid], now: Instant) {
        for uid in uids {
            if let Some(Entry { queued, .. }) = self.take(uid) {
                self.back_off(queued, now);
            }
        }
    }

    fn activate(&mut self, queued: QueuedPod) {
        if queued.pod.template().is_gated() {
            self.gated += 1;
            return self.insert(queued, Place::Gated);
        }
        let key = (Reverse(queued.pod.priority()), queued.since, self.arrival());
        self.active.insert(key, queued.pod.uid.clone());
        self.insert(queued, Place::Active(key));
    }

    fn back_off(&mut self, queued: QueuedPod, now: Instant) {
        let end = self.backoff.end(queued.since, queued.failures());
        if end <= now {
            return self.activate(queued);
        }
        let key = (end, self.arrival());
        let (waiting, place) = if queued.errors > 0 {
            (&mut self.backing_off_after_error, Place::ErrorBackoff(key))
        } else {
            (&mut self.backing_off, Place::Backoff(key))
        };
        waiting.insert(key, queued.pod.uid.clone());
        self.insert(queued, place);
    }

    fn hold(&mut self, queued: QueuedPod, key: TimeKey) {
        queued.rejectors.iter().for_each(|place| self.refused[place] += 1);
        self.unschedulable.insert(key, queued.pod.uid.clone());
        self.insert(queued, Place::Unschedulable(key));
    }

    fn insert(&mut self, queued: QueuedPod, place: Place) {
        self.entries.insert(queued.pod.uid.clone(), Entry { queued, place });
    }

    fn take(&mut self, uid: &Uid) -> Option<Entry> {
        let entry = self.entries.remove(uid)?;
        match &entry.place {
            Place::Active(key) => drop(self.active.remove(key)),
            Place::Backoff(key) => drop(self.backing_off.remove(key)),
            Place::ErrorBackoff(key) => drop(self.backing_off_after_error.remove(key)),
            Place::Unschedulable(key) => {
                self.unschedulable.remove(key);
                entry.queued.rejectors.iter().for_each(|place| self.refused[place] -= 1);
            }
            Place::Gated => self.gated -= 1,
        }
        Some(entry)
    }

    fn arrival(&mut self) -> u64 {
        self.arrivals += 1;
        self.arrivals
    }
}

/// When a pod that was refused at `since` is let go: at the first look after it has waited long enough.
fn flush(since: Instant) -> Instant {
    let waited = (since + UNSCHEDULABLE_MAX).since_start();
    let looks = waited.as_nanos() / FLUSH_INTERVAL.as_nanos() + 1;
    let looks = u32::try_from(looks).unwrap_or(u32::MAX);
    Instant::after_start(FLUSH_INTERVAL.saturating_mul(looks))
}
