use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::ReplicaSetStatus;
use setpoint_core::Reason;
use setpoint_core::env::Instant;
use setpoint_core::object::{Object, Uid};
use setpoint_store::tables::Snapshot;

use super::kinds::controller_uid;
use super::{Check, Kinds, LAG_MAX, Request};
use crate::world::Step;

const CONTROLLER: &str = "replicaset-controller";

/// A ReplicaSet whose pods are refused says so: `ReplicaFailure` (INV-RS-05). That the refusals do not come too
/// fast is INV-C-03.
#[derive(Debug)]
pub struct ReplicaFailure {
    kinds: Kinds,
    /// Since when nothing but refusals came, by the ReplicaSet's uid.
    refused: BTreeMap<Uid, Instant>,
    failing: BTreeMap<Uid, bool>,
}

impl ReplicaFailure {
    /// For ReplicaSets of these kinds.
    pub fn new(kinds: Kinds) -> Self {
        Self { kinds, refused: BTreeMap::new(), failing: BTreeMap::new() }
    }
}

impl Check for ReplicaFailure {
    fn id(&self) -> &'static str {
        "INV-RS-05"
    }

    fn step(&mut self, step: &Step<'_>) -> Result<(), String> {
        let object = step.object();
        if step.creates("Pod")
            && let Some(owner) = controller_uid(object)
        {
            self.refused.remove(owner);
        }
        if let (Some(uid), Some(_)) = (&object.meta().uid, object.status::<ReplicaSetStatus>()) {
            self.failing.insert(uid.clone(), says_failure(object));
        }
        Ok(())
    }

    fn request(&mut self, request: &Request<'_>) -> Result<(), String> {
        let Some(error) = request.error else { return Ok(()) };
        let (Some(owner), Reason::Forbidden, CONTROLLER) = (request.owner, error.reason(), request.actor)
        else {
            return Ok(());
        };
        let since = *self.refused.entry(owner.clone()).or_insert(request.at);
        let says = self.failing.get(owner).copied().unwrap_or(false);
        if request.at - since > LAG_MAX && !says {
            let key = request.object;
            return Err(format!(
                "pods of {key} are refused since {since:?}, and their ReplicaSet does not say so"
            ));
        }
        Ok(())
    }

    fn rest(&mut self, truth: &Snapshot) -> Result<(), String> {
        let is_full =
            |set: &Object| set.meta().uid.as_ref().is_none_or(|uid| !self.refused.contains_key(uid));
        match truth.list(self.kinds.replica_sets).find(|set| is_full(set) && says_failure(set)) {
            Some(set) => Err(format!("{} still tells of refused pods", set.key())),
            None => Ok(()),
        }
    }
}

fn says_failure(set: &Object) -> bool {
    let conditions = set.status::<ReplicaSetStatus>().and_then(|status| status.conditions.as_ref());
    conditions
        .into_iter()
        .flatten()
        .any(|it| it.type_.as_deref() == Some("ReplicaFailure") && it.status.as_deref() == Some("True"))
}
