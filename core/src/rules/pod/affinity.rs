//! Validation of affinity to nodes and to other pods.

use k8s_openapi::api::core::v1::{
    Affinity, NodeAffinity, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, PodAffinityTerm,
    PodSpec, WeightedPodAffinityTerm,
};

use super::options::Options;
use super::spread;
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::rules::absent::items;
use crate::rules::checks;
use crate::rules::labels::{self, SelectorValues};

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

/// Checks all of a pod's affinity.
pub(super) fn validate(affinity: &Affinity, options: &Options, path: &Path<'_>, errors: &mut FieldErrors) {
    if let Some(nodes) = &affinity.node_affinity {
        validate_nodes(nodes, options.node_affinity_values, &path.child("nodeAffinity"), errors);
    }
    let empty = Default::default();
    let near = affinity.pod_affinity.as_ref().map_or((&empty, &None), |pods| {
        (
            &pods.required_during_scheduling_ignored_during_execution,
            &pods.preferred_during_scheduling_ignored_during_execution,
        )
    });
    let far = affinity.pod_anti_affinity.as_ref().map_or((&empty, &None), |pods| {
        (
            &pods.required_during_scheduling_ignored_during_execution,
            &pods.preferred_during_scheduling_ignored_during_execution,
        )
    });
    for (field, (required, preferred)) in [("podAffinity", near), ("podAntiAffinity", far)] {
        let path = path.child(field);
        let (required_path, preferred_path) = (path.child(REQUIRED), path.child(PREFERRED));
        for (index, term) in items(required).iter().enumerate() {
            validate_pods(term, options.affinity_values, &required_path.index(index), errors);
        }
        for (index, WeightedPodAffinityTerm { weight, pod_affinity_term }) in
            items(preferred).iter().enumerate()
        {
            let path = preferred_path.index(index);
            validate_weight(*weight, &path, errors);
            let values = options.affinity_values;
            validate_pods(pod_affinity_term, values, &path.child("podAffinityTerm"), errors);
        }
    }
}

fn validate_weight(weight: i32, path: &Path<'_>, errors: &mut FieldErrors) {
    if !(1..=100).contains(&weight) {
        errors.push(FieldError::invalid(&path.child("weight"), &weight, "must be in the range 1-100"));
    }
}

fn validate_nodes(nodes: &NodeAffinity, values: SelectorValues, path: &Path<'_>, errors: &mut FieldErrors) {
    if let Some(selector) = &nodes.required_during_scheduling_ignored_during_execution {
        validate_node_selector(selector, values, &path.child(REQUIRED), errors);
    }
    let path = path.child(PREFERRED);
    let preferred = items(&nodes.preferred_during_scheduling_ignored_during_execution);
    for (index, term) in preferred.iter().enumerate() {
        let path = path.index(index);
        validate_weight(term.weight, &path, errors);
        validate_term(&term.preference, SelectorValues::Lenient, &path.child("preference"), errors);
    }
}

/// Checks which nodes a pod or a volume may be on.
pub(crate) fn validate_node_selector(
    selector: &NodeSelector,
    values: SelectorValues,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let path = path.child("nodeSelectorTerms");
    if selector.node_selector_terms.is_empty() {
        errors.push(FieldError::required(&path, "must have at least one node selector term"));
    }
    for (index, term) in selector.node_selector_terms.iter().enumerate() {
        validate_term(term, values, &path.index(index), errors);
    }
}

fn validate_term(term: &NodeSelectorTerm, values: SelectorValues, path: &Path<'_>, errors: &mut FieldErrors) {
    let (expressions, fields) = (path.child("matchExpressions"), path.child("matchFields"));
    for (index, requirement) in items(&term.match_expressions).iter().enumerate() {
        validate_requirement(requirement, values, &expressions.index(index), errors);
    }
    for (index, requirement) in items(&term.match_fields).iter().enumerate() {
        validate_field(requirement, &fields.index(index), errors);
    }
}

fn validate_requirement(
    requirement: &NodeSelectorRequirement,
    strictness: SelectorValues,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let values = items(&requirement.values);
    let values_path = path.child("values");
    match requirement.operator.as_str() {
        "In" | "NotIn" if values.is_empty() => {
            let why = "must be specified when `operator` is 'In' or 'NotIn'";
            errors.push(FieldError::required(&values_path, why));
        }
        "Exists" | "DoesNotExist" if !values.is_empty() => {
            let why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
            errors.push(FieldError::forbidden(&values_path, why));
        }
        "Gt" | "Lt" if values.len() != 1 => {
            let why = "must be specified single value when `operator` is 'Lt' or 'Gt'";
            errors.push(FieldError::required(&values_path, why));
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => {}
        operator => {
            let path = path.child("operator");
            errors.push(FieldError::invalid(&path, operator, "not a valid selector operator"));
        }
    }
    checks::qualified_name(&requirement.key, &path.child("key"), errors);
    if strictness == SelectorValues::Strict {
        for (index, value) in values.iter().enumerate() {
            checks::faults(value, names::label_value(value), &values_path.index(index), errors);
        }
    }
}

/// A requirement on a field of the node, of which there is only the name.
fn validate_field(requirement: &NodeSelectorRequirement, path: &Path<'_>, errors: &mut FieldErrors) {
    let values = items(&requirement.values);
    let values_path = path.child("values");
    match requirement.operator.as_str() {
        "In" | "NotIn" if values.len() != 1 => {
            let why = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
            errors.push(FieldError::required(&values_path, why));
        }
        "In" | "NotIn" => {}
        operator => {
            let path = path.child("operator");
            errors.push(FieldError::invalid(&path, operator, "not a valid selector operator"));
        }
    }
    if requirement.key == "metadata.name" {
        for (index, value) in values.iter().enumerate() {
            checks::dns_subdomain(value, &values_path.index(index), errors);
        }
    } else {
        let why = "not a valid field selector key";
        errors.push(FieldError::invalid(&path.child("key"), &requirement.key, why));
    }
}

fn validate_pods(term: &PodAffinityTerm, values: SelectorValues, path: &Path<'_>, errors: &mut FieldErrors) {
    labels::validate_selector(term.label_selector.as_ref(), values, &path.child("labelSelector"), errors);
    let namespaces = term.namespace_selector.as_ref();
    labels::validate_selector(namespaces, values, &path.child("namespaceSelector"), errors);
    for namespace in items(&term.namespaces) {
        checks::dns_label(namespace, &path.child("namespace"), errors);
    }
    let (keys, mismatching) = (items(&term.match_label_keys), items(&term.mismatch_label_keys));
    spread::validate_label_keys(keys, mismatching, term.label_selector.as_ref(), path, errors);
    let path = path.child("topologyKey");
    if term.topology_key.is_empty() {
        errors.push(FieldError::required(&path, "can not be empty"));
    }
    checks::qualified_name(&term.topology_key, &path, errors);
}

/// Every term of affinity and anti-affinity to pods.
pub(super) fn pod_terms(affinity: &Affinity) -> impl Iterator<Item = &PodAffinityTerm> {
    let near = affinity.pod_affinity.iter().flat_map(|pods| {
        let preferred = items(&pods.preferred_during_scheduling_ignored_during_execution);
        let required = items(&pods.required_during_scheduling_ignored_during_execution);
        required.iter().chain(preferred.iter().map(|term| &term.pod_affinity_term))
    });
    let far = affinity.pod_anti_affinity.iter().flat_map(|pods| {
        let preferred = items(&pods.preferred_during_scheduling_ignored_during_execution);
        let required = items(&pods.required_during_scheduling_ignored_during_execution);
        required.iter().chain(preferred.iter().map(|term| &term.pod_affinity_term))
    });
    near.chain(far)
}

/// The terms of required node affinity.
pub(super) fn required_node_terms(spec: &PodSpec) -> &[NodeSelectorTerm] {
    spec.affinity
        .as_ref()
        .and_then(|affinity| affinity.node_affinity.as_ref())
        .and_then(|nodes| nodes.required_during_scheduling_ignored_during_execution.as_ref())
        .map_or(&[], |selector| &selector.node_selector_terms)
}

/// Whether required node affinity names a value that no label can have.
pub(super) fn has_impossible_node_value(spec: &PodSpec) -> bool {
    required_node_terms(spec)
        .iter()
        .flat_map(|term| items(&term.match_expressions))
        .flat_map(|requirement| items(&requirement.values))
        .any(|value| !names::label_value(value).is_empty())
}
