//! The quota controller: keeps count of what ResourceQuotas limit (OTHER-06).
//!
//! It promises: a quota's status repeats its limits and says how much of each is used, counted from the objects
//! that are there; what is set free is counted when it goes, what admission has charged for nothing is found
//! within five minutes. It refuses nothing: that is admission's, which counts on from here.

mod observed;
mod plan;
mod wake;

use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::ResourceQuota;
use setpoint_core::Result;
use setpoint_core::kind::{Registry, Subresource};
use setpoint_core::object::{Draft, Key, Part};
use setpoint_reconcile::controller::Controller;
use setpoint_reconcile::plan::{Outcome, Plan, Planner, Step};
use setpoint_reconcile::reconciler::Context;
use setpoint_store::ObjectStoreExt;
use setpoint_store::request::Write;
use setpoint_store::tables::Snapshot;

pub use self::observed::Observed;
pub use self::plan::{Action, Memory, RESYNC, plan};
use self::wake::Limited;

/// Keeps the status of quotas.
#[derive(Debug)]
pub struct ResourceQuotaController {
    registry: Registry,
}

impl ResourceQuotaController {
    /// The controller of all quotas.
    ///
    /// # Errors
    ///
    /// `NotFound` if the store has no quotas.
    pub fn controller(context: Context) -> Result<Controller> {
        let quotas = context.store.kind_of::<ResourceQuota>()?.id;
        let registry = context.store.registry().clone();
        let limited = Arc::new(Limited::default());
        let root = wake::root(quotas, &limited);
        let of_kind = move |kind: &_| wake::content(kind, quotas, &limited);
        Ok(Controller::of_planner(Self { registry }, context).related(root).related_to_kinds(of_kind))
    }
}

impl Planner for ResourceQuotaController {
    type Observed = Observed;
    type Memory = Memory;
    type Action = Action;

    fn name(&self) -> &'static str {
        "resourcequota-controller"
    }

    fn observe(&self, snapshot: &Snapshot, key: &Key) -> Option<Observed> {
        Some(Observed::of(snapshot, snapshot.get(key)?, &self.registry))
    }

    fn plan(&self, observed: &Observed, memory: &Memory, now: Timestamp) -> Plan<Action, Memory> {
        plan(observed, memory, now)
    }

    fn enact(&self, observed: &Observed, action: &Action) -> Vec<Step> {
        // Refused if somebody has been charged meanwhile: then the count is an old one.
        let mut draft = Draft::of(&observed.quota);
        draft.set_status(Some(Part::new(action.status.clone())));
        vec![Step::write(Write::Update(draft, Subresource::Status))]
    }

    fn learn(&self, memory: &mut Memory, _action: &Action, outcome: Outcome<'_>) {
        memory.learn(outcome.err());
    }
}

#[cfg(test)]
mod tests;
