//! The controller of ReplicationControllers, the predecessors of ReplicaSets (RS rows).
//!
//! It promises what that of [ReplicaSets](crate::replica_set) does, since it is the same in another dialect: the
//! selector is a set of labels, and the status does not tell of pods on their way out (RS-26). Events come from
//! `replication-controller`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::apps::v1::{ReplicaSetCondition, ReplicaSetStatus};
use k8s_openapi::api::core::v1::{
    ReplicationController, ReplicationControllerCondition, ReplicationControllerSpec,
    ReplicationControllerStatus,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use setpoint_core::Result;
use setpoint_core::object::{Object, Part};
use setpoint_reconcile::controller::Controller;
use setpoint_reconcile::reconciler::Context;
use setpoint_store::ObjectStoreExt;

use crate::replica_set::{Asks, Dialect, ReplicaSetController};

/// How ReplicationControllers say what is wanted, and what there is.
pub const DIALECT: Dialect = Dialect {
    controller: "replication-controller",
    asks,
    said: |object| object.status().map(said).map(Cow::Owned),
    to_status: |status| Part::new(to_status(status)),
    counts_terminating: false,
};

/// The controller of all ReplicationControllers.
///
/// # Errors
///
/// `NotFound` if the store has no ReplicationControllers or no pods.
pub fn controller(context: Context) -> Result<Controller> {
    let kind = context.store.kind_of::<ReplicationController>()?;
    ReplicaSetController::speaking(DIALECT, &kind, |object| asks(object).map(|asks| asks.selector), context)
}

fn asks(object: &Object) -> Option<Asks<'_>> {
    let spec: &ReplicationControllerSpec = object.spec()?;
    Some(Asks {
        replicas: spec.replicas,
        min_ready_seconds: spec.min_ready_seconds,
        selector: Cow::Owned(selector(spec.selector.as_ref())),
        template: spec.template.as_ref(),
    })
}

fn selector(labels: Option<&BTreeMap<String, String>>) -> LabelSelector {
    LabelSelector { match_labels: labels.cloned(), ..LabelSelector::default() }
}

fn said(status: &ReplicationControllerStatus) -> ReplicaSetStatus {
    let condition = |condition: &ReplicationControllerCondition| ReplicaSetCondition {
        type_: Some(condition.type_.clone()),
        status: Some(condition.status.clone()),
        reason: condition.reason.clone(),
        message: condition.message.clone(),
        last_transition_time: condition.last_transition_time.clone(),
    };
    ReplicaSetStatus {
        replicas: status.replicas,
        fully_labeled_replicas: status.fully_labeled_replicas,
        ready_replicas: status.ready_replicas,
        available_replicas: status.available_replicas,
        observed_generation: status.observed_generation,
        conditions: status.conditions.as_ref().map(|all| all.iter().map(condition).collect()),
        terminating_replicas: None,
    }
}

fn to_status(status: &Arc<ReplicaSetStatus>) -> ReplicationControllerStatus {
    let condition = |condition: &ReplicaSetCondition| ReplicationControllerCondition {
        type_: condition.type_.clone().unwrap_or_default(),
        status: condition.status.clone().unwrap_or_default(),
        reason: condition.reason.clone(),
        message: condition.message.clone(),
        last_transition_time: condition.last_transition_time.clone(),
    };
    ReplicationControllerStatus {
        replicas: status.replicas,
        fully_labeled_replicas: status.fully_labeled_replicas,
        ready_replicas: status.ready_replicas,
        available_replicas: status.available_replicas,
        observed_generation: status.observed_generation,
        conditions: status.conditions.as_ref().map(|all| all.iter().map(condition).collect()),
    }
}

#[cfg(test)]
mod tests;
