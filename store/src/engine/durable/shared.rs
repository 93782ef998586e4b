use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use futures::channel::{mpsc, oneshot};
use futures::task::AtomicWaker;
use parking_lot::{Mutex, RwLock};
use setpoint_core::env::Env;
use setpoint_core::kind::Registry;
use setpoint_core::object::Revision;

use super::error::StorageError;
use super::files::Incarnation;
use super::log::{Entry, TooLarge, WriteError};
use super::parked::{Parked, Quarantined};
use super::settings::Settings;
use super::storage::Storage;
use crate::engine::CommitError;
use crate::engine::memory::Wakers;
use crate::engine::memory::state::State;

/// Changes that are written and synced together at the most.
const GROUP_MAX: usize = 16_384;
/// Changes that wait for the disk at the most; more are refused.
pub(super) const WAITING_MAX: usize = 200_000;

/// What the handles of an engine and its tasks share.
pub(super) struct Shared {
    pub(super) env: Env,
    pub(super) registry: Registry,
    pub(super) storage: Arc<dyn Storage>,
    pub(super) incarnation: Incarnation,
    pub(super) settings: Settings,
    pub(super) inner: RwLock<Inner>,
    /// Whether objects wait for their kinds.
    pub(super) has_parked: AtomicBool,
    /// Wakes the writer.
    pub(super) work: AtomicWaker,
    /// Bytes and changes since the last snapshot.
    pub(super) log_bytes: AtomicU64,
    pub(super) log_records: AtomicU64,
    pub(super) snapshots: Mutex<SnapshotState>,
    pub(super) snapshot_requests: Mutex<mpsc::Sender<SnapshotRequest>>,
    pub(super) notes: Vec<String>,
}

/// What is known of snapshots.
#[derive(Debug, Default)]
pub(super) struct SnapshotState {
    /// The newest that were verified, oldest first.
    pub(super) verified: Vec<Revision>,
    /// How many bytes the newest has.
    pub(super) bytes: u64,
    /// Why the last attempt failed.
    pub(super) failure: Option<String>,
}

/// Somebody wants a snapshot, and perhaps to know when it is there.
pub(super) type SnapshotRequest = Option<oneshot::Sender<Result<Revision, StorageError>>>;

/// Everything under the one lock.
pub(super) struct Inner {
    pub(super) state: State,
    pub(super) parked: Parked,
    /// Those who wait for what they have prepared, by its last revision.
    waiting: VecDeque<(Revision, Answer)>,
    /// A floor that is to be written.
    compact: Option<Revision>,
    condition: Condition,
    closing: bool,
}

type Answer = oneshot::Sender<Result<(), Unwritten>>;

/// Why a change was not written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unwritten {
    /// That is how it ends.
    Failed(CommitError),
    /// This change was too large, and all after it were taken back: they are to be prepared anew.
    TakenBack(TooLarge),
}

/// Whether a store takes writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// It does.
    Writable,
    /// The last attempt was refused, such as for a full disk; the next may succeed.
    Refusing(String),
    /// It does not, until it is closed and opened again: nobody can tell what is on the disk.
    Failed(String),
    /// It was closed.
    Closed,
}

/// How a durable engine is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// The newest revision that is on the disk and may be seen.
    pub revision: Revision,
    /// The oldest revision that can be resumed from.
    pub floor: Revision,
    /// Whether it takes writes.
    pub condition: Condition,
    /// How many bytes the log has grown by since the last snapshot.
    pub log_bytes: u64,
    /// The snapshots that were verified, oldest first.
    pub snapshots: Vec<Revision>,
    /// Why the last snapshot could not be made.
    pub snapshot_failure: Option<String>,
    /// What was found when it was opened and does no harm.
    pub notes: Vec<String>,
    /// Objects that cannot be shown, as they do not fit their kind.
    pub quarantined: Vec<Quarantined>,
    /// Kinds that are not registered, with how many objects wait for them.
    pub unknown_kinds: Vec<(String, usize)>,
}

/// What is written next.
pub(super) enum Work {
    /// A group, and the revision after it.
    Group(Vec<Entry>, Revision),
    /// Nothing more.
    Close,
}

impl Inner {
    pub(super) fn new(state: State, parked: Parked) -> Self {
        Self {
            state,
            parked,
            waiting: VecDeque::new(),
            compact: None,
            condition: Condition::Writable,
            closing: false,
        }
    }

    /// Why nothing can be written now.
    pub(super) fn refusal(&self) -> Option<CommitError> {
        let why = match &self.condition {
            Condition::Failed(why) => format!("the store has failed and must be opened again: {why}"),
            Condition::Closed => "the store is closed".to_owned(),
            _ if self.closing => "the store is being closed".to_owned(),
            _ if self.state.prepared().len() >= WAITING_MAX => {
                format!("more than {WAITING_MAX} changes wait for the disk")
            }
            Condition::Writable | Condition::Refusing(_) => return None,
        };
        Some(CommitError::Unavailable(why))
    }

    /// Waits for everything up to a revision.
    pub(super) fn wait_for(&mut self, revision: Revision) -> oneshot::Receiver<Result<(), Unwritten>> {
        let (answer, outcome) = oneshot::channel();
        // In order: revisions are given, and this is called, under one lock. A wait for something older may come later
        // and is answered no later than it would have to be.
        let revision = self.waiting.back().map_or(revision, |(last, _)| revision.max(*last));
        self.waiting.push_back((revision, answer));
        outcome
    }

    pub(super) fn request_compact(&mut self, floor: Revision) {
        let floor = floor.min(self.state.revision());
        self.state.compact(floor);
        if self.compact.is_none_or(|known| known < floor) {
            self.compact = Some(floor);
        }
    }

    /// What is to be written next, if anything.
    pub(super) fn next_work(&mut self) -> Option<Work> {
        if matches!(self.condition, Condition::Failed(_)) {
            return self.closing.then_some(Work::Close);
        }
        let prepared = self.state.prepared().iter().take(GROUP_MAX);
        let mut group: Vec<Entry> = prepared.map(|(_, change)| Entry::Change(Arc::clone(change))).collect();
        let last = match group.last() {
            Some(Entry::Change(change)) => change.revision,
            _ => self.state.revision(),
        };
        // A refused group is tried again only with what comes next.
        if let Some(floor) = self.compact
            && (!group.is_empty() || self.condition == Condition::Writable)
        {
            group.insert(0, Entry::Compact(floor));
        }
        match group.is_empty() {
            false => Some(Work::Group(group, last)),
            true => self.closing.then_some(Work::Close),
        }
    }

    pub(super) fn is_failed(&self) -> bool {
        matches!(self.condition, Condition::Failed(_))
    }

    pub(super) fn close(&mut self) {
        self.closing = true;
    }

    pub(super) fn closed(&mut self) {
        if !self.is_failed() {
            self.condition = Condition::Closed;
        }
    }
}

impl Shared {
    /// What became of a group: publishes it or takes it back, and answers those who wait.
    pub(super) fn settle(
        &self,
        outcome: Result<(), WriteError>,
        last: Revision,
        compacted: Option<Revision>,
    ) {
        let now = self.env.now();
        let mut wakers = Wakers::new();
        let answers = {
            let inner = &mut *self.inner.write();
            match outcome {
                Ok(()) => {
                    inner.state.publish(last, now, &mut wakers);
                    inner.condition = Condition::Writable;
                    // Another may have been asked for meanwhile.
                    inner.compact = inner.compact.filter(|floor| compacted < Some(*floor));
                    let done = inner.waiting.partition_point(|(revision, _)| *revision <= last);
                    inner.waiting.drain(..done).map(|(_, answer)| (answer, Ok(()))).collect()
                }
                Err(WriteError::Refused(why)) => {
                    inner.state.discard_prepared();
                    inner.condition = Condition::Refusing(why.clone());
                    fail(&mut inner.waiting, &Unwritten::Failed(CommitError::Unavailable(why)))
                }
                // What is before such a change is written without it.
                Err(WriteError::TooLarge(refused)) => {
                    inner.state.discard_prepared();
                    fail(&mut inner.waiting, &Unwritten::TakenBack(refused))
                }
                Err(WriteError::Unknown(why)) => {
                    inner.state.discard_prepared();
                    inner.condition = Condition::Failed(why.clone());
                    // What came up meanwhile was not written, which is known.
                    let written = inner.waiting.partition_point(|(revision, _)| *revision <= last);
                    let mut later = inner.waiting.split_off(written);
                    let unknown = Unwritten::Failed(CommitError::Unknown(why.clone()));
                    let mut answers = fail(&mut inner.waiting, &unknown);
                    answers.extend(fail(&mut later, &Unwritten::Failed(CommitError::Unavailable(why))));
                    answers
                }
            }
        };
        for (answer, outcome) in answers {
            // Whoever has stopped waiting reads again before deciding again.
            drop(answer.send(outcome));
        }
        wakers.into_iter().for_each(std::task::Waker::wake);
    }

    /// Takes back a change that is too large, and all after it.
    pub(super) fn refuse(&self, refused: TooLarge) {
        self.settle(Err(WriteError::TooLarge(refused)), refused.revision, None);
    }

    /// Shows objects whose kinds were registered meanwhile.
    pub(super) fn unpark(&self) {
        if !self.has_parked.load(Ordering::Relaxed) || !self.inner.read().parked.has_news(&self.registry) {
            return;
        }
        let now = self.env.now();
        let inner = &mut *self.inner.write();
        inner.parked.settle(&self.registry, &mut inner.state, now);
        self.has_parked.store(!inner.parked.is_empty(), Ordering::Relaxed);
    }

    pub(super) fn health(&self) -> Health {
        let inner = self.inner.read();
        let snapshots = self.snapshots.lock();
        Health {
            revision: inner.state.revision(),
            floor: inner.state.floor(),
            condition: inner.condition.clone(),
            log_bytes: self.log_bytes.load(Ordering::Relaxed),
            snapshots: snapshots.verified.clone(),
            snapshot_failure: snapshots.failure.clone(),
            notes: self.notes.clone(),
            quarantined: inner.parked.quarantined(),
            unknown_kinds: inner.parked.unknown(),
        }
    }
}

type Answers = Vec<(Answer, Result<(), Unwritten>)>;

fn fail(waiting: &mut VecDeque<(Revision, Answer)>, why: &Unwritten) -> Answers {
    waiting.drain(..).map(|(_, answer)| (answer, Err(why.clone()))).collect()
}
