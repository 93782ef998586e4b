use std::collections::BTreeMap;

use setpoint_core::env::Instant;
use setpoint_core::kind::Registry;
use setpoint_core::object::{Object, OwnerReference, Uid};

use super::{Check, LAG_MAX};
use crate::world::Step;

/// A controller changes and deletes nothing that another one controls, and adopts only for an owner that lives
/// (INV-C-04).
#[derive(Debug, Default)]
pub struct Ownership {
    /// Objects that are going or gone, and since when.
    ended: BTreeMap<Uid, Instant>,
}

impl Check for Ownership {
    fn id(&self) -> &'static str {
        "INV-C-04"
    }

    fn step(&mut self, step: &Step<'_>) -> Result<(), String> {
        let object = step.object();
        if step.new.is_none_or(|new| new.meta().is_terminating())
            && let Some(uid) = &object.meta().uid
        {
            self.ended.entry(uid.clone()).or_insert(step.at);
        }
        let (Some(roots), Some(old)) = (step.roots, step.old) else { return Ok(()) };
        if roots.contains(&old.kind().id) || roots.is_empty() {
            return Ok(());
        }
        // Who clears a namespace deletes everything in it.
        let clears = |root| step.registry.get(root).is_some_and(|kind| kind.names.kind == "Namespace");
        if step.new.is_none_or(|new| new.meta().is_terminating()) && roots.iter().any(|root| clears(*root)) {
            return Ok(());
        }
        let is_root = |owner: &OwnerReference| step.knows(owner).is_some_and(|kind| roots.contains(&kind));
        match (old.meta().controller(), step.new.and_then(|new| new.meta().controller())) {
            (Some(owner), _) if !is_root(owner) => {
                let (key, kind, name) = (old.key(), &owner.kind, &owner.name);
                Err(format!("{} changes {key}, which {kind} {name} controls", step.actor))
            }
            (None, Some(owner)) => self.adopted(step, old, owner),
            _ => Ok(()),
        }
    }
}

impl Ownership {
    fn adopted(&self, step: &Step<'_>, child: &Object, owner: &OwnerReference) -> Result<(), String> {
        match self.ended.get(&owner.uid) {
            // The request was under way.
            Some(ended) if step.at - *ended <= LAG_MAX / 10 => Ok(()),
            Some(_) => {
                Err(format!("{} adopts {} for {}, which is gone", step.actor, child.key(), owner.name))
            }
            None => Ok(()),
        }
    }
}

impl Step<'_> {
    /// The kind that an owner reference names.
    fn knows(&self, owner: &OwnerReference) -> Option<setpoint_core::kind::KindId> {
        let registry: &Registry = self.registry;
        registry.find(&owner.kind, &owner.api_version).map(|kind| kind.id)
    }
}
