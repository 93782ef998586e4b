//! Validation of topology spread constraints, and of label keys in place of selectors.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{PodSpec, TopologySpreadConstraint};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::options::Options;
use crate::field::{FieldError, FieldErrors, Path};
use crate::rules::absent::items;
use crate::rules::checks;
use crate::rules::labels::{self, SelectorValues};

/// Checks all constraints of a pod.
pub(super) fn validate(
    constraints: &[TopologySpreadConstraint],
    options: &Options,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    for (index, constraint) in constraints.iter().enumerate() {
        let item = path.index(index);
        validate_fields(constraint, &item, errors);
        let (topology, action) = (&constraint.topology_key, &constraint.when_unsatisfiable);
        let is_repeated = constraints[index + 1..]
            .iter()
            .any(|other| other.topology_key == *topology && other.when_unsatisfiable == *action);
        if is_repeated {
            let path = item.child("{topologyKey, whenUnsatisfiable}");
            errors.push(FieldError::duplicate(&path, &format!("{{{topology}, {action}}}")));
        }
        validate_domains(constraint, &item, errors);
        let policies = [
            ("nodeAffinityPolicy", &constraint.node_affinity_policy),
            ("nodeTaintsPolicy", &constraint.node_taints_policy),
        ];
        for (field, policy) in policies {
            if let Some(policy) = policy {
                checks::one_of(policy, &["Honor", "Ignore"], &item.child(field), errors);
            }
        }
        let (keys, selector) = (items(&constraint.match_label_keys), constraint.label_selector.as_ref());
        if options.keeps_spread_keys {
            validate_unmerged_keys(keys, selector, &item.child("matchLabelKeys"), errors);
        } else {
            validate_label_keys(keys, &[], selector, &item, errors);
        }
        if !options.keeps_spread_selectors {
            let path = item.child("labelSelector");
            labels::validate_selector(selector, SelectorValues::Strict, &path, errors);
        }
    }
}

fn validate_fields(constraint: &TopologySpreadConstraint, path: &Path<'_>, errors: &mut FieldErrors) {
    checks::positive(constraint.max_skew, &path.child("maxSkew"), errors);
    if constraint.topology_key.is_empty() {
        errors.push(FieldError::required(&path.child("topologyKey"), "can not be empty"));
    }
    let path = path.child("whenUnsatisfiable");
    checks::one_of(&constraint.when_unsatisfiable, &["DoNotSchedule", "ScheduleAnyway"], &path, errors);
}

fn validate_domains(constraint: &TopologySpreadConstraint, path: &Path<'_>, errors: &mut FieldErrors) {
    let Some(domains) = constraint.min_domains else { return };
    let path = path.child("minDomains");
    checks::positive(domains, &path, errors);
    let action = &constraint.when_unsatisfiable;
    if action != "DoNotSchedule" {
        let why = format!("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}");
        errors.push(FieldError::invalid(&path, &domains, why));
    }
}

/// Checks label keys whose values in the pod become requirements of the selector.
pub(super) fn validate_label_keys(
    keys: &[String],
    mismatching: &[String],
    selector: Option<&LabelSelector>,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let keys_path = path.child("matchLabelKeys");
    validate_keys(keys, selector, &keys_path, errors);
    validate_keys(mismatching, selector, &path.child("mismatchLabelKeys"), errors);
    if let Some(selector) = selector {
        let mut seen: BTreeSet<&str> =
            selector.match_labels.iter().flatten().map(|(key, _)| &**key).collect();
        for requirement in items(&selector.match_expressions) {
            let key = requirement.key.as_str();
            let index = keys.iter().rposition(|candidate| candidate == key);
            if let Some(index) = index.filter(|_| seen.contains(key)) {
                let why = "exists in both matchLabelKeys and labelSelector";
                errors.push(FieldError::invalid(&path.index(index), key, why));
            }
            seen.insert(key);
        }
    }
    for (index, key) in keys.iter().enumerate().filter(|(_, key)| mismatching.contains(key)) {
        let why = "exists in both matchLabelKeys and mismatchLabelKeys";
        errors.push(FieldError::invalid(&keys_path.index(index), key, why));
    }
}

fn validate_keys(
    keys: &[String],
    selector: Option<&LabelSelector>,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    if keys.is_empty() {
        return;
    }
    if selector.is_none() {
        let why = "must not be specified when labelSelector is not set";
        return errors.push(FieldError::forbidden(path, why));
    }
    for (index, key) in keys.iter().enumerate() {
        checks::qualified_name(key, &path.index(index), errors);
    }
}

/// The older rule, for keys that were stored before they became part of the selector.
fn validate_unmerged_keys(
    keys: &[String],
    selector: Option<&LabelSelector>,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    if !keys.is_empty() && selector.is_none() {
        let why = "must not be specified when labelSelector is not set";
        errors.push(FieldError::forbidden(path, why));
    }
    let is_selected = |key: &String| {
        selector.is_some_and(|selector| {
            selector.match_labels.as_ref().is_some_and(|labels| labels.contains_key(key))
                || items(&selector.match_expressions).iter().any(|requirement| requirement.key == *key)
        })
    };
    for (index, key) in keys.iter().enumerate() {
        checks::qualified_name(key, &path.index(index), errors);
        if is_selected(key) {
            let why = "exists in both matchLabelKeys and labelSelector";
            errors.push(FieldError::invalid(&path.index(index), key, why));
        }
    }
}

/// Whether a constraint has a selector that new ones could not have.
pub(super) fn has_invalid_selector(spec: &PodSpec) -> bool {
    let mut errors = FieldErrors::new();
    for constraint in items(&spec.topology_spread_constraints) {
        let selector = constraint.label_selector.as_ref();
        labels::validate_selector(selector, SelectorValues::Strict, &Path::ROOT, &mut errors);
    }
    !errors.is_empty()
}

/// Whether a constraint has label keys that new ones could not have.
pub(super) fn has_contradicting_keys(spec: &PodSpec) -> bool {
    let mut errors = FieldErrors::new();
    for constraint in items(&spec.topology_spread_constraints) {
        let keys = items(&constraint.match_label_keys);
        validate_label_keys(keys, &[], constraint.label_selector.as_ref(), &Path::ROOT, &mut errors);
    }
    !errors.is_empty()
}
