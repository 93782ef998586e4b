use k8s_openapi::api::policy::v1::PodDisruptionBudgetSpec;
use setpoint_core::kind::{KindId, Registry};
use setpoint_core::object::{Object, ObjectRef};
use setpoint_core::selector::LabelSelector;
use setpoint_store::tables::Snapshot;

use super::expected::{self, Scale};

/// What is looked at.
#[derive(Debug, Clone)]
pub enum Observed {
    /// A budget with its pods.
    Budget(ObservedBudget),
    /// A pod whose disruption was announced.
    Pod(ObjectRef),
}

/// A budget with its pods, and how many there should be.
#[derive(Debug, Clone)]
pub struct ObservedBudget {
    /// The budget.
    pub budget: ObjectRef,
    /// The pods it selects, in order of their names; or what is wrong with its selector.
    pub pods: Result<Vec<ObjectRef>, String>,
    /// How many pods their controllers ask for; needed only for shares and for a maximum that may be missing.
    pub scale: Result<Scale, String>,
}

impl ObservedBudget {
    pub(super) fn of(snapshot: &Snapshot, budget: &ObjectRef, pods: KindId, registry: &Registry) -> Self {
        let selected = selected(snapshot, budget, pods);
        let scale = match (&selected, needs_scale(budget)) {
            (Ok(pods), true) => expected::scale(snapshot, registry, pods),
            _ => Ok(Scale::default()),
        };
        Self { budget: budget.clone(), pods: selected, scale }
    }
}

/// Whether an absolute number of pods is not all that a budget asks for.
fn needs_scale(budget: &Object) -> bool {
    use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

    budget.spec::<PodDisruptionBudgetSpec>().is_some_and(|spec| {
        spec.max_unavailable.is_some() || matches!(spec.min_available, Some(IntOrString::String(_)))
    })
}

fn selected(snapshot: &Snapshot, budget: &Object, pods: KindId) -> Result<Vec<ObjectRef>, String> {
    let source = budget.spec::<PodDisruptionBudgetSpec>().and_then(|spec| spec.selector.as_ref());
    let selector = LabelSelector::compile(source).map_err(|error| error.to_string())?;
    let namespace = budget.meta().namespace.as_deref().unwrap_or_default();
    let selects = |pod: &&ObjectRef| selector.matches(|label| pod.meta().labels.get(label));
    Ok(snapshot.list_namespace(pods, namespace).filter(selects).cloned().collect())
}
