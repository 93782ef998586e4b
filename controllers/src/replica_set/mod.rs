//! The ReplicaSet controller: as many active pods as a ReplicaSet asks for (RS rows).
//!
//! It promises: a ReplicaSet without disturbances comes to have exactly `replicas` active pods (INV-RS-06);
//! pods are created only while fewer are known to be active, and deleted only while more are (INV-RS-01,
//! INV-RS-02), those first that are missed least ([`ranking`]); pods of other controllers are never
//! touched; where creations fail, few are tried (INV-RS-05); the status says what was seen before this
//! sync's own creations and deletions, and is written at most once in a sync.
//!
//! Pods that have failed, succeeded, or are on their way out are replaced and otherwise left alone. A change
//! of the template changes no pod that exists.
//!
//! ReplicationControllers are kept by the same controller in another [`Dialect`].
//!
//! A sync is: claim pods, create or delete some, write the status. Creations and deletions are decided on
//! one look at the world, as upstream's are.

mod action;
mod blueprint;
mod dialect;
#[cfg(test)]
mod fixture;
mod memory;
mod observed;
mod plan;
pub mod ranking;
mod status;

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use setpoint_core::Result;
use setpoint_core::kind::{Kind, KindId};
use setpoint_core::object::{Key, Object};
use setpoint_reconcile::controller::{Controller, Relation, SelectorOf};
use setpoint_reconcile::plan::{Outcome, Plan, Planner, Step};
use setpoint_reconcile::reconciler::Context;
use setpoint_store::ObjectStoreExt;
use setpoint_store::tables::Snapshot;

pub use self::action::{Action, Version};
pub use self::blueprint::Blueprint;
use self::blueprint::Blueprints;
pub use self::dialect::{Asks, Dialect};
pub use self::memory::Memory;
pub use self::observed::Observed;
pub use self::plan::{BURST_REPLICAS, plan};
pub use self::status::status;

/// Keeps the pods of ReplicaSets in number, or those of another kind whose dialect it speaks.
#[derive(Debug)]
pub struct ReplicaSetController {
    replica_sets: KindId,
    pods: Arc<Kind>,
    blueprints: Blueprints,
}

impl ReplicaSetController {
    /// The controller of all ReplicaSets.
    ///
    /// # Errors
    ///
    /// `NotFound` if the store has no ReplicaSets or no pods.
    pub fn controller(context: Context) -> Result<Controller> {
        let replica_sets = context.store.kind_of::<ReplicaSet>()?;
        Self::speaking(Dialect::REPLICA_SET, &replica_sets, selector_of, context)
    }

    /// The controller of all objects of a kind, whose dialect and selector are these.
    ///
    /// # Errors
    ///
    /// `NotFound` if the store has no pods.
    pub fn speaking(
        dialect: Dialect,
        kind: &Kind,
        selector: SelectorOf,
        context: Context,
    ) -> Result<Controller> {
        let pods = context.store.kind_of::<Pod>()?;
        let relations = [
            Relation::root(kind.id),
            Relation::owned(pods.id, kind),
            Relation::orphaned(pods.id, kind.id, selector),
        ];
        let planner = Self { replica_sets: kind.id, pods, blueprints: Blueprints::new(dialect) };
        Ok(relations.into_iter().fold(Controller::of_planner(planner, context), Controller::related))
    }
}

fn selector_of(object: &Object) -> Option<Cow<'_, LabelSelector>> {
    (Dialect::REPLICA_SET.asks)(object).map(|asks| asks.selector)
}

impl Planner for ReplicaSetController {
    type Observed = Observed;
    type Memory = Memory;
    type Action = Action;

    fn name(&self) -> &'static str {
        self.blueprints.dialect().controller
    }

    fn observe(&self, snapshot: &Snapshot, key: &Key) -> Option<Observed> {
        let replica_set = snapshot.get(key)?;
        let blueprint = self.blueprints.of(replica_set, &self.pods);
        Observed::of(snapshot, replica_set, blueprint, self.replica_sets, self.pods.id)
    }

    fn plan(&self, observed: &Observed, memory: &Memory, now: Timestamp) -> Plan<Action, Memory> {
        plan(observed, memory, now)
    }

    fn enact(&self, observed: &Observed, action: &Action) -> Vec<Step> {
        action.steps(observed)
    }

    fn learn(&self, memory: &mut Memory, action: &Action, outcome: Outcome<'_>) {
        memory.learn(action, outcome);
    }

    fn forget(&self, key: &Key) {
        self.blueprints.forget(key);
    }
}

#[cfg(test)]
mod tests;
