use k8s_openapi::api::apps::v1::{DeploymentStatus, ReplicaSetStatus};
use setpoint_core::object::Object;

use super::Check;
use crate::world::Step;

/// A status tells of no generation that is not there yet, and goes on from one to the next (INV-C-08).
#[derive(Debug, Default)]
pub struct Generation(());

impl Check for Generation {
    fn id(&self) -> &'static str {
        "INV-C-08"
    }

    fn step(&mut self, step: &Step<'_>) -> Result<(), String> {
        let Some(new) = step.new else { return Ok(()) };
        let Some(observed) = observed(new) else { return Ok(()) };
        let (key, generation) = (new.key(), new.meta().generation);
        if observed > generation {
            return Err(format!("{key} is at generation {generation}, its status tells of {observed}"));
        }
        let before = step.old.and_then(|old| observed_before(old, new));
        if before.is_some_and(|before| before > observed) {
            return Err(format!("the status of {key} went from generation {before:?} back to {observed}"));
        }
        Ok(())
    }
}

fn observed(object: &Object) -> Option<i64> {
    if let Some(status) = object.status::<ReplicaSetStatus>() {
        return status.observed_generation;
    }
    if let Some(status) = object.status::<DeploymentStatus>() {
        return status.observed_generation;
    }
    // What there are most of has no generation to observe.
    if matches!(&*object.kind().names.kind, "Pod" | "Event" | "Lease" | "Node")
        || object.status_part().is_none()
    {
        return None;
    }
    object.to_value_without_ownership().pointer("/status/observedGeneration")?.as_i64()
}

/// Nothing if the status was not written.
fn observed_before(old: &Object, new: &Object) -> Option<i64> {
    let same = old.status_part().zip(new.status_part()).is_some_and(|(old, new)| old.ptr_eq(new));
    if same { None } else { observed(old) }
}
