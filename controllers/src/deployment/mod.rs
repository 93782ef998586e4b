//! The Deployment controller: pods of one template, replaced by those of the next as its strategy says
//! (DEP rows).
//!
//! It promises: a rolling update never asks for more than `maxSurge` replicas too many, and takes none away
//! that would leave more than `maxUnavailable` too few, as far as the ReplicaSets' status says; pods of two
//! templates never run together where the strategy is `Recreate`; each template has one ReplicaSet, which is
//! found again by what the template means; nothing is written where nothing has changed.
//!
//! It works through ReplicaSets alone. Pods are looked at only where old ones must be gone before new ones
//! come, and only their removal wakes it. That a pod has become ready reaches it as the status of its
//! ReplicaSet.

mod action;
mod annotations;
mod history;
mod memory;
mod new_replica_set;
mod observed;
mod plan;
mod progress;
mod recreate;
mod rollback;
mod rolling;
mod scale;
mod sizing;
mod status;
mod template;
mod wake;

use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet as ReplicaSetObject};
use k8s_openapi::api::core::v1::Pod;
use setpoint_core::Result;
use setpoint_core::kind::Kind;
use setpoint_core::object::Key;
use setpoint_reconcile::controller::{Controller, Settings};
use setpoint_reconcile::plan::{Outcome, Plan, Planner, Step};
use setpoint_reconcile::reconciler::Context;
use setpoint_store::ObjectStoreExt;
use setpoint_store::tables::Snapshot;

pub use self::action::{Action, Direction, Scale};
pub use self::memory::Memory;
pub use self::new_replica_set::NewReplicaSet;
use self::observed::Kinds;
pub use self::observed::{Observed, ReplicaSet};
pub use self::plan::plan;
pub use self::rolling::{Cleanup, Fence, Resize, Size, beyond_need, budget, new_size, unavailable_first};
pub use self::scale::{Scaled, proportional, to_add};
use self::template::Templates;

/// A key is left alone after so many failures, until something changes (DEP-08).
pub const RETRIES_MAX: u32 = 15;

/// Rolls templates out.
#[derive(Debug)]
pub struct DeploymentController {
    replica_sets: Arc<Kind>,
    kinds: Kinds,
    templates: Templates,
}

impl DeploymentController {
    /// The controller, over the Deployments of all namespaces.
    ///
    /// # Errors
    ///
    /// `NotFound` if the store does not know Deployments, ReplicaSets or pods.
    pub fn controller(context: Context) -> Result<Controller> {
        let deployments = context.store.kind_of::<Deployment>()?;
        let replica_sets = context.store.kind_of::<ReplicaSetObject>()?;
        let kinds = Kinds { replica_sets: replica_sets.id, pods: context.store.kind_of::<Pod>()?.id };
        let controller = Self { replica_sets, kinds, templates: Templates::default() };
        let settings = Settings { retries_max: Some(RETRIES_MAX), ..Settings::default() };
        let controller = Controller::of_planner(controller, context);
        let relations = wake::relations(&deployments, kinds);
        Ok(relations.into_iter().fold(controller, Controller::related).with_settings(settings))
    }
}

impl Planner for DeploymentController {
    type Observed = Observed;
    type Memory = Memory;
    type Action = Action;

    fn name(&self) -> &'static str {
        "deployment-controller"
    }

    fn observe(&self, snapshot: &Snapshot, key: &Key) -> Option<Observed> {
        Observed::of(snapshot, key, self.kinds, &self.templates)
    }

    fn plan(&self, observed: &Observed, memory: &Memory, now: Timestamp) -> Plan<Action, Memory> {
        plan(observed, memory, now)
    }

    fn enact(&self, observed: &Observed, action: &Action) -> Vec<Step> {
        action.steps(observed, &self.replica_sets)
    }

    fn learn(&self, memory: &mut Memory, action: &Action, outcome: Outcome<'_>) {
        memory.learn(action, outcome);
    }

    fn forget(&self, key: &Key) {
        self.templates.forget(key);
    }
}

#[cfg(test)]
mod tests;
