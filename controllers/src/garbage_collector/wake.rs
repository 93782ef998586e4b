use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use rustc_hash::FxHashSet;
use setpoint_core::kind::{KindId, Registry};
use setpoint_core::object::{Object, ObjectRef, Uid};
use setpoint_reconcile::controller::{Relation, Wake};
use setpoint_reconcile::queue::Lane;
use setpoint_store::engine::Change;
use setpoint_watch::View;

use super::observed::{FOREGROUND, ORPHAN, Observed, OwnerState, dependents, is_waiting, owner_key};

/// Owners that were seen alive, so that their new dependents need no look.
///
/// Only an economy: an owner is taken out when its deletion is seen, and then all its dependents are woken
/// from what is there at that time.
#[derive(Debug, Default)]
pub(super) struct Owners(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    alive: FxHashSet<Uid>,
    /// Oldest first.
    order: VecDeque<Uid>,
}

/// Owners known to be alive at the most.
const OWNERS_MAX: usize = 65_536;

impl Owners {
    pub(super) fn note(&self, observed: &Observed) {
        let known = &mut *self.0.lock();
        for owner in &observed.owners {
            if owner.state == OwnerState::Solid && known.alive.insert(owner.uid.clone()) {
                known.order.push_back(owner.uid.clone());
            }
        }
        while known.order.len() > OWNERS_MAX
            && let Some(oldest) = known.order.pop_front()
        {
            known.alive.remove(&oldest);
        }
    }

    fn forget(&self, uid: &Uid) {
        self.0.lock().alive.remove(uid);
    }

    fn are_alive(&self, object: &Object) -> bool {
        let known = self.0.lock();
        object.meta().owner_references.iter().all(|reference| known.alive.contains(&reference.uid))
    }
}

/// One relation for each kind but events, which own nothing and are owned by nothing.
pub(super) fn relations(registry: &Registry, owners: &Arc<Owners>) -> Vec<Relation> {
    let collected = registry.kinds().into_iter().filter(|kind| &*kind.resource.resource != "events");
    collected.map(|kind| relation(kind.id, registry.clone(), Arc::clone(owners))).collect()
}

fn relation(kind: KindId, registry: Registry, owners: Arc<Owners>) -> Relation {
    Relation::mapped(kind, move |change, view, wake| {
        as_dependent(change, &owners, wake);
        as_owner(change, &owners, &registry, view, wake);
        owners_of_changed(change, &registry, view, wake);
    })
}

/// A dependent is looked at when its owners have changed, or are not known to be alive.
fn as_dependent(change: &Change, owners: &Owners, wake: &mut dyn FnMut(Wake)) {
    let Some(new) = &change.new else { return };
    if new.meta().owner_references.is_empty() {
        return;
    }
    let same_owners =
        change.old.as_ref().is_some_and(|old| old.meta().owner_references == new.meta().owner_references);
    if !same_owners && !owners.are_alive(new) {
        wake(Wake { key: new.key(), lane: Lane::Normal });
    }
}

/// An owner is looked at when it begins to wait; its dependents when they have something to do about it.
fn as_owner(
    change: &Change,
    owners: &Owners,
    registry: &Registry,
    view: &dyn View,
    wake: &mut dyn FnMut(Wake),
) {
    let wake_dependents = |owner: &ObjectRef, wake: &mut dyn FnMut(Wake)| {
        let snapshot = view.snapshot();
        for dependent in dependents(&snapshot, registry, owner) {
            wake(Wake { key: dependent.key(), lane: Lane::Normal });
        }
    };
    match (&change.old, &change.new) {
        (Some(old), None) => {
            if let Some(uid) = &old.meta().uid {
                owners.forget(uid);
            }
            wake_dependents(old, wake);
        }
        (old, Some(new)) if new.meta().is_terminating() => {
            let finalizers = &new.meta().finalizers;
            if finalizers.contains(ORPHAN) || finalizers.contains(FOREGROUND) {
                wake(Wake::now(new.key()));
            }
            let began_to_wait = is_waiting(new) && !old.as_ref().is_some_and(is_waiting);
            if began_to_wait {
                if let Some(uid) = &new.meta().uid {
                    owners.forget(uid);
                }
                wake_dependents(new, wake);
            }
        }
        _ => {}
    }
}

/// Owners that wait are looked at when a dependent is gone, or no longer blocks them.
fn owners_of_changed(change: &Change, registry: &Registry, view: &dyn View, wake: &mut dyn FnMut(Wake)) {
    let Some(old) = &change.old else { return };
    let same_owners =
        change.new.as_ref().is_some_and(|new| new.meta().owner_references == old.meta().owner_references);
    if same_owners || old.meta().owner_references.is_empty() {
        return;
    }
    let snapshot = view.snapshot();
    for reference in &*old.meta().owner_references {
        let Some(kind) = registry.find(&reference.kind, &reference.api_version) else { continue };
        let key = owner_key(&kind, old.meta().namespace.clone(), reference);
        if snapshot.get(&key).is_some_and(|owner| owner.meta().is_terminating()) {
            wake(Wake::now(key));
        }
    }
}
