//! What must always hold, and what must hold at rest. One file for each; the ids are those of the invariants.
//!
//! A [`Check`] sees every change of the true store as it happens, with who made it, and the store once everything
//! has come to rest after the last fault. It may remember what it likes.

mod availability;
mod cache_convergence;
mod cache_order;
mod deletion;
mod durability;
mod garbage;
mod generation;
mod hot_loop;
mod identity;
mod kinds;
mod matching;
mod notices;
mod ownership;
mod paused;
mod placement;
mod pods;
mod ranking;
mod recent;
mod recreate;
mod removals;
mod replica_counts;
mod replica_failure;
mod replica_set_status;
mod revision_history;
mod rollback;
mod single_writer;
mod stamps;
mod surge;
mod templates;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use setpoint_core::Error;
use setpoint_core::env::Instant;
use setpoint_core::kind::KindId;
use setpoint_core::object::{Key, Object, ObjectRef, Revision, Uid};
use setpoint_store::engine::Change;
use setpoint_store::tables::Snapshot;

use crate::world::Step;

pub use self::availability::Availability;
pub use self::cache_convergence::CacheConvergence;
pub use self::cache_order::CacheOrder;
pub use self::deletion::Deletion;
pub use self::durability::Durability;
pub use self::garbage::Garbage;
pub use self::generation::Generation;
pub use self::hot_loop::HotLoop;
pub use self::identity::Identity;
pub use self::kinds::Kinds;
pub use self::matching::Matching;
pub use self::notices::Notices;
pub use self::ownership::Ownership;
pub use self::paused::Paused;
pub use self::placement::Placement;
pub use self::pods::PodPhase;
#[cfg(feature = "suite")]
pub(crate) use self::pods::is_active;
pub use self::ranking::Ranking;
pub use self::recreate::Recreate;
pub use self::removals::Removals;
pub use self::replica_counts::ReplicaCounts;
pub use self::replica_failure::ReplicaFailure;
pub use self::replica_set_status::ReplicaSetStatusSane;
pub use self::revision_history::RevisionHistory;
pub use self::rollback::Rollback;
pub use self::single_writer::SingleWriter;
pub use self::stamps::Stamps;
pub use self::surge::SurgeBound;
pub use self::templates::OneSetPerTemplate;

/// Something that must hold.
pub trait Check: Send {
    /// The invariant's id, such as `INV-C-04`.
    fn id(&self) -> &'static str;

    /// Looks at a change.
    ///
    /// # Errors
    ///
    /// What is wrong.
    fn step(&mut self, step: &Step<'_>) -> Result<(), String> {
        let _ = step;
        Ok(())
    }

    /// Looks at a request of a controller that has arrived, and at its answer.
    ///
    /// # Errors
    ///
    /// What is wrong.
    fn request(&mut self, request: &Request<'_>) -> Result<(), String> {
        let _ = request;
        Ok(())
    }

    /// Looks at what a process is told by its view, such as its informers.
    ///
    /// # Errors
    ///
    /// What is wrong.
    fn told(&mut self, told: &Told<'_>) -> Result<(), String> {
        let _ = told;
        Ok(())
    }

    /// Looks at what a process sees after everything has come to rest.
    ///
    /// # Errors
    ///
    /// What is wrong.
    fn seen(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        let _ = seen;
        Ok(())
    }

    /// Looks at a store that was opened again after a crash.
    ///
    /// # Errors
    ///
    /// What is wrong.
    fn recovered(&mut self, recovered: &Recovered<'_>) -> Result<(), String> {
        let _ = recovered;
        Ok(())
    }

    /// Looks at the store after everything has come to rest.
    ///
    /// # Errors
    ///
    /// What is wrong.
    fn rest(&mut self, truth: &Snapshot) -> Result<(), String> {
        let _ = truth;
        Ok(())
    }
}

/// A request of a controller that has arrived at the store.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// When.
    pub at: Instant,
    /// Who: the field manager.
    pub actor: &'a str,
    /// The object, or those of a namespace whose name the store is to choose.
    pub object: &'a Key,
    /// The controller of an object that is to be created.
    pub owner: Option<&'a Uid>,
    /// Why it was refused.
    pub error: Option<&'a Error>,
}

/// A notice of a process's view to one of its readers.
#[derive(Debug)]
pub struct Told<'a> {
    /// The process, and which of its readers.
    pub reader: &'a str,
    /// The change.
    pub change: &'a Change,
    /// What the reader was told of the object before.
    pub before: Option<&'a ObjectRef>,
    /// Whether the reader is being told anew what is there.
    pub is_rereading: bool,
    /// The store as it is now.
    pub truth: &'a Snapshot,
}

/// What a process sees of a kind.
#[derive(Debug)]
pub struct Seen<'a> {
    /// The process.
    pub process: &'a str,
    /// The kind.
    pub kind: KindId,
    /// What its view shows.
    pub view: &'a Snapshot,
    /// What is true.
    pub truth: &'a Snapshot,
    /// The newest revision that the view must show by now.
    pub due: Revision,
    /// What one of its readers was told is there, if it has read this kind.
    pub told: Option<&'a BTreeMap<Key, ObjectRef>>,
}

/// A store that was opened again after a crash.
#[derive(Debug)]
pub struct Recovered<'a> {
    /// Its kinds.
    pub kinds: &'a [KindId],
    /// What could be seen before.
    pub before: &'a Snapshot,
    /// What is there now.
    pub after: &'a Snapshot,
    /// What was being written, and may have come through or not. A name that the store was to choose is empty.
    pub under_way: &'a BTreeSet<Key>,
}

/// The checks that hold of every controller.
pub fn of_everybody(kinds: Kinds) -> Vec<Box<dyn Check>> {
    vec![
        Box::new(Identity::default()),
        Box::new(Deletion),
        Box::new(Generation::default()),
        Box::new(HotLoop::default()),
        Box::new(Ownership::default()),
        Box::new(Garbage::new(kinds)),
        Box::new(CacheOrder),
        Box::new(Removals),
        Box::new(Notices),
        Box::new(CacheConvergence),
        Box::new(Durability),
    ]
}

/// Those of the built-in workloads.
pub fn of_workloads(kinds: Kinds) -> Vec<Box<dyn Check>> {
    vec![
        Box::new(ReplicaCounts::new(kinds)),
        Box::new(ReplicaSetStatusSane),
        Box::new(Ranking::new(kinds)),
        Box::new(ReplicaFailure::new(kinds)),
        Box::new(SurgeBound::new(kinds)),
        Box::new(Availability::new(kinds)),
        Box::new(Paused::default()),
        Box::new(Rollback::new(kinds)),
        Box::new(OneSetPerTemplate::new(kinds)),
        Box::new(RevisionHistory::new(kinds)),
        Box::new(Recreate::new(kinds)),
        Box::new(PodPhase),
        Box::new(Placement),
        Box::new(Matching::new(kinds)),
        Box::new(Stamps::new(kinds)),
    ]
}

/// How long a process may lag behind what is true: what a controller does is judged by what was true at some
/// moment since. Longer than the longest pause and the latest event.
pub(crate) const LAG_MAX: Duration = Duration::from_secs(400);

/// Whether it is of this kind.
pub(crate) fn is(object: &Object, kind: &str) -> bool {
    object.kind().names.kind == kind
}
