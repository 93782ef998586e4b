use serde_json::Value;
use setpoint_core::object::{Object, Uid};

use super::kinds::{controlled, controller_uid};
use super::{Check, Kinds};
use crate::world::Step;

const CONTROLLER: &str = "deployment-controller";

/// A Deployment has one ReplicaSet for each template (INV-DP-03, INV-DP-04).
#[derive(Debug)]
pub struct OneSetPerTemplate(Kinds);

impl OneSetPerTemplate {
    /// For ReplicaSets of these kinds.
    pub fn new(kinds: Kinds) -> Self {
        Self(kinds)
    }
}

impl Check for OneSetPerTemplate {
    fn id(&self) -> &'static str {
        "INV-DP-03"
    }

    fn step(&mut self, step: &Step<'_>) -> Result<(), String> {
        if !step.creates("ReplicaSet") || step.actor != CONTROLLER || step.late {
            return Ok(());
        }
        let created = step.object();
        let Some(owner): Option<&Uid> = controller_uid(created) else { return Ok(()) };
        let meaning = template(created);
        let mut others = controlled(step.truth, self.0.replica_sets, owner)
            .filter(|set| set.meta().uid != created.meta().uid);
        match others.find(|other| !other.meta().is_terminating() && template(other) == meaning) {
            Some(other) => Err(format!("{} has the template of {}", created.key(), other.key())),
            None => Ok(()),
        }
    }
}

/// What a ReplicaSet makes its pods of, without what tells it from others.
pub(super) fn template(set: &Object) -> Value {
    let mut value = set.to_value_without_ownership();
    let mut template = value.pointer_mut("/spec/template").map(Value::take).unwrap_or_default();
    if let Some(Value::Object(labels)) = template.pointer_mut("/metadata/labels") {
        labels.remove("pod-template-hash");
    }
    template
}
