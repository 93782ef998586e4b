use std::sync::Arc;

use k8s_openapi::api::core::v1::PodStatus;
use k8s_openapi::api::policy::v1::PodDisruptionBudgetSpec;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use setpoint_core::conditions;
use setpoint_core::kind::KindId;
use setpoint_core::object::{Object, Text};
use setpoint_core::selector::LabelSelector;
use setpoint_reconcile::controller::{Relation, Wake};

/// How many budgets each namespace has: pods of others wake nobody.
///
/// Only an economy: the first sync of a new budget looks at all its pods.
#[derive(Debug, Default)]
pub(super) struct Guarded(Mutex<FxHashMap<Text, usize>>);

/// Budgets themselves.
pub(super) fn root(budgets: KindId, guarded: &Arc<Guarded>) -> Relation {
    let (guarded, missed) = (Arc::clone(guarded), Arc::clone(guarded));
    let relation = Relation::mapped(budgets, move |change, _, wake| {
        let namespace = change.object().meta().namespace.clone().unwrap_or_default();
        match (&change.old, &change.new) {
            (None, Some(_)) => *guarded.0.lock().entry(namespace).or_default() += 1,
            (Some(_), None) => {
                let counts = &mut *guarded.0.lock();
                if let Some(count) = counts.get_mut(&namespace) {
                    *count -= 1;
                    if *count == 0 {
                        counts.remove(&namespace);
                    }
                }
            }
            _ => {}
        }
        wake(Wake::now(change.object().key()));
    });
    // All budgets follow as additions.
    relation.with_roots(|_| true).on_reread(move || missed.0.lock().clear())
}

/// Pods wake the budgets that select them, before or after a change, and themselves if they carry an announcement.
pub(super) fn pods(pods: KindId, budgets: KindId, guarded: &Arc<Guarded>) -> Relation {
    let guarded = Arc::clone(guarded);
    Relation::mapped(pods, move |change, view, wake| {
        if let Some(pod) = change.new.as_deref().filter(|pod| is_announced(pod)) {
            wake(Wake::now(pod.key()));
        }
        let Some(namespace) = &change.object().meta().namespace else { return };
        if !guarded.0.lock().contains_key(namespace) {
            return;
        }
        let snapshot = view.snapshot();
        for budget in snapshot.list_namespace(budgets, namespace) {
            let source = budget.spec::<PodDisruptionBudgetSpec>().and_then(|spec| spec.selector.as_ref());
            let Ok(selector) = LabelSelector::compile(source) else { continue };
            let selects = |pod: &Object| selector.matches(|label| pod.meta().labels.get(label));
            if change.old.as_deref().is_some_and(selects) || change.new.as_deref().is_some_and(selects) {
                wake(Wake::now(budget.key()));
            }
        }
    })
}

/// A kind whose objects ask for pods: how many they ask for counts for the budgets of their namespace.
pub(super) fn scaled(kind: KindId, budgets: KindId, guarded: &Arc<Guarded>) -> Relation {
    let guarded = Arc::clone(guarded);
    Relation::mapped(kind, move |change, view, wake| {
        let same_spec = matches!((&change.old, &change.new), (Some(old), Some(new))
            if old.spec_part().ptr_eq(new.spec_part()));
        let Some(namespace) = &change.object().meta().namespace else { return };
        if same_spec || !guarded.0.lock().contains_key(namespace) {
            return;
        }
        for budget in view.snapshot().list_namespace(budgets, namespace) {
            wake(Wake::now(budget.key()));
        }
    })
}

fn is_announced(pod: &Object) -> bool {
    let status = pod.status::<PodStatus>();
    let listed = status.into_iter().flat_map(|status| status.conditions.iter().flatten());
    conditions::is_true(listed, "DisruptionTarget")
}
