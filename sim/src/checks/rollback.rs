use k8s_openapi::api::apps::v1::DeploymentSpec;
use setpoint_core::object::Object;

use super::kinds::controlled;
use super::revision_history::revision;
use super::templates::template;
use super::{Check, Kinds, is};
use crate::world::Step;

const CONTROLLER: &str = "deployment-controller";
const ROLLBACK_TO: &str = "deprecated.deployment.rollback.to";

/// Who goes back to a revision gets exactly its template (INV-DP-10). Nothing else of the controller's doing
/// changes a template.
#[derive(Debug)]
pub struct Rollback(Kinds);

impl Rollback {
    /// For ReplicaSets of these kinds.
    pub fn new(kinds: Kinds) -> Self {
        Self(kinds)
    }
}

impl Check for Rollback {
    fn id(&self) -> &'static str {
        "INV-DP-10"
    }

    fn step(&mut self, step: &Step<'_>) -> Result<(), String> {
        let (Some(old), Some(new)) = (step.old, step.new) else { return Ok(()) };
        if step.actor != CONTROLLER || !is(new, "Deployment") || !has_changed(old, new) {
            return Ok(());
        }
        let key = new.key();
        let wanted = old.meta().annotations.get(ROLLBACK_TO).and_then(|wanted| wanted.parse::<u64>().ok());
        let Some(wanted) = wanted else {
            return Err(format!("the template of {key} is changed, and nobody has asked to go back"));
        };
        let got = full(new);
        let sets = new.meta().uid.iter().flat_map(|uid| controlled(step.truth, self.0.replica_sets, uid));
        let mut sets = sets.filter(|set| wanted == 0 || revision(set) == Some(wanted));
        if sets.any(|set| template(set) == got) {
            return Ok(());
        }
        Err(format!("{key} is to go back to revision {wanted}, and gets another template"))
    }
}

/// A template with everything in it.
fn full(object: &Object) -> serde_json::Value {
    object.to_value_without_ownership().pointer("/spec/template").cloned().unwrap_or_default()
}

fn has_changed(old: &Object, new: &Object) -> bool {
    if old.spec_part().ptr_eq(new.spec_part()) {
        return false;
    }
    let template = |object: &Object| object.spec::<DeploymentSpec>().map(|spec| spec.template.clone());
    template(old) != template(new)
}
