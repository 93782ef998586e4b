use std::sync::Arc;

use k8s_openapi::api::core::v1::PodStatus;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use setpoint_core::kind::{Kind, KindId};
use setpoint_core::object::{Object, Text};
use setpoint_reconcile::controller::{Relation, Wake};
use setpoint_reconcile::queue::Lane;
use setpoint_store::engine::Change;

/// How many quotas each namespace has: content of others wakes nobody.
#[derive(Debug, Default)]
pub(super) struct Limited(Mutex<FxHashMap<Text, usize>>);

/// Quotas themselves. What admission charges and this controller counts wakes nobody.
pub(super) fn root(quotas: KindId, limited: &Arc<Limited>) -> Relation {
    let (limited, missed) = (Arc::clone(limited), Arc::clone(limited));
    let relation = Relation::mapped(quotas, move |change, _, wake| {
        let namespace = change.object().meta().namespace.clone().unwrap_or_default();
        match (&change.old, &change.new) {
            (None, Some(_)) => *limited.0.lock().entry(namespace).or_default() += 1,
            (Some(_), None) => {
                let counts = &mut *limited.0.lock();
                if let Some(count) = counts.get_mut(&namespace) {
                    *count -= 1;
                    if *count == 0 {
                        counts.remove(&namespace);
                    }
                }
            }
            _ => {}
        }
        let same_spec = matches!((&change.old, &change.new), (Some(old), Some(new))
            if old.spec_part().ptr_eq(new.spec_part()));
        if !same_spec {
            wake(Wake::now(change.object().key()));
        }
    });
    // All quotas follow as additions.
    relation.with_roots(|_| true).on_reread(move || missed.0.lock().clear())
}

/// What goes, and what uses less than before, is counted anew.
pub(super) fn content(kind: &Kind, quotas: KindId, limited: &Arc<Limited>) -> Option<Relation> {
    if !kind.is_namespaced() || &*kind.resource.resource == "events" {
        return None;
    }
    let limited = Arc::clone(limited);
    Some(Relation::mapped(kind.id, move |change, view, wake| {
        let Some(namespace) = &change.object().meta().namespace else { return };
        if !sets_free(change) || !limited.0.lock().contains_key(namespace) {
            return;
        }
        for quota in view.snapshot().list_namespace(quotas, namespace) {
            wake(Wake { key: quota.key(), lane: Lane::Normal });
        }
    }))
}

fn sets_free(change: &Change) -> bool {
    match (&change.old, &change.new) {
        (Some(_), None) => true,
        (Some(old), Some(new)) => {
            // Services and claims may ask for less, pods come to their end.
            !has_ended(old) && has_ended(new) || !old.spec_part().ptr_eq(new.spec_part())
        }
        _ => false,
    }
}

fn has_ended(object: &Object) -> bool {
    let phase = object.status::<PodStatus>().and_then(|status| status.phase.as_deref());
    matches!(phase, Some("Succeeded" | "Failed"))
}
