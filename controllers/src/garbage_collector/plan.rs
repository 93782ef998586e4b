use setpoint_core::object::{Key, ObjectRef, Uid};
use setpoint_reconcile::plan::{Next, Outcome, Plan};
use setpoint_store::request::Propagation;

use super::observed::{Blocking, FOREGROUND, ORPHAN, Observed, Owner, OwnerState, is_waiting};

/// What the collector does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Looks up an owner live, since what was seen may be old (GC-02).
    ConfirmAbsent {
        /// Where it should be.
        owner: Key,
        /// Which object it should be.
        uid: Uid,
    },
    /// Deletes the object, if it is still the version that was decided on.
    Delete(Propagation),
    /// Drops the object's references to owners.
    DropReferences(Vec<Uid>),
    /// Drops a dependent's reference to the object.
    Orphan(Key),
    /// Clears a dependent's wish to go before the object, which would wait for it in a circle (GC-06).
    Unblock(Key),
    /// Removes a finalizer of the object.
    RemoveFinalizer(&'static str),
    /// Tells that an owner can never be found where the object is (GC-03).
    TellInvalidOwner,
}

/// What came of the actions of this sync.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Memory {
    /// Owners that were looked up live, and whether they are there.
    confirmed: Vec<(Uid, bool)>,
    /// The first failure.
    error: Option<String>,
    /// Whether what was decided is done.
    done: bool,
}

impl Memory {
    pub(super) fn learn(&mut self, action: &Action, outcome: Outcome<'_>) {
        if let Action::ConfirmAbsent { uid, .. } = action {
            match outcome {
                Ok(found) => {
                    let there = found.is_some_and(|object| object.meta().uid.as_ref() == Some(uid));
                    self.confirmed.push((uid.clone(), there));
                }
                Err(error) if error.is_not_found() => self.confirmed.push((uid.clone(), false)),
                Err(error) => self.fail(error),
            }
            return;
        }
        match outcome {
            Ok(_) => {}
            // Gone, or another object by now: nothing is left to do (GC-09).
            Err(error) if error.is_not_found() => {}
            Err(error) => self.fail(error),
        }
    }

    fn fail(&mut self, error: &setpoint_core::Error) {
        self.error.get_or_insert_with(|| error.to_string());
    }
}

/// The next stage.
pub fn plan(observed: &Observed, memory: &Memory) -> Plan<Action, Memory> {
    if let Some(error) = &memory.error {
        return end(memory, Next::Failed(error.clone()));
    }
    if memory.done {
        return end(memory, Next::Settled);
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
    Plan { actions, memory: Memory { done: true, ..memory.clone() }, next: Next::Replan }
}

/// A terminating object is let go when what it waits for is done (GC-06, GC-07).
fn as_owner(observed: &Observed, memory: &Memory) -> Option<Plan<Action, Memory>> {
    let meta = observed.object.meta();
    if !meta.is_terminating() {
        return None;
    }
    if meta.finalizers.contains(ORPHAN) {
        // References first, and the finalizer only when none is left.
        if observed.dependents.is_empty() {
            return Some(last(memory, vec![Action::RemoveFinalizer(ORPHAN)]));
        }
        let actions = observed.dependents.iter().map(|dependent| Action::Orphan(dependent.key())).collect();
        return Some(Plan { actions, memory: memory.clone(), next: Next::Replan });
    }
    if meta.finalizers.contains(FOREGROUND) {
        return Some(match observed.blocking {
            Blocking::None => last(memory, vec![Action::RemoveFinalizer(FOREGROUND)]),
            // Its dependents are keys of their own, woken by it.
            Blocking::Dependents => end(memory, Next::Settled),
        });
    }
    None
}

/// An object goes when it has named owners and none of them lives (GC-04, GC-05).
fn as_dependent(observed: &Observed, memory: &Memory) -> Plan<Action, Memory> {
    let Observed { object, owners, .. } = observed;
    let meta = object.meta();
    // What is going already goes on by itself, unless it waits in the foreground (GC-09).
    if owners.is_empty() || meta.is_terminating() && !is_waiting(object) {
        return end(memory, Next::Settled);
    }
    if let Some(OwnerState::Unknown { kind, api_version }) =
        owners.iter().map(|owner| &owner.state).find(is_unknown)
    {
        let error = format!("unable to get REST mapping for {api_version}/{kind}");
        return end(memory, Next::Failed(error));
    }
    if owners.iter().any(|owner| owner.state == OwnerState::OutOfScope) {
        return last(memory, vec![Action::TellInvalidOwner]);
    }
    let unconfirmed: Vec<Action> = owners.iter().filter_map(|owner| to_confirm(owner, memory)).collect();
    if !unconfirmed.is_empty() {
        return Plan { actions: unconfirmed, memory: memory.clone(), next: Next::Replan };
    }
    let solid = owners.iter().any(|owner| is_solid(owner, memory));
    if solid {
        let gone: Vec<Uid> =
            owners.iter().filter(|owner| !is_solid(owner, memory)).map(|owner| owner.uid.clone()).collect();
        if gone.is_empty() {
            return end(memory, Next::Settled);
        }
        return last(memory, vec![Action::DropReferences(gone)]);
    }
    let waited_for = owners.iter().any(|owner| owner.state == OwnerState::WaitsForDependents);
    if waited_for && !observed.dependents.is_empty() {
        // Once its deletion has begun it only waits, so the circle is broken for sure before that.
        if is_blocked_circle(observed) {
            let actions = vec![Action::Unblock(object.key())];
            return Plan { actions, memory: memory.clone(), next: Next::Replan };
        }
        if meta.is_terminating() {
            return end(memory, Next::Settled);
        }
        return last(memory, vec![Action::Delete(Propagation::Foreground)]);
    }
    if meta.is_terminating() {
        return end(memory, Next::Settled);
    }
    last(memory, vec![Action::Delete(inherited_policy(object))])
}

fn is_unknown(state: &&OwnerState) -> bool {
    matches!(state, OwnerState::Unknown { .. })
}

/// An owner that seems to be gone is looked up live before anything is deleted for it.
fn to_confirm(owner: &Owner, memory: &Memory) -> Option<Action> {
    let known = memory.confirmed.iter().any(|(uid, _)| *uid == owner.uid);
    if owner.state != OwnerState::Absent || known {
        return None;
    }
    let key = owner.key.clone()?;
    Some(Action::ConfirmAbsent { owner: key, uid: owner.uid.clone() })
}

fn is_solid(owner: &Owner, memory: &Memory) -> bool {
    let seen_live = memory.confirmed.iter().any(|(uid, there)| *uid == owner.uid && *there);
    owner.state == OwnerState::Solid || seen_live
}

/// Without anybody to say otherwise the object's own finalizers do (GC-05).
fn inherited_policy(object: &ObjectRef) -> Propagation {
    let finalizers = &object.meta().finalizers;
    if finalizers.contains(ORPHAN) {
        Propagation::Orphan
    } else if finalizers.contains(FOREGROUND) {
        Propagation::Foreground
    } else {
        Propagation::Background
    }
}

/// Whether a dependent that itself waits in the foreground would keep its owner, which keeps it (GC-06).
fn is_blocked_circle(observed: &Observed) -> bool {
    let mut references = observed.object.meta().owner_references.iter();
    references.any(|reference| reference.block_owner_deletion == Some(true))
        && observed.dependents.iter().any(is_waiting)
}
