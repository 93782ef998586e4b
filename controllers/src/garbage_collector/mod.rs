//! The garbage collector: objects go with their owners (GC rows).
//!
//! It promises: no object is deleted while one of its owners lives, which is looked up live and by uid;
//! an owner that is deleted in the foreground goes after the dependents that block it, an orphaned one
//! after they have lost their reference; objects without owners are never touched.
//!
//! Any object is a key here. As a *dependent* it is collected when its owners are gone; as an *owner* it is
//! let go when what its deletion waits for is done. Dependents are found by the store's own index of owners, so
//! there is no graph beside the objects, and nothing in it that could be missing: a dependent that is seen before
//! its owner is looked at by itself, and its owner is looked up live before anything happens. That is what
//! upstream's virtual nodes are for (GC-01).
//!
//! Kinds that are registered while it runs take part from then on.

mod enact;
mod memory;
mod observed;
mod owners;
mod plan;
mod wake;

use std::sync::Arc;

use jiff::Timestamp;
use setpoint_core::kind::Registry;
use setpoint_core::object::Key;
use setpoint_reconcile::controller::{Controller, Settings};
use setpoint_reconcile::plan::{Outcome, Plan, Planner, Step};
use setpoint_reconcile::reconciler::Context;
use setpoint_store::tables::Snapshot;

pub use self::memory::Memory;
pub use self::observed::{Dependents, Observed, Owner, OwnerState};
use self::owners::Owners;
pub use self::plan::{Action, Guard, plan};

/// Collects objects whose owners are gone.
#[derive(Debug)]
pub struct GarbageCollector {
    registry: Registry,
    owners: Arc<Owners>,
}

impl GarbageCollector {
    /// The controller, over all kinds, those included that are registered later.
    pub fn controller(context: Context) -> Controller {
        let registry = context.store.registry().clone();
        let owners = Arc::new(Owners::default());
        let collector = Self { registry: registry.clone(), owners: Arc::clone(&owners) };
        let settings = Settings { workers: 20, ..Settings::default() };
        Controller::of_planner(collector, context)
            .related_to_kinds(move |kind| wake::relation(kind, &registry, &owners))
            .with_settings(settings)
    }
}

impl Planner for GarbageCollector {
    type Observed = Observed;
    type Memory = Memory;
    type Action = Action;

    fn name(&self) -> &'static str {
        "garbage-collector-controller"
    }

    fn observe(&self, snapshot: &Snapshot, key: &Key) -> Option<Observed> {
        let observed = Observed::of(snapshot, key, &self.registry, &self.owners)?;
        self.owners.note(&observed);
        Some(observed)
    }

    fn plan(&self, observed: &Observed, memory: &Memory, _now: Timestamp) -> Plan<Action, Memory> {
        plan(observed, memory)
    }

    fn enact(&self, observed: &Observed, action: &Action) -> Vec<Step> {
        enact::steps(observed, action)
    }

    fn learn(&self, memory: &mut Memory, action: &Action, outcome: Outcome<'_>) {
        memory.learn(action, outcome);
        if let Action::ConfirmAbsent { owner, uid, elsewhere } = action
            && memory.is_gone(uid)
        {
            self.owners.confirm(owner, uid, *elsewhere);
        }
    }
}

#[cfg(test)]
mod tests;
