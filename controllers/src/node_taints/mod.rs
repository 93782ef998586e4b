//! Taints of nodes that mirror their conditions (NODE-08).
//!
//! It promises: a node that is not ready, not reachable, under pressure, without a network or set to be
//! unschedulable has the `NoSchedule` taint that says so, and no other node has. Taints with other keys or
//! effects are left alone.
//!
//! It does not watch heartbeats, and it evicts nothing: a node that falls silent keeps the conditions it had.

mod plan;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Node, NodeSpec};
use setpoint_core::Result;
use setpoint_core::kind::Subresource;
use setpoint_core::object::{Draft, Key, ObjectRef};
use setpoint_reconcile::controller::{Controller, Relation};
use setpoint_reconcile::plan::{Outcome, Plan, Planner, Step};
use setpoint_reconcile::reconciler::Context;
use setpoint_store::ObjectStoreExt;
use setpoint_store::request::Write;
use setpoint_store::tables::Snapshot;

pub use self::plan::{Action, Memory, plan};

/// Keeps the taints of nodes.
#[derive(Debug)]
pub struct NodeTaints(());

impl NodeTaints {
    /// The controller of all nodes' taints.
    ///
    /// # Errors
    ///
    /// `NotFound` if the store has no nodes.
    pub fn controller(context: Context) -> Result<Controller> {
        let nodes = context.store.kind_of::<Node>()?;
        Ok(Controller::of_planner(Self(()), context).related(Relation::root(nodes.id)))
    }
}

impl Planner for NodeTaints {
    type Observed = ObjectRef;
    type Memory = Memory;
    type Action = Action;

    fn name(&self) -> &'static str {
        "node-lifecycle-controller"
    }

    fn observe(&self, snapshot: &Snapshot, key: &Key) -> Option<ObjectRef> {
        snapshot.get(key).cloned()
    }

    fn plan(&self, observed: &ObjectRef, memory: &Memory, now: Timestamp) -> Plan<Action, Memory> {
        plan(observed, memory, now)
    }

    fn enact(&self, observed: &ObjectRef, action: &Action) -> Vec<Step> {
        // The draft names the version it was decided on.
        let mut draft = Draft::of(observed);
        if let Some(spec) = draft.spec_mut::<NodeSpec>() {
            spec.taints = Some(action.taints.clone());
        }
        vec![Step::write(Write::Update(draft, Subresource::Main))]
    }

    fn learn(&self, memory: &mut Memory, _action: &Action, outcome: Outcome<'_>) {
        memory.error = outcome.err().map(ToString::to_string);
    }
}

#[cfg(test)]
mod tests;
