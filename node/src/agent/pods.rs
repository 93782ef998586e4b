//! All pods of a node as one state machine: what each is in, and what is to be done next.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::future::AbortHandle;
use k8s_openapi::api::core::v1::Pod;
use parking_lot::Mutex;
use setpoint_core::env::Instant;
use setpoint_core::object::{Obj, Uid};
use setpoint_runtime_traits::ContainerId;

use super::memory::PodMemory;
use super::probe::ProbeKey;
use super::sync::Synced;
use super::terminate::GRACE_MIN;

/// All pods of a node.
///
/// After every change, [`Pods::jobs`] tells what is to be begun, and [`Pods::next_deadline`] when to ask again
/// if nothing else happens. For one pod at most one job of each sort is under way: what was begun is to be
/// told to be done, or aborted.
#[derive(Debug, Default)]
pub(super) struct Pods {
    entries: BTreeMap<Uid, Entry>,
    deadlines: BTreeSet<(Instant, Uid)>,
    touched: BTreeSet<Uid>,
}

/// Something to be done for a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Job {
    /// Bring it closer to its spec.
    Sync,
    /// Stop what runs of it, within this time.
    Stop(Option<Duration>),
    /// Remove what the runtime still has of it.
    Remove,
    /// Report its status.
    Publish,
    /// Ask a probe.
    Probe(ProbeKey, ContainerId),
}

/// Where a pod is on its way, which leads only forward (AGENT-02).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// It is to run.
    Running,
    /// It is to be stopped.
    Stopping,
    /// Nothing of it runs.
    Stopped,
}

#[derive(Debug)]
struct Entry {
    pod: Obj<Pod>,
    memory: Arc<Mutex<PodMemory>>,
    stage: Stage,
    /// The store has it no more.
    gone: bool,
    wants_work: bool,
    wants_publish: bool,
    /// When to work on it again.
    work_at: Option<Instant>,
    /// When to report again after a failure.
    publish_at: Option<Instant>,
    working: Option<Working>,
    publishing: bool,
    deadline: Option<Instant>,
}

#[derive(Debug)]
struct Working {
    job: Job,
    abort: AbortHandle,
}

impl Pods {
    /// The pods that count when another is admitted.
    pub(super) fn active(&self) -> impl Iterator<Item = &Obj<Pod>> {
        self.entries.values().filter(|entry| entry.stage == Stage::Running).map(|entry| &entry.pod)
    }

    /// Whether this pod is known.
    pub(super) fn contains(&self, uid: &Uid) -> bool {
        self.entries.contains_key(uid)
    }

    /// The uids of all pods that the store has, as far as is known.
    pub(super) fn present(&self) -> BTreeSet<Uid> {
        self.entries.iter().filter(|(_, entry)| !entry.gone).map(|(uid, _)| uid.clone()).collect()
    }

    /// Whether nothing runs and nothing is under way.
    pub(super) fn is_stopped(&self) -> bool {
        self.entries.values().all(|entry| {
            entry.stage == Stage::Stopped
                && entry.working.is_none()
                && !entry.publishing
                && !entry.wants_publish
        })
    }

    /// A pod and what is remembered of it.
    pub(super) fn get(&self, uid: &Uid) -> Option<(&Obj<Pod>, &Arc<Mutex<PodMemory>>)> {
        self.entries.get(uid).map(|entry| (&entry.pod, &entry.memory))
    }

    /// Takes in a pod that was not known, with what is known of it already.
    pub(super) fn insert(&mut self, uid: Uid, pod: Obj<Pod>, memory: PodMemory) {
        let over = memory.failure.is_some()
            || pod.object().meta().is_terminating()
            || matches!(pod.status().and_then(|it| it.phase.as_deref()), Some("Succeeded" | "Failed"));
        let entry = Entry {
            pod,
            memory: Arc::new(Mutex::new(memory)),
            stage: if over { Stage::Stopping } else { Stage::Running },
            gone: false,
            wants_work: true,
            wants_publish: false,
            work_at: None,
            publish_at: None,
            working: None,
            publishing: false,
            deadline: None,
        };
        self.entries.insert(uid.clone(), entry);
        self.touched.insert(uid);
    }

    /// Takes in a newer version of a pod that is known.
    pub(super) fn update(&mut self, uid: &Uid, pod: Obj<Pod>) {
        let Some(entry) = self.entries.get_mut(uid) else { return };
        if pod.object().revision() < entry.pod.object().revision() {
            return;
        }
        let (old, new) = (entry.pod.object(), pod.object());
        let same_spec = old.spec_part().ptr_eq(new.spec_part());
        let same_meta = Arc::ptr_eq(old.shared_meta(), new.shared_meta());
        let deleted = new.meta().is_terminating();
        let own = entry.memory.lock().written.as_ref().map(|(revision, _)| *revision) == Some(new.revision());
        entry.pod = pod;
        if deleted && entry.stage == Stage::Running {
            entry.stop();
        } else if deleted && entry.shortens() {
            entry.abort();
            entry.wants_work = true;
        }
        entry.wants_work |= !same_spec || !same_meta;
        entry.wants_publish |= !own;
        self.touched.insert(uid.clone());
    }

    /// The store has the pod no more.
    pub(super) fn remove(&mut self, uid: &Uid) {
        let Some(entry) = self.entries.get_mut(uid) else { return };
        entry.gone = true;
        entry.wants_work = true;
        // Nothing is told of it any more.
        (entry.wants_publish, entry.publish_at) = (false, None);
        if entry.stage == Stage::Running {
            entry.stop();
        }
        self.touched.insert(uid.clone());
    }

    /// Something has happened to the pod.
    pub(super) fn wake(&mut self, uid: &Uid) {
        if let Some(entry) = self.entries.get_mut(uid) {
            entry.wants_work |= entry.stage == Stage::Running;
            self.touched.insert(uid.clone());
        }
    }

    /// A probe of the pod was answered, so that its next is due some time.
    pub(super) fn touch(&mut self, uid: &Uid) {
        self.touched.insert(uid.clone());
    }

    /// The pod's status may have changed.
    pub(super) fn report(&mut self, uid: &Uid) {
        if let Some(entry) = self.entries.get_mut(uid).filter(|entry| !entry.gone) {
            entry.wants_publish = true;
            self.touched.insert(uid.clone());
        }
    }

    /// Stops all pods, giving this as the reason.
    pub(super) fn stop_all(&mut self, failure: &super::pod_status::Failure) {
        for (uid, entry) in &mut self.entries {
            if entry.stage == Stage::Running {
                entry.memory.lock().failure = Some(failure.clone());
                entry.stop();
                self.touched.insert(uid.clone());
            }
        }
    }

    /// A job was begun that can be aborted.
    pub(super) fn began(&mut self, uid: &Uid, job: Job, abort: AbortHandle) {
        if let Some(entry) = self.entries.get_mut(uid) {
            entry.working = Some(Working { job, abort });
        }
    }

    /// A [`Job::Sync`] is done; `None` if it was aborted.
    pub(super) fn synced(&mut self, uid: &Uid, synced: Option<Synced>, now: Instant) {
        let Some(entry) = self.done(uid) else { return };
        if entry.stage != Stage::Running {
            return;
        }
        match synced {
            Some(Synced::AtRest) | None => entry.work_at = None,
            Some(Synced::Waits(time)) => entry.work_at = Some(now + time),
            Some(Synced::Over) => entry.stop(),
        }
    }

    /// A [`Job::Stop`] is done, if it was, or is to be tried again.
    pub(super) fn stopped(&mut self, uid: &Uid, stopped: Option<bool>, retry_at: Instant) {
        let Some(entry) = self.done(uid) else { return };
        match stopped {
            Some(true) => {
                entry.stage = Stage::Stopped;
                entry.memory.lock().stopped = true;
                entry.wants_publish = !entry.gone;
                entry.wants_work = entry.gone;
                entry.work_at = None;
            }
            Some(false) => entry.work_at = Some(retry_at),
            None => entry.wants_work = true,
        }
    }

    /// A [`Job::Remove`] is done: the pod is forgotten; or is to be tried again.
    pub(super) fn removed(&mut self, uid: &Uid, removed: Option<bool>, retry_at: Instant) {
        let Some(entry) = self.done(uid) else { return };
        if removed != Some(true) {
            entry.work_at = Some(retry_at);
            return;
        }
        if let Some(entry) = self.entries.remove(uid)
            && let Some(deadline) = entry.deadline
        {
            self.deadlines.remove(&(deadline, uid.clone()));
        }
        self.touched.remove(uid);
    }

    /// A [`Job::Publish`] is done, if it was, or is to be tried again.
    pub(super) fn published(&mut self, uid: &Uid, published: bool, retry_at: Instant) {
        if let Some(entry) = self.entries.get_mut(uid) {
            entry.publishing = false;
            entry.publish_at = (!published && !entry.gone).then_some(retry_at);
            self.touched.insert(uid.clone());
        }
    }

    /// When to ask again.
    pub(super) fn next_deadline(&self) -> Instant {
        self.deadlines.first().map_or(Instant::NEVER, |(at, _)| *at)
    }

    /// What is to be begun now.
    pub(super) fn jobs(&mut self, now: Instant) -> Vec<(Uid, Job)> {
        while let Some((at, uid)) = self.deadlines.first().cloned().filter(|(at, _)| *at <= now) {
            self.deadlines.remove(&(at, uid.clone()));
            self.touched.insert(uid);
        }
        let mut jobs = Vec::new();
        for uid in std::mem::take(&mut self.touched) {
            let Some(entry) = self.entries.get_mut(&uid) else { continue };
            entry.jobs(now, |job| jobs.push((uid.clone(), job)));
            let deadline = entry.next_deadline();
            if entry.deadline != deadline {
                if let Some(old) = entry.deadline {
                    self.deadlines.remove(&(old, uid.clone()));
                }
                entry.deadline = deadline;
            }
            if let Some(deadline) = deadline {
                self.deadlines.insert((deadline, uid));
            }
        }
        jobs
    }

    fn done(&mut self, uid: &Uid) -> Option<&mut Entry> {
        self.touched.insert(uid.clone());
        let entry = self.entries.get_mut(uid)?;
        entry.working = None;
        Some(entry)
    }
}

impl Entry {
    /// Begins to stop it: what was being done for it is dropped.
    fn stop(&mut self) {
        self.stage = Stage::Stopping;
        self.wants_work = true;
        self.work_at = None;
        self.abort();
    }

    fn abort(&self) {
        if let Some(working) = &self.working {
            working.abort.abort();
        }
    }

    /// The time in which it is to be stopped; `None` is what its spec says.
    fn grace(&self) -> Option<Duration> {
        if self.gone {
            return Some(GRACE_MIN);
        }
        let seconds = self.pod.object().meta().deletion_grace_period_seconds?;
        Some(Duration::from_secs(u64::try_from(seconds).unwrap_or_default()))
    }

    /// Whether it is being stopped in more time than it has now (AGENT-16).
    fn shortens(&self) -> bool {
        match self.working.as_ref().map(|working| &working.job) {
            Some(Job::Stop(before)) => match (before, self.grace()) {
                (Some(before), Some(now)) => now < *before,
                (None, Some(_)) => true,
                (_, None) => false,
            },
            _ => false,
        }
    }

    fn jobs(&mut self, now: Instant, mut begin: impl FnMut(Job)) {
        self.wants_work |= self.work_at.is_some_and(|at| at <= now);
        self.wants_publish |= self.publish_at.is_some_and(|at| at <= now);
        if self.wants_publish && !self.publishing && !self.gone {
            (self.wants_publish, self.publishing, self.publish_at) = (false, true, None);
            begin(Job::Publish);
        }
        if self.wants_work && self.working.is_none() {
            let job = match self.stage {
                Stage::Running => Some(Job::Sync),
                Stage::Stopping => Some(Job::Stop(self.grace())),
                Stage::Stopped if self.gone => Some(Job::Remove),
                Stage::Stopped => None,
            };
            self.wants_work = false;
            self.work_at = None;
            job.into_iter().for_each(&mut begin);
        }
        if self.stage != Stage::Stopped {
            let due = self.memory.lock().probes.take_due(now, self.stage == Stage::Stopping);
            due.into_iter().for_each(|(key, id)| begin(Job::Probe(key, id)));
        }
    }

    fn next_deadline(&self) -> Option<Instant> {
        let probes = match self.stage {
            Stage::Stopped => None,
            stage => self.memory.lock().probes.next_due(stage == Stage::Stopping),
        };
        // What is being worked on is looked at when that is done.
        let work = self.work_at.filter(|_| self.working.is_none());
        let publish = self.publish_at.filter(|_| !self.publishing);
        [probes, work, publish].into_iter().flatten().min()
    }
}
