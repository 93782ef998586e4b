use setpoint_core::object::{Key, Uid};
use setpoint_reconcile::plan::{Next, Plan};
use setpoint_store::request::Propagation;

use super::memory::{LOOKS_MAX, Memory};
use super::observed::{FOREGROUND, ORPHAN, Observed, Owner, OwnerState};

/// What the collector does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Looks up an owner live, since what was seen may be old (GC-02).
    ConfirmAbsent {
        /// Where it should be.
        owner: Key,
        /// Which object it should be.
        uid: Uid,
        /// Whether it was seen at another place.
        elsewhere: bool,
    },
    /// Reads the object live, since it is not the version that was decided on.
    LookAgain,
    /// Deletes the object.
    Delete(Propagation, Guard),
    /// Drops the object's references to owners.
    DropReferences(Vec<Uid>),
    /// Drops a dependent's reference to the object.
    Orphan(Key),
    /// Clears the object's wish to go before its owners, which would wait for it in a circle (GC-06).
    Unblock,
    /// Removes a finalizer of the object.
    RemoveFinalizer(&'static str),
    /// Tells that an owner can never be found where the object is (GC-03).
    TellInvalidOwner(Uid),
}

/// What must hold of an object for its deletion (GC-04).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// That it is the version that was decided on.
    Version,
    /// That it is the same object: it has changed, but not its owners.
    Uid,
}

/// The next stage.
pub fn plan(observed: &Observed, memory: &Memory) -> Plan<Action, Memory> {
    if let Some(error) = &memory.error {
        return end(memory, Next::Failed(error.clone()));
    }
    if memory.done {
        return end(memory, Next::Settled);
    }
    if memory.beaten {
        return after_a_change(observed, memory);
    }
    if let Some(stage) = as_owner(observed, memory) {
        return stage;
    }
    as_dependent(observed, memory)
}

fn end(memory: &Memory, next: Next) -> Plan<Action, Memory> {
    Plan { actions: Vec::new(), memory: memory.clone(), next }
}

/// The last stage that does something; it is planned again only to learn whether that worked.
fn last(memory: &Memory, actions: Vec<Action>) -> Plan<Action, Memory> {
    Plan { actions, memory: Memory { done: true, ..memory.clone() }, next: Next::Continue }
}

/// The object had changed when it was to be deleted. If its owners are the same, the decision stands (GC-04).
fn after_a_change(observed: &Observed, memory: &Memory) -> Plan<Action, Memory> {
    let Some(newer) = &memory.newer else {
        return Plan { actions: vec![Action::LookAgain], memory: memory.clone(), next: Next::Continue };
    };
    let (old, new) = (observed.object.meta(), newer.meta());
    let memory = Memory { newer: None, beaten: false, ..memory.clone() };
    if old.uid != new.uid || new.is_terminating() {
        return end(&memory, Next::Settled);
    }
    if old.owner_references == new.owner_references && old.finalizers == new.finalizers {
        let policy = policy(observed);
        return last(&memory, vec![Action::Delete(policy, Guard::Uid)]);
    }
    if memory.looks > LOOKS_MAX {
        return end(&memory, Next::Failed("the object keeps changing".to_owned()));
    }
    end(&memory, Next::Replan)
}

/// A terminating object is let go when what it waits for is done (GC-06, GC-07).
fn as_owner(observed: &Observed, memory: &Memory) -> Option<Plan<Action, Memory>> {
    let meta = observed.object.meta();
    if !meta.is_terminating() {
        return None;
    }
    if meta.finalizers.contains(ORPHAN) {
        // References first, and the finalizer only when none is left.
        if observed.dependents.orphans.is_empty() {
            return Some(last(memory, vec![Action::RemoveFinalizer(ORPHAN)]));
        }
        let orphans = observed.dependents.orphans.iter();
        let actions = orphans.map(|dependent| Action::Orphan(dependent.key())).collect();
        return Some(Plan { actions, memory: memory.clone(), next: Next::Replan });
    }
    if meta.finalizers.contains(FOREGROUND) {
        return Some(if !observed.dependents.block {
            last(memory, vec![Action::RemoveFinalizer(FOREGROUND)])
        } else if observed.dependents.circle {
            // Those that wait for it and that it waits for go first.
            last(memory, vec![Action::Unblock])
        } else {
            // Its dependents are keys of their own, woken by it.
            end(memory, Next::Settled)
        });
    }
    None
}

/// An object goes when it has named owners and none of them lives (GC-04, GC-05).
fn as_dependent(observed: &Observed, memory: &Memory) -> Plan<Action, Memory> {
    let Observed { object, owners, dependents } = observed;
    // What is going already goes on by itself (GC-09).
    if owners.is_empty() || object.meta().is_terminating() {
        return end(memory, Next::Settled);
    }
    let unknown = owners.iter().find_map(|owner| match &owner.state {
        OwnerState::Unknown { kind, api_version } => Some((kind, api_version)),
        _ => None,
    });
    if let Some((kind, api_version)) = unknown {
        let error = format!("unable to get REST mapping for {api_version}/{kind}");
        return end(memory, Next::Failed(error));
    }
    if let Some(owner) = owners.iter().find(|owner| owner.state == OwnerState::OutOfScope) {
        return last(memory, vec![Action::TellInvalidOwner(owner.uid.clone())]);
    }
    let unconfirmed: Vec<Action> = owners.iter().filter_map(|owner| to_confirm(owner, memory)).collect();
    if !unconfirmed.is_empty() {
        return Plan { actions: unconfirmed, memory: memory.clone(), next: Next::Replan };
    }
    let invalid = owners.iter().filter(|owner| {
        matches!(owner.state, OwnerState::Absent { elsewhere: true, .. }) && !memory.is_there(&owner.uid)
    });
    let mut actions: Vec<Action> = invalid.map(|owner| Action::TellInvalidOwner(owner.uid.clone())).collect();
    if owners.iter().any(|owner| is_solid(owner, memory)) {
        let gone: Vec<Uid> =
            owners.iter().filter(|owner| !is_solid(owner, memory)).map(|owner| owner.uid.clone()).collect();
        if gone.is_empty() {
            return end(memory, Next::Settled);
        }
        actions.push(Action::DropReferences(gone));
        return last(memory, actions);
    }
    // Once its deletion has begun it only waits, so the circle is broken for sure before that.
    if is_handed_down(observed) && dependents.circle {
        return Plan { actions: vec![Action::Unblock], memory: memory.clone(), next: Next::Replan };
    }
    actions.push(Action::Delete(policy(observed), Guard::Version));
    last(memory, actions)
}

/// An owner that seems to be gone is looked up live before anything is deleted for it.
fn to_confirm(owner: &Owner, memory: &Memory) -> Option<Action> {
    let OwnerState::Absent { confirmed: false, elsewhere } = owner.state else { return None };
    if memory.is_gone(&owner.uid) || memory.is_there(&owner.uid) {
        return None;
    }
    let key = owner.key.clone()?;
    Some(Action::ConfirmAbsent { owner: key, uid: owner.uid.clone(), elsewhere })
}

fn is_solid(owner: &Owner, memory: &Memory) -> bool {
    owner.state == OwnerState::Solid || memory.is_there(&owner.uid)
}

/// Whether an owner waits for the object, which has dependents of its own (GC-05).
fn is_handed_down(observed: &Observed) -> bool {
    let waits = |owner: &Owner| owner.state == OwnerState::WaitsForDependents;
    observed.dependents.exist && observed.owners.iter().any(waits)
}

/// What becomes of the object's dependents. Without anybody to say otherwise its own finalizers do (GC-05).
fn policy(observed: &Observed) -> Propagation {
    let finalizers = &observed.object.meta().finalizers;
    if is_handed_down(observed) {
        Propagation::Foreground
    } else if finalizers.contains(ORPHAN) {
        Propagation::Orphan
    } else if finalizers.contains(FOREGROUND) {
        Propagation::Foreground
    } else {
        Propagation::Background
    }
}
