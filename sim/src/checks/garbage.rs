use std::collections::BTreeMap;

use setpoint_core::env::Instant;
use setpoint_core::object::{Key, Object, OwnerReference, Uid};

use super::kinds::owned;
use super::{Check, Kinds, LAG_MAX};
use crate::world::Step;

/// What the garbage collector calls itself.
const COLLECTOR: &str = "garbage-collector-controller";
const ORPHAN: &str = "orphan";

/// Nothing is collected while one of its owners lives, and what is orphaned has lost its reference before its
/// owner goes (INV-C-10).
#[derive(Debug)]
pub struct Garbage {
    kinds: Kinds,
    created: BTreeMap<Uid, Instant>,
}

impl Garbage {
    /// For objects of these kinds.
    pub fn new(kinds: Kinds) -> Self {
        Self { kinds, created: BTreeMap::new() }
    }
}

impl Check for Garbage {
    fn id(&self) -> &'static str {
        "INV-C-10"
    }

    fn step(&mut self, step: &Step<'_>) -> Result<(), String> {
        let Some(old) = step.old else {
            if let Some(uid) = &step.object().meta().uid {
                self.created.insert(uid.clone(), step.at);
            }
            return Ok(());
        };
        if step.new.is_none() && old.meta().finalizers.contains(ORPHAN) {
            self.left_behind(step, old)?;
        }
        let deletes = !old.meta().is_terminating() && step.new.is_none_or(|new| new.meta().is_terminating());
        if step.actor != COLLECTOR || !deletes {
            return Ok(());
        }
        match old.meta().owner_references.iter().find(|owner| lives(step, old, owner)) {
            Some(owner) => Err(format!("{} is collected while its owner {} lives", old.key(), owner.name)),
            None => Ok(()),
        }
    }
}

impl Garbage {
    fn left_behind(&self, step: &Step<'_>, owner: &Object) -> Result<(), String> {
        let Some(uid) = &owner.meta().uid else { return Ok(()) };
        for kind in [self.kinds.pods, self.kinds.replica_sets] {
            let mut children = owned(step.truth, kind, uid);
            // One that was made while the last look was taken is collected like any other.
            let is_old = |child: &Object| {
                let created = child.meta().uid.as_ref().and_then(|uid| self.created.get(uid));
                created.is_some_and(|created| step.at - *created > LAG_MAX)
            };
            if let Some(child) = children.find(|child| is_old(child)) {
                return Err(format!("{} goes before {} is orphaned", owner.key(), child.key()));
            }
        }
        Ok(())
    }
}

fn lives(step: &Step<'_>, child: &Object, owner: &OwnerReference) -> bool {
    let Some(kind) = step.registry.find(&owner.kind, &owner.api_version) else { return false };
    let namespace = child.meta().namespace.clone().filter(|_| kind.is_namespaced());
    let key = Key { kind: kind.id, namespace, name: owner.name.clone() };
    let found = step.truth.get(&key);
    found.is_some_and(|found| found.meta().uid.as_ref() == Some(&owner.uid) && !found.meta().is_terminating())
}
