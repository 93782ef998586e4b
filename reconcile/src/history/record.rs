use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use setpoint_core::env::Instant;
use setpoint_core::kind::Subresource;
use setpoint_core::object::{Key, ObjectRef, Revision};
use setpoint_core::{Error, Result};
use setpoint_store::request::{Outcome, RequestContext, User, Write, Written};

use super::journal::Journal;

/// Causes that are kept for one run.
const CAUSES_MAX: usize = 8;
/// Bytes that are kept of what an error says.
const ERROR_MAX: usize = 512;

/// What controllers did lately, and why. Clones share.
#[derive(Clone, Default)]
pub struct History(Option<Arc<Inner>>);

struct Inner {
    records_max: usize,
    state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) runs: BTreeMap<RunId, RunRecord>,
    pub(super) journal: Journal,
    /// Why keys wait, by controller; at most as many as there are keys in queues.
    waiting: FxHashMap<(&'static str, Key), Vec<Cause>>,
    last: u64,
}

/// One run of one key. Zero is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct RunId(pub u64);

impl RunId {
    fn known(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}

/// What made a key run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// An object changed, which brought it to this revision.
    Changed {
        /// The object.
        object: Key,
        /// Its revision, or that of its removal.
        revision: Revision,
    },
    /// The run before asked for another one.
    Asked,
    /// The run before failed so.
    Failed(String),
    /// Changes were missed, or found no room: every object was looked at.
    Reread,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    /// Its number.
    pub id: RunId,
    /// The controller.
    pub controller: &'static str,
    /// The root object.
    pub key: Key,
    /// When it began.
    pub began: Instant,
    /// The revision that the controller's view showed completely then.
    pub view: Revision,
    /// What made it run, at most eight changes.
    pub causes: Vec<Cause>,
    /// How it ended; nothing while it goes on, and if its process ended before it.
    pub end: Option<String>,
}

/// A write that changed something, or was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteRecord {
    /// When it was answered.
    pub at: Instant,
    /// Who asked for it.
    pub user: Arc<User>,
    /// The run that did; `None` if it was no run of a controller that records.
    pub run: Option<RunId>,
    /// Where to. For an object whose name the store chooses, the name it chose.
    pub object: Key,
    /// What was asked for: `create`, `update`, `update status`, `patch`, `patch status`, `delete`, `delete collection`, `bind`,
    /// `evict`.
    pub verb: &'static str,
    /// The revision it made, or why it made none.
    pub answer: Result<Revision, String>,
}

impl History {
    /// One that keeps nothing.
    pub fn off() -> Self {
        Self(None)
    }

    /// As many runs and writes as a control plane in production may well keep: some megabytes.
    pub const RECORDS: usize = 10_000;

    /// One that keeps the newest `records_max` runs, and as many writes.
    pub fn keeping(records_max: usize) -> Self {
        Self(Some(Arc::new(Inner { records_max: records_max.max(1), state: Mutex::default() })))
    }

    /// Whether it keeps anything.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// The runs that are kept, oldest first.
    pub fn runs(&self) -> Vec<RunRecord> {
        self.read(|state| state.runs.values().cloned().collect()).unwrap_or_default()
    }

    /// The writes that are kept, oldest first.
    pub fn writes(&self) -> Vec<WriteRecord> {
        self.read(|state| state.journal.iter().cloned().collect()).unwrap_or_default()
    }

    pub(super) fn read<T>(&self, read: impl FnOnce(&State) -> T) -> Option<T> {
        Some(read(&self.0.as_ref()?.state.lock()))
    }

    /// A key of a controller is going to run, for this reason.
    pub(crate) fn woken(&self, controller: &'static str, key: &Key, cause: impl FnOnce() -> Cause) {
        let Some(inner) = &self.0 else { return };
        let state = &mut *inner.state.lock();
        let causes = state.waiting.entry((controller, key.clone())).or_default();
        if causes.len() < CAUSES_MAX {
            causes.push(match cause() {
                Cause::Failed(error) => Cause::Failed(cut(error)),
                other => other,
            });
        }
    }

    /// A run begins; the causes that wait for it are its own.
    pub(crate) fn begin(
        &self,
        controller: &'static str,
        key: &Key,
        began: Instant,
        view: impl FnOnce() -> Revision,
    ) -> RunId {
        let Some(inner) = &self.0 else { return RunId::default() };
        let view = view();
        let state = &mut *inner.state.lock();
        state.last += 1;
        let id = RunId(state.last);
        let causes = state.waiting.remove(&(controller, key.clone())).unwrap_or_default();
        let run = RunRecord { id, controller, key: key.clone(), began, view, causes, end: None };
        state.runs.insert(id, run);
        if state.runs.len() > inner.records_max {
            state.runs.pop_first();
        }
        id
    }

    pub(crate) fn end(&self, run: RunId, how: impl FnOnce() -> String) {
        let Some(inner) = &self.0 else { return };
        if let Some(record) = inner.state.lock().runs.get_mut(&run) {
            record.end = Some(cut(how()));
        }
    }

    /// What is to be remembered of a write until it is answered; nothing of one that is only tried.
    pub(crate) fn asked(&self, context: &RequestContext, write: &Write) -> Asked {
        let is_kept = self.is_on() && !context.dry_run;
        Asked(if is_kept {
            place(write).map(|(key, verb)| (Arc::clone(&context.user), key, verb))
        } else {
            None
        })
    }

    /// A write was answered. One that changed nothing is none: the revision it was told is another's.
    pub(crate) fn wrote(&self, at: Instant, run: RunId, asked: Asked, answer: &Result<Written>) {
        let Some((user, object, verb)) = asked.0 else { return };
        let run = run.known();
        let (object, answer) = match answer {
            Ok(Written { outcome: Outcome::Unchanged, .. }) => return,
            Ok(written) => (written.object.key(), Ok(written.object.revision())),
            Err(error) => (object, Err(told(error))),
        };
        self.note(WriteRecord { at, user, run, object, verb, answer });
    }

    /// A collection was deleted, of which the newest change before was this.
    pub(crate) fn deleted(
        &self,
        at: Instant,
        run: RunId,
        context: &RequestContext,
        before: Revision,
        objects: &[ObjectRef],
    ) {
        if !self.is_on() || context.dry_run {
            return;
        }
        let run = run.known();
        // Those that were on their way out already are told with the revision of another write.
        for object in objects.iter().filter(|object| object.revision() > before) {
            let (user, verb) = (Arc::clone(&context.user), "delete collection");
            let answer = Ok(object.revision());
            self.note(WriteRecord { at, user, run, object: object.key(), verb, answer });
        }
    }

    pub(super) fn note(&self, write: WriteRecord) {
        let Some(inner) = &self.0 else { return };
        inner.state.lock().journal.add(write, inner.records_max);
    }
}

/// What a write was about, and who asked.
pub(crate) struct Asked(Option<(Arc<User>, Key, &'static str)>);

fn place(write: &Write) -> Option<(Key, &'static str)> {
    let verb = |side: &Subresource, main, status| if *side == Subresource::Status { status } else { main };
    Some(match write {
        Write::Create(draft) => (draft.key(), "create"),
        Write::Update(draft, side) => (draft.key(), verb(side, "update", "update status")),
        Write::Patch(key, _, side) => (key.clone(), verb(side, "patch", "patch status")),
        Write::Delete(key, _) => (key.clone(), "delete"),
        Write::Bind(binding) => (binding.pod.clone(), "bind"),
        Write::Evict(eviction) => (eviction.pod.clone(), "evict"),
        _ => return None,
    })
}

fn told(error: &Error) -> String {
    cut(format!("{:?}: {}", error.reason(), error.message()))
}

/// What is said, within its bound.
fn cut(mut text: String) -> String {
    if text.len() > ERROR_MAX {
        text.truncate(text.floor_char_boundary(ERROR_MAX));
        text.push('…');
    }
    text
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "run {}", self.0)
    }
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = self.read(|state| (state.runs.len(), state.journal.len()));
        f.debug_tuple("History").field(&kept).finish()
    }
}
