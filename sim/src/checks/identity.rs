use std::collections::BTreeSet;

use setpoint_core::object::{Revision, Uid};

use super::Check;
use crate::world::Step;

/// Revisions go up, one for each change (INV-ST-01); no uid comes twice (INV-ST-06).
#[derive(Debug, Default)]
pub struct Identity {
    last: Revision,
    uids: BTreeSet<Uid>,
}

impl Check for Identity {
    fn id(&self) -> &'static str {
        "INV-ST-01"
    }

    fn step(&mut self, step: &Step<'_>) -> Result<(), String> {
        let last = std::mem::replace(&mut self.last, step.revision);
        // Removals of which nobody was told have no revision of their own.
        if step.revision <= last && step.process != "store" {
            return Err(format!("{} has revision {} after {last}", step.object().key(), step.revision));
        }
        let Some(uid) = &step.object().meta().uid else {
            return Err(format!("{} has no uid", step.object().key()));
        };
        if step.old.is_none() && !self.uids.insert(uid.clone()) {
            return Err(format!("INV-ST-06: {} has a uid that was used before", step.object().key()));
        }
        Ok(())
    }
}
