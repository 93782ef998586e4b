use setpoint_core::builtin::SharedPodSpec;

use super::{Check, is};
use crate::world::Step;

/// A pod that is on a node stays there: it is bound once.
#[derive(Debug, Default)]
pub struct Placement;

impl Check for Placement {
    fn id(&self) -> &'static str {
        "INV-RT-01"
    }

    fn step(&mut self, step: &Step<'_>) -> Result<(), String> {
        let (Some(old), Some(new)) = (step.old, step.new) else { return Ok(()) };
        if !is(new, "Pod") {
            return Ok(());
        }
        let node = |object: &setpoint_core::object::Object| {
            object.spec::<SharedPodSpec>().and_then(|spec| spec.node_name().map(str::to_owned))
        };
        match (node(old), node(new)) {
            (Some(before), after) if after.as_ref() != Some(&before) => {
                Err(format!("pod {} went from node {before} to {after:?}", new.key()))
            }
            _ => Ok(()),
        }
    }
}
