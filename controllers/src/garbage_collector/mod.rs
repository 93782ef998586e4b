//! The garbage collector: objects go with their owners (GC rows).
//!
//! It promises: no object is deleted while one of its owners lives, which is looked up live and by uid;
//! an owner that is deleted in the foreground goes after the dependents that block it, an orphaned one
//! after they have lost their reference; objects without owners are never touched.
//!
//! Any object is a key here. As a *dependent* it is collected when its owners are gone; as an *owner* it is
//! let go when what its deletion waits for is done.

mod enact;
mod observed;
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

pub use self::observed::{Blocking, Observed, Owner, OwnerState};
pub use self::plan::{Action, Memory, plan};
use self::wake::Owners;

/// Collects objects whose owners are gone.
#[derive(Debug)]
pub struct GarbageCollector {
    registry: Registry,
    owners: Arc<Owners>,
}

impl GarbageCollector {
    /// The controller, over all kinds that are registered now.
    pub fn controller(context: Context) -> Controller {
        let registry = context.store.registry().clone();
        let owners = Arc::new(Owners::default());
        let relations = wake::relations(&registry, &owners);
        let collector = Self { registry, owners };
        let settings = Settings { workers: 20, ..Settings::default() };
        relations
            .into_iter()
            .fold(Controller::of_planner(collector, context), Controller::related)
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
        let observed = Observed::of(snapshot, key, &self.registry)?;
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
    }
}

#[cfg(test)]
mod tests;
