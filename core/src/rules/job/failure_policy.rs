//! Validation of what the failure of a pod means (JOB-07).

use std::collections::BTreeSet;

use k8s_openapi::api::batch::v1::{
    JobSpec, PodFailurePolicy, PodFailurePolicyOnExitCodesRequirement,
    PodFailurePolicyOnPodConditionsPattern, PodFailurePolicyRule,
};

use crate::field::{FieldError, FieldErrors, Path};
use crate::rules::absent::{items, text};
use crate::rules::checks;

const RULES_MAX: usize = 20;
const EXIT_CODES_MAX: usize = 255;
const PATTERNS_MAX: usize = 20;

const ACTIONS: [&str; 4] = ["Count", "FailIndex", "FailJob", "Ignore"];
const OPERATORS: [&str; 2] = ["In", "NotIn"];
const STATUSES: [&str; 3] = ["False", "True", "Unknown"];

pub(super) fn validate(policy: &PodFailurePolicy, spec: &JobSpec, path: &Path<'_>, errors: &mut FieldErrors) {
    let path = path.child("rules");
    at_most(policy.rules.len(), RULES_MAX, &path, errors);
    let pod = spec.template.spec.as_ref();
    let containers = pod.into_iter().flat_map(|pod| pod.containers.iter().chain(items(&pod.init_containers)));
    let names: BTreeSet<&str> = containers.map(|container| container.name.as_str()).collect();
    for (index, rule) in policy.rules.iter().enumerate() {
        validate_rule(rule, spec, &names, &path.index(index), errors);
    }
}

fn validate_rule(
    rule: &PodFailurePolicyRule,
    spec: &JobSpec,
    containers: &BTreeSet<&str>,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let action_path = path.child("action");
    if rule.action == "FailIndex" {
        if spec.backoff_limit_per_index.is_none() {
            let why = "requires the backoffLimitPerIndex to be set";
            errors.push(FieldError::invalid(&action_path, &rule.action, why));
        }
    } else {
        one_of(&rule.action, &ACTIONS, &action_path, errors);
    }
    let patterns = items(&rule.on_pod_conditions);
    if let Some(codes) = &rule.on_exit_codes {
        validate_exit_codes(codes, containers, &path.child("onExitCodes"), errors);
    }
    if !patterns.is_empty() {
        validate_patterns(patterns, &path.child("onPodConditions"), errors);
    }
    match (&rule.on_exit_codes, patterns) {
        (Some(_), [_, ..]) => {
            let why = "specifying both OnExitCodes and OnPodConditions is not supported";
            errors.push(checks::contradiction(path, why));
        }
        (None, []) => {
            let why = "specifying one of OnExitCodes and OnPodConditions is required";
            errors.push(checks::contradiction(path, why));
        }
        _ => {}
    }
}

fn validate_patterns(
    patterns: &[PodFailurePolicyOnPodConditionsPattern],
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    at_most(patterns.len(), PATTERNS_MAX, path, errors);
    for (index, pattern) in patterns.iter().enumerate() {
        let path = path.index(index);
        checks::qualified_name(&pattern.type_, &path.child("type"), errors);
        one_of(text(&pattern.status), &STATUSES, &path.child("status"), errors);
    }
}

fn validate_exit_codes(
    codes: &PodFailurePolicyOnExitCodesRequirement,
    containers: &BTreeSet<&str>,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    one_of(&codes.operator, &OPERATORS, &path.child("operator"), errors);
    if let Some(name) = codes.container_name.as_deref().filter(|name| !containers.contains(name)) {
        let why = "must be one of the container or initContainer names in the pod template";
        errors.push(FieldError::invalid(&path.child("containerName"), name, why));
    }
    let path = path.child("values");
    let values = &codes.values;
    if values.is_empty() {
        errors.push(FieldError::invalid(&path, values, "at least one value is required"));
    }
    at_most(values.len(), EXIT_CODES_MAX, &path, errors);
    let mut seen = BTreeSet::new();
    for (index, value) in values.iter().enumerate() {
        let path = path.index(index);
        if codes.operator == "In" && *value == 0 {
            errors.push(FieldError::invalid(&path, value, "must not be 0 for the In operator"));
        }
        if !seen.insert(value) {
            errors.push(FieldError::duplicate(&path, value));
        }
    }
    if !values.is_sorted() {
        errors.push(FieldError::invalid(&path, values, "must be ordered"));
    }
}

fn at_most(count: usize, count_max: usize, path: &Path<'_>, errors: &mut FieldErrors) {
    if count > count_max {
        errors.push(FieldError::too_many(path, count, count_max));
    }
}

/// One of the words, which are listed if there is none.
fn one_of(value: &str, supported: &[&str], path: &Path<'_>, errors: &mut FieldErrors) {
    if value.is_empty() {
        let words: Vec<String> = supported.iter().map(|word| format!("{word:?}")).collect();
        errors.push(FieldError::required(path, format!("valid values: [{}]", words.join(" "))));
    } else {
        checks::one_of(value, supported, path, errors);
    }
}
