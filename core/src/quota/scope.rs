use k8s_openapi::api::core::v1::{
    PodAffinityTerm, PodSpec, ResourceQuotaSpec, ResourceQuotaStatus, ScopedResourceSelectorRequirement,
};

use super::item::Item;
use super::tracked::tracks;
use crate::rules::pod::{QosClass, qos_class};

/// All that a quota narrows itself by.
pub fn scopes(spec: &ResourceQuotaSpec) -> Vec<ScopedResourceSelectorRequirement> {
    let plain = spec.scopes.iter().flatten().map(|scope| ScopedResourceSelectorRequirement {
        operator: "Exists".to_owned(),
        scope_name: scope.clone(),
        values: None,
    });
    let selector = spec.scope_selector.as_ref().and_then(|selector| selector.match_expressions.as_ref());
    plain.chain(selector.into_iter().flatten().cloned()).collect()
}

/// Whether a quota counts an object: it limits something that the object uses, and all its scopes hold for it.
pub fn matches(spec: &ResourceQuotaSpec, status: &ResourceQuotaStatus, item: Item<'_>) -> bool {
    status.hard.iter().flatten().any(|(name, _)| tracks(item.kind, name))
        && scopes(spec).iter().all(|scope| holds(scope, item))
}

/// Whether a scope holds for an object. Only pods have any.
pub(super) fn holds(scope: &ScopedResourceSelectorRequirement, item: Item<'_>) -> bool {
    let Some(spec) = item.pod() else { return false };
    let spec = spec.common();
    let has_deadline = spec.active_deadline_seconds.is_some_and(|seconds| seconds >= 0);
    match scope.scope_name.as_str() {
        "Terminating" => has_deadline,
        "NotTerminating" => !has_deadline,
        "BestEffort" => qos_class(spec) == QosClass::BestEffort,
        "NotBestEffort" => qos_class(spec) != QosClass::BestEffort,
        "PriorityClass" => is_of_class(scope, spec),
        "CrossNamespacePodAffinity" => looks_elsewhere(spec),
        _ => false,
    }
}

fn is_of_class(scope: &ScopedResourceSelectorRequirement, spec: &PodSpec) -> bool {
    let class = spec.priority_class_name.as_deref().filter(|class| !class.is_empty());
    let is_listed = class.is_some_and(|class| scope.values.iter().flatten().any(|value| value == class));
    match scope.operator.as_str() {
        "Exists" => class.is_some(),
        "DoesNotExist" => class.is_none(),
        "In" => is_listed,
        "NotIn" => !is_listed,
        _ => false,
    }
}

/// Whether the pod is placed by pods of other namespaces.
fn looks_elsewhere(spec: &PodSpec) -> bool {
    let Some(affinity) = &spec.affinity else { return false };
    let elsewhere = |term: &PodAffinityTerm| {
        term.namespaces.as_ref().is_some_and(|names| !names.is_empty()) || term.namespace_selector.is_some()
    };
    let (near, far) = (affinity.pod_affinity.as_ref(), affinity.pod_anti_affinity.as_ref());
    let required = near.into_iter().flat_map(|it| &it.required_during_scheduling_ignored_during_execution);
    let required = required
        .chain(far.into_iter().flat_map(|it| &it.required_during_scheduling_ignored_during_execution));
    let preferred = near.into_iter().flat_map(|it| &it.preferred_during_scheduling_ignored_during_execution);
    let preferred = preferred
        .chain(far.into_iter().flat_map(|it| &it.preferred_during_scheduling_ignored_during_execution));
    required.flatten().any(elsewhere) || preferred.flatten().any(|term| elsewhere(&term.pod_affinity_term))
}
