use std::sync::Arc;

use k8s_openapi::api::core::v1::{PodAffinityTerm, PodSpec, WeightedPodAffinityTerm};
use setpoint_core::object::{Text, TextMap};
use setpoint_core::selector::LabelSelector;

/// Other pods that a pod is to be near to, or far from.
#[derive(Debug, Clone)]
pub struct PodTerm {
    /// Which pods.
    pub selector: Arc<LabelSelector>,
    /// The label whose value nodes near to each other share.
    pub topology_key: Text,
    /// How much it weighs; only terms that are preferred have it.
    pub weight: i64,
    namespaces: Vec<Text>,
    namespace_selector: Option<LabelSelector>,
}

/// All that a pod says of other pods (SCHED-26, SCHED-27).
#[derive(Debug, Clone, Default)]
pub struct PodTerms {
    /// It must be near to such pods.
    pub required: Vec<PodTerm>,
    /// It must be far from such pods.
    pub required_anti: Vec<PodTerm>,
    /// It had better be near to such pods.
    pub preferred: Vec<PodTerm>,
    /// It had better be far from such pods.
    pub preferred_anti: Vec<PodTerm>,
}

impl PodTerms {
    /// What a pod of this spec says.
    pub fn of(spec: &PodSpec) -> Self {
        let affinity = spec.affinity.as_ref();
        let near = affinity.and_then(|affinity| affinity.pod_affinity.as_ref());
        let far = affinity.and_then(|affinity| affinity.pod_anti_affinity.as_ref());
        let required = |terms: Option<&Vec<PodAffinityTerm>>| -> Vec<PodTerm> {
            terms.into_iter().flatten().map(|term| PodTerm::of(term, 0)).collect()
        };
        let preferred = |terms: Option<&Vec<WeightedPodAffinityTerm>>| -> Vec<PodTerm> {
            let terms = terms.into_iter().flatten();
            terms.map(|term| PodTerm::of(&term.pod_affinity_term, term.weight.into())).collect()
        };
        Self {
            required: required(
                near.and_then(|near| near.required_during_scheduling_ignored_during_execution.as_ref()),
            ),
            required_anti: required(
                far.and_then(|far| far.required_during_scheduling_ignored_during_execution.as_ref()),
            ),
            preferred: preferred(
                near.and_then(|near| near.preferred_during_scheduling_ignored_during_execution.as_ref()),
            ),
            preferred_anti: preferred(
                far.and_then(|far| far.preferred_during_scheduling_ignored_during_execution.as_ref()),
            ),
        }
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.required.is_empty()
            && self.required_anti.is_empty()
            && self.preferred.is_empty()
            && self.preferred_anti.is_empty()
    }
}

impl PodTerm {
    fn of(term: &PodAffinityTerm, weight: i64) -> Self {
        Self {
            selector: compile(term.label_selector.as_ref()),
            topology_key: term.topology_key.as_str().into(),
            weight,
            namespaces: term.namespaces.iter().flatten().map(|name| name.as_str().into()).collect(),
            namespace_selector: term.namespace_selector.as_ref().map(|selector| {
                LabelSelector::compile(Some(selector)).unwrap_or_else(|_| LabelSelector::nothing())
            }),
        }
    }

    /// Whether it is about pods in a namespace with these labels, when a pod in `own` says it.
    pub fn admits_namespace(&self, own: &str, namespace: &str, labels: &TextMap) -> bool {
        if self.namespaces.is_empty() && self.namespace_selector.is_none() {
            return own == namespace;
        }
        self.namespaces.iter().any(|name| &**name == namespace)
            || self
                .namespace_selector
                .as_ref()
                .is_some_and(|selector| selector.matches(|key| labels.get(key)))
    }
}

/// A selector that cannot be compiled selects nothing.
pub(super) fn compile(
    source: Option<&k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector>,
) -> Arc<LabelSelector> {
    Arc::new(LabelSelector::compile(source).unwrap_or_else(|_| LabelSelector::nothing()))
}
