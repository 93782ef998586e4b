//! The disruption controller: keeps the status of PodDisruptionBudgets (OTHER-08, SUB-06).
//!
//! It promises: a budget's status says how many of its pods are healthy, how many have to be, and how many may be
//! evicted now; a budget that cannot be computed allows nothing and says why; an eviction that was granted counts
//! as done until the pod goes, at most for two minutes; a pod whose announced disruption did not come loses the
//! announcement after two minutes. It deletes nothing: evictions are the store's.
//!
//! Budgets are its keys, and pods that carry the announcement are.

mod enact;
mod expected;
mod memory;
mod observed;
mod plan;
mod selector_text;
mod stale_pod;
mod status;
mod wake;

use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use setpoint_core::Result;
use setpoint_core::kind::{KindId, Registry};
use setpoint_core::object::Key;
use setpoint_reconcile::controller::Controller;
use setpoint_reconcile::plan::{Outcome, Plan, Planner, Step};
use setpoint_reconcile::reconciler::Context;
use setpoint_store::ObjectStoreExt;
use setpoint_store::tables::Snapshot;

pub use self::expected::Scale;
pub use self::memory::Memory;
pub use self::observed::{Observed, ObservedBudget};
pub use self::plan::{Action, DELETION_TIMEOUT, plan};
pub use self::status::Counts;
use self::wake::Guarded;

/// Keeps the status of disruption budgets.
#[derive(Debug)]
pub struct DisruptionController {
    registry: Registry,
    pods: KindId,
    budgets: KindId,
}

impl DisruptionController {
    /// The controller of all budgets.
    ///
    /// # Errors
    ///
    /// `NotFound` if the store has no budgets or no pods.
    pub fn controller(context: Context) -> Result<Controller> {
        let budgets = context.store.kind_of::<PodDisruptionBudget>()?.id;
        let pods = context.store.kind_of::<Pod>()?.id;
        let registry = context.store.registry().clone();
        let guarded = Arc::new(Guarded::default());
        let scaled: Vec<KindId> = expected::scaled_kinds(&registry).collect();
        let scaled = scaled.into_iter().map(|kind| wake::scaled(kind, budgets, &guarded));
        let relations =
            [wake::root(budgets, &guarded), wake::pods(pods, budgets, &guarded)].into_iter().chain(scaled);
        let planner = Self { registry, pods, budgets };
        Ok(relations.fold(Controller::of_planner(planner, context), Controller::related))
    }
}

impl Planner for DisruptionController {
    type Observed = Observed;
    type Memory = Memory;
    type Action = Action;

    fn name(&self) -> &'static str {
        "disruption-controller"
    }

    fn observe(&self, snapshot: &Snapshot, key: &Key) -> Option<Observed> {
        let object = snapshot.get(key)?.clone();
        Some(if key.kind == self.budgets {
            Observed::Budget(ObservedBudget::of(snapshot, &object, self.pods, &self.registry))
        } else {
            Observed::Pod(object)
        })
    }

    fn plan(&self, observed: &Observed, memory: &Memory, now: Timestamp) -> Plan<Action, Memory> {
        plan(observed, memory, now)
    }

    fn enact(&self, observed: &Observed, action: &Action) -> Vec<Step> {
        enact::steps(observed, action)
    }

    fn learn(&self, memory: &mut Memory, _action: &Action, outcome: Outcome<'_>) {
        memory.learn(outcome.err());
    }
}

#[cfg(test)]
mod tests;
