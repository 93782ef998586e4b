//! What must always hold, and what must hold at rest. One file for each; the ids are those of the invariants.
//!
//! A [`Check`] sees every change of the true store as it happens, with who made it, and the store once everything
//! has come to rest after the last fault. It may remember what it likes.

mod deletion;
mod garbage;
mod generation;
mod hot_loop;
mod identity;
mod kinds;
mod matching;
mod ownership;
mod placement;
mod pods;
mod recent;
mod recreate;
mod replica_counts;
mod replica_set_status;
mod revision_history;
mod surge;
mod templates;

use std::time::Duration;

use setpoint_core::env::Instant;
use setpoint_core::object::{Key, Object};
use setpoint_store::tables::Snapshot;

use crate::world::Step;

pub use self::deletion::Deletion;
pub use self::garbage::Garbage;
pub use self::generation::Generation;
pub use self::hot_loop::HotLoop;
pub use self::identity::Identity;
pub use self::kinds::Kinds;
pub use self::matching::Matching;
pub use self::ownership::Ownership;
pub use self::placement::Placement;
pub use self::pods::PodPhase;
pub use self::recreate::Recreate;
pub use self::replica_counts::ReplicaCounts;
pub use self::replica_set_status::ReplicaSetStatusSane;
pub use self::revision_history::RevisionHistory;
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

    /// Looks at a request of a controller that has arrived, whether it is granted or not.
    ///
    /// # Errors
    ///
    /// What is wrong.
    fn request(&mut self, at: Instant, actor: &str, object: &Key) -> Result<(), String> {
        let _ = (at, actor, object);
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

/// The checks that hold of every controller.
pub fn of_everybody(kinds: Kinds) -> Vec<Box<dyn Check>> {
    vec![
        Box::new(Identity::default()),
        Box::new(Deletion),
        Box::new(Generation::default()),
        Box::new(HotLoop::default()),
        Box::new(Ownership::default()),
        Box::new(Garbage::new(kinds)),
    ]
}

/// Those of the built-in workloads.
pub fn of_workloads(kinds: Kinds) -> Vec<Box<dyn Check>> {
    vec![
        Box::new(ReplicaCounts::new(kinds)),
        Box::new(ReplicaSetStatusSane),
        Box::new(SurgeBound::new(kinds)),
        Box::new(OneSetPerTemplate::new(kinds)),
        Box::new(RevisionHistory::new(kinds)),
        Box::new(Recreate::new(kinds)),
        Box::new(PodPhase),
        Box::new(Placement),
        Box::new(Matching::new(kinds)),
    ]
}

/// How long a process may lag behind what is true: what a controller does is judged by what was true at some
/// moment since. Longer than the longest pause and the latest event.
pub(crate) const LAG_MAX: Duration = Duration::from_secs(400);

/// Whether it is of this kind.
pub(crate) fn is(object: &Object, kind: &str) -> bool {
    object.kind().names.kind == kind
}
