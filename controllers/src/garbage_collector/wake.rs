use std::sync::Arc;

use setpoint_core::kind::{Kind, Registry};
use setpoint_core::object::{Object, ObjectRef};
use setpoint_reconcile::controller::{Relation, Wake};
use setpoint_reconcile::queue::Lane;
use setpoint_store::engine::Change;
use setpoint_watch::View;

use super::observed::{FOREGROUND, ORPHAN, blocks, dependents, is_waiting, owner_key};
use super::owners::Owners;

/// The relation of a kind; none of events, which own nothing and are owned by nothing (GC-01).
pub(super) fn relation(kind: &Kind, registry: &Registry, owners: &Arc<Owners>) -> Option<Relation> {
    if &*kind.resource.resource == "events" {
        return None;
    }
    let (registry, known) = (registry.clone(), Arc::clone(owners));
    let relation = Relation::mapped(kind.id, move |change, view, wake| {
        if let (None, Some(new)) = (&change.old, &change.new) {
            known.appeared(new);
        }
        as_dependent(change, &known, wake);
        as_owner(change, &known, view, wake);
        owners_of_changed(change, &registry, view, wake);
    });
    let known = Arc::clone(owners);
    Some(relation.with_roots(concerns).on_reread(move || known.clear()))
}

/// Whether there may be something to do about an object.
fn concerns(object: &Object) -> bool {
    let meta = object.meta();
    let waits = || meta.finalizers.contains(ORPHAN) || meta.finalizers.contains(FOREGROUND);
    !meta.owner_references.is_empty() || meta.is_terminating() && waits()
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
fn as_owner(change: &Change, owners: &Owners, view: &dyn View, wake: &mut dyn FnMut(Wake)) {
    let wake_dependents = |owner: &ObjectRef, wake: &mut dyn FnMut(Wake)| {
        let snapshot = view.snapshot();
        for dependent in dependents(&snapshot, owner) {
            wake(Wake { key: dependent.key(), lane: Lane::Normal });
        }
    };
    match (&change.old, &change.new) {
        (Some(old), None) => {
            owners.gone(old);
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

/// Owners that wait are looked at when no dependent of this kind blocks them any more.
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
        let Some(owner) = snapshot.get(&key).filter(|owner| owner.meta().is_terminating()) else { continue };
        let same_kind = |dependent: &&ObjectRef| dependent.kind().id == old.kind().id;
        if !dependents(&snapshot, owner).filter(same_kind).any(|dependent| blocks(dependent, owner)) {
            wake(Wake::now(key));
        }
    }
}
