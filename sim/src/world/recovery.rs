use std::collections::BTreeSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use setpoint_core::env::Environment;
use setpoint_core::kind::KindId;
use setpoint_core::object::{Key, ObjectRef};
use setpoint_store::engine::durable::storage::Crash;
use setpoint_store::engine::{Change as Made, Route};
use setpoint_store::request::Outcome;
use setpoint_store::tables::Snapshot;

use super::truth::{Answered, Change};
use super::{Origin, Process, Restart, World};
use crate::checks::Recovered;

/// How long the store is away.
const DOWN: Duration = Duration::from_secs(2);
/// How long the processes are.
const RESTART: Duration = Duration::from_secs(5);
/// Uses of the files within which it crashes.
const CALLS_MAX: usize = 6;
/// Who makes a change of which nobody was told.
const NOBODY: &str = "recovery";

/// The crash of a whole control plane with its store, and its return.
impl World {
    pub(crate) fn set_processes(&self, processes: &[Arc<Process>]) {
        self.state.lock().processes = processes.iter().map(Arc::downgrade).collect();
    }

    /// A write is about to be made, and the store may crash in its course.
    pub(super) fn begin(&self, key: Option<&Key>) -> Option<u64> {
        let crashing = self.crashing.as_ref()?;
        if self.is_faulty() {
            let chance = self.faults.store_crash;
            let chances = [chance; CALLS_MAX];
            let calls = self.choices.weighted(self.choices.site("store/crash"), &chances);
            if calls > 0 {
                crashing.strike_in(calls as u64);
            }
        }
        let state = &mut *self.state.lock();
        state.writes += 1;
        state.under_way.insert(state.writes, key?.clone());
        Some(state.writes)
    }

    /// A write was answered. What is dropped before that may be applied for all anybody knows.
    pub(super) fn end(&self, ticket: Option<u64>) {
        if let Some(ticket) = ticket
            && self.crashing.as_ref().is_some_and(|store| store.is_up() && !store.is_struck())
        {
            self.state.lock().under_way.remove(&ticket);
        }
    }

    /// A durable store answers many writes at once, in no order: the checks look at them in that of their revisions.
    pub(super) fn postpone(self: &Arc<Self>, answered: Answered) {
        let is_first = {
            let waiting = &mut self.state.lock().answered;
            waiting.push(answered);
            waiting.len() == 1
        };
        if is_first {
            let world = Arc::clone(self);
            let flush = async move {
                // Whoever else is answered at this moment is by then.
                world.env.sleep(Duration::from_nanos(1)).await;
                world.flush();
            };
            Environment::spawn(&self.env, "answers", flush.boxed());
        }
    }

    fn flush(&self) {
        self.flush_with(Vec::new());
    }

    /// `untold` were made before some of those that were answered, oldest first.
    fn flush_with(&self, untold: Vec<Arc<Made>>) {
        let mut answered = std::mem::take(&mut self.state.lock().answered);
        answered.sort_by_key(|answered| answered.written.object.revision());
        let mut untold = untold.into_iter().peekable();
        for mut answered in answered {
            let revision = answered.written.object.revision();
            while let Some(made) = untold.next_if(|made| made.revision < revision) {
                self.step_untold(&made);
            }
            answered.old = self.state.lock().stepped.get(&answered.written.object.key()).cloned();
            self.applied(&answered);
        }
    }

    /// What was made before something that was answered, and could be seen, though the crash came before its own answer.
    fn untold(&self) -> Vec<Arc<Made>> {
        let (from, told) = {
            let state = self.state.lock();
            let made = state.answered.iter().filter(|it| it.written.outcome != Outcome::Unchanged);
            (state.stepped.revision, made.map(|it| it.written.object.revision()).collect::<BTreeSet<_>>())
        };
        let Some(&newest) = told.last() else { return Vec::new() };
        let mut untold = Vec::new();
        for kind in self.store.registry().kinds() {
            let Some(Ok(mut feed)) = self.store.feed(kind.id, Route::Kind, from) else { continue };
            while let Some(Some(Ok(made))) = feed.next().now_or_never() {
                if made.revision < newest && !told.contains(&made.revision) {
                    untold.push(made);
                }
            }
        }
        untold.sort_by_key(|made| made.revision);
        untold
    }

    fn step_untold(&self, made: &Made) {
        let object = made.removed().filter(|_| made.new.is_none());
        let object = object.as_ref().unwrap_or_else(|| made.object());
        let (place, revision) = (self.place(&object.key()), self.at(made.revision));
        self.note("store", format!("{place} is changed, and nobody was told: {revision}"));
        let (at, truth) = (self.env.now(), self.snapshot());
        let origin = Origin { process: "store", seen: None, late: true };
        let state = &mut *self.state.lock();
        let old = state.stepped.get(&object.key()).cloned();
        let (old, new) = (old.as_ref(), made.new.as_ref());
        let change = Change { at, actor: NOBODY, old, object, new, epoch: None, truth: &truth, origin };
        state.step(&change, self);
    }

    /// If the store has crashed, so does everything that works on it. True if that is so.
    pub(crate) fn notice_crash(self: &Arc<Self>) -> bool {
        let Some(crashing) = &self.crashing else { return false };
        if !crashing.is_struck() {
            return !crashing.is_up();
        }
        self.flush_with(self.untold());
        let Some(before) = crashing.go_down() else { return true };
        let how = self.choices.below(self.choices.site("store/left"), Crash::ALL.len());
        let how = Crash::ALL.get(how).copied().unwrap_or(Crash::Lost);
        self.note_fault("store", format!("crashes; of what was not durable: {how:?}"));
        let processes = self.state.lock().processes.clone();
        for process in processes.iter().filter_map(Weak::upgrade) {
            process.crash(Restart { after: RESTART, behind: None });
        }
        let world = Arc::clone(self);
        let again = async move {
            world.env.sleep(DOWN).await;
            world.come_back(how, &before).await;
        };
        Environment::spawn(&self.env, "store", again.boxed());
        true
    }

    async fn come_back(&self, how: Crash, before: &Snapshot) {
        let Some(crashing) = &self.crashing else { return };
        let seed = Environment::random_u64(&self.env);
        if let Err(error) = crashing.come_back(how, seed).await {
            return self.violated("INV-ST-15", format!("the store cannot be opened again: {error}"));
        }
        let after = self.snapshot();
        self.note("store", format!("is open again, at {}", self.at(after.revision())));
        let kinds: Vec<KindId> = self.store.registry().kinds().iter().map(|kind| kind.id).collect();
        let under_way: BTreeSet<Key> = {
            let state = &mut *self.state.lock();
            std::mem::take(&mut state.under_way).into_values().collect()
        };
        let recovered = Recovered { kinds: &kinds, before, after: &after, under_way: &under_way };
        self.check(|check| check.recovered(&recovered));
        self.catch_up(&kinds, &after);
        self.recovered.notify_waiters();
    }

    /// The checks are told of changes that nobody was told of.
    fn catch_up(&self, kinds: &[KindId], after: &Snapshot) {
        let at = self.env.now();
        let origin = Origin { process: "store", seen: None, late: true };
        let state = &mut *self.state.lock();
        let mut changes: Vec<(Option<ObjectRef>, Option<ObjectRef>)> = Vec::new();
        for object in kinds.iter().flat_map(|kind| after.list(*kind)) {
            let known = state.stepped.get(&object.key()).cloned();
            if known.as_ref().is_none_or(|known| known.revision() != object.revision()) {
                changes.push((known, Some(Arc::clone(object))));
            }
        }
        let stepped = state.stepped.snapshot();
        let gone = kinds.iter().flat_map(|kind| stepped.list(*kind));
        let gone = gone.filter(|known| after.get(&known.key()).is_none());
        changes.extend(gone.map(|known| (Some(Arc::clone(known)), None)));
        changes.sort_by_key(|(_, new)| new.as_ref().map(|new| new.revision()).unwrap_or(after.revision()));
        for (old, new) in changes {
            let Some(object) = new.as_ref().or(old.as_ref()) else { continue };
            let change = Change {
                at,
                actor: NOBODY,
                old: old.as_ref(),
                object,
                new: new.as_ref(),
                epoch: None,
                truth: after,
                origin,
            };
            state.step(&change, self);
        }
        state.stepped.revision = state.stepped.revision.max(after.revision());
    }

    /// Waits until the store is up.
    pub(crate) async fn up(&self) {
        while self.crashing.as_ref().is_some_and(|store| !store.is_up()) {
            self.env.sleep(Duration::from_millis(100)).await;
        }
    }
}
