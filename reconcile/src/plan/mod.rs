//! Decide, then do: controllers as pure planners, and the one executor that carries plans out.
//!
//! A [`Planner`] observes a snapshot, plans one *stage* of work as data, and says what follows. The
//! [`Executor`] turns each action into writes and events, in order, feeds the outcomes back, and plans
//! again on a fresh snapshot where the plan asks for it. Everything a controller does to the world happens
//! there, so that is where a simulation crashes it.

mod executor;

use std::fmt::Debug;
use std::time::Duration;

use jiff::Timestamp;
use setpoint_core::Error;
use setpoint_core::object::{Key, ObjectRef};
use setpoint_store::request::{DeleteOptions, Selection, Write};
use setpoint_store::tables::Snapshot;

use crate::events::EventText;

pub use self::executor::{Executor, NAMESPACE_TERMINATING, STAGES_MAX, SyncEnd};

/// A controller that decides purely.
///
/// For one key the executor calls `observe`, `plan`, then `enact` and `learn` for each action, and starts
/// over while plans say [`Next::Replan`] (or goes on planning while they say [`Next::Continue`]). None of
/// them waits, reads a clock or draws a random number.
pub trait Planner: Send + Sync + 'static {
    /// What is seen of the world around one root object.
    type Observed: Send + Sync;
    /// What is known beside, within one sync: where it has got to, and what came of its actions.
    type Memory: Default + Send + Sync;
    /// What is to be done, as data.
    type Action: Clone + Debug + Send + Sync;

    /// The controller's name: its field manager and the source of its events.
    fn name(&self) -> &'static str;

    /// What a snapshot shows around a root object; `None` if the root is not there.
    fn observe(&self, snapshot: &Snapshot, key: &Key) -> Option<Self::Observed>;

    /// The next stage.
    fn plan(
        &self,
        observed: &Self::Observed,
        memory: &Self::Memory,
        now: Timestamp,
    ) -> Plan<Self::Action, Self::Memory>;

    /// An action in terms of the store. No choices are left here.
    fn enact(&self, observed: &Self::Observed, action: &Self::Action) -> Vec<Step>;

    /// Remembers what came of a step of an action.
    fn learn(&self, memory: &mut Self::Memory, action: &Self::Action, outcome: Outcome<'_>);

    /// Remembers what came of a [`Step::DeleteAll`] or [`Step::ListLive`] of an action.
    fn learn_list(
        &self,
        memory: &mut Self::Memory,
        action: &Self::Action,
        outcome: Result<&[ObjectRef], &Error>,
    ) {
        let _ = (memory, action, outcome);
    }

    /// A root object is gone; what was kept for it can be dropped.
    fn forget(&self, key: &Key) {
        let _ = key;
    }
}

/// One stage of a sync.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan<A, M> {
    /// What to do, in order.
    pub actions: Vec<A>,
    /// What to know from here on.
    pub memory: M,
    /// What follows.
    pub next: Next,
}

/// What follows a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Observe and plan again, with what was learned.
    Replan,
    /// Plan again with what was learned, on what was observed before: the stages of one decision, such as
    /// the batches of a slow start. Costs no look at the world, and sees no change of it.
    Continue,
    /// Nothing until something changes.
    Settled,
    /// Another sync after this time, if nothing changes before.
    After(Duration),
    /// The sync has failed with this error; another follows with back-off.
    Failed(String),
}

/// A part of an action, in terms of the store.
#[derive(Debug, Clone)]
pub enum Step {
    /// A write, with what is told of it.
    Write {
        /// The write. Its guard is in it: a uid, a version, or both.
        write: Box<Write>,
        /// Told if it succeeds.
        on_success: Option<EventText>,
        /// Told if it fails; not if that is only because the namespace is going (RS-19), or because what
        /// is to be deleted is gone (RS-18).
        on_failure: Option<EventText>,
    },
    /// Something to be told.
    Event(EventText),
    /// A read of an object as it is now, past all caches.
    ReadLive(Key),
    /// The deletion of all that is selected, each object for itself.
    DeleteAll(Selection, DeleteOptions),
    /// A list of objects as they are now, past all caches.
    ListLive(Selection),
}

impl Step {
    /// A write of which nothing is told.
    pub fn write(write: Write) -> Self {
        Self::Write { write: Box::new(write), on_success: None, on_failure: None }
    }
}

/// What came of a step: the object as it is now, if there is one.
pub type Outcome<'a> = Result<Option<&'a ObjectRef>, &'a Error>;
