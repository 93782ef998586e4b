use std::sync::Arc;

use parking_lot::Mutex;
use rustc_hash::FxHashSet;
use setpoint_core::kind::{Kind, KindId};
use setpoint_core::object::{Key, Text};
use setpoint_reconcile::controller::{Relation, Wake};

/// Namespaces that are being deleted, by name: content of others wakes nobody.
///
/// Only an economy: what is not listed in time is looked at by the controller's own timer.
#[derive(Debug, Default)]
pub(super) struct Terminating(Mutex<FxHashSet<Text>>);

/// Namespaces themselves.
pub(super) fn root(namespaces: KindId, terminating: &Arc<Terminating>) -> Relation {
    let terminating = Arc::clone(terminating);
    let relation = Relation::mapped(namespaces, move |change, _, wake| {
        let object = change.object();
        let is_terminating = change.new.is_some() && object.meta().is_terminating();
        let mut names = terminating.0.lock();
        if is_terminating {
            names.insert(object.meta().name.clone());
            wake(Wake::now(object.key()));
        } else {
            names.remove(&object.meta().name);
        }
    });
    relation.with_roots(|object| object.meta().is_terminating())
}

/// The last object of a kind in a namespace that is being deleted is gone.
pub(super) fn content(kind: &Kind, namespaces: KindId, terminating: &Arc<Terminating>) -> Option<Relation> {
    if !kind.is_namespaced() {
        return None;
    }
    let (id, terminating) = (kind.id, Arc::clone(terminating));
    Some(Relation::mapped(id, move |change, view, wake| {
        let (None, Some(namespace)) = (&change.new, &change.object().meta().namespace) else { return };
        if !terminating.0.lock().contains(namespace) {
            return;
        }
        if view.snapshot().list_namespace(id, namespace).next().is_none() {
            wake(Wake::now(Key::cluster(namespaces, namespace.clone())));
        }
    }))
}
