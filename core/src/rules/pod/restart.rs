//! Validation of when containers are restarted, on their end and on resize.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{Container, ContainerResizePolicy, ContainerRestartRule, PodSpec};

use crate::field::{FieldError, FieldErrors, Path};
use crate::rules::absent::items;
use crate::rules::checks;

/// The most rules a container may have.
const RULES_MAX: usize = 20;

/// The most exit codes a rule may list.
const EXIT_CODES_MAX: usize = 255;

/// Checks a container's own restart policy and rules.
pub(super) fn validate(container: &Container, path: &Path<'_>, errors: &mut FieldErrors) {
    let rules = items(&container.restart_policy_rules);
    let policy_path = path.child("restartPolicy");
    match container.restart_policy.as_deref() {
        None if rules.is_empty() => return,
        None => {
            let why = "must specify restartPolicy when restart rules are used";
            errors.push(FieldError::required(&policy_path, why));
        }
        Some(policy) => checks::one_of(policy, &["Always", "Never", "OnFailure"], &policy_path, errors),
    }
    let rules_path = path.child("restartPolicyRules");
    if rules.len() > RULES_MAX {
        errors.push(FieldError::too_many(&rules_path, rules.len(), RULES_MAX));
    }
    for (index, rule) in rules.iter().enumerate() {
        validate_rule(rule, &rules_path.index(index), errors);
    }
}

fn validate_rule(rule: &ContainerRestartRule, path: &Path<'_>, errors: &mut FieldErrors) {
    checks::one_of(&rule.action, &["Restart", "RestartAllContainers"], &path.child("action"), errors);
    let path = path.child("exitCodes");
    let Some(exit_codes) = &rule.exit_codes else {
        return errors.push(FieldError::required(&path, "must be specified"));
    };
    checks::one_of(&exit_codes.operator, &["In", "NotIn"], &path.child("operator"), errors);
    let count = items(&exit_codes.values).len();
    if count > EXIT_CODES_MAX {
        errors.push(FieldError::too_many(&path.child("values"), count, EXIT_CODES_MAX));
    }
}

/// Checks which resources can be resized in place.
pub(super) fn validate_resize(
    policies: &[ContainerResizePolicy],
    pod_restart_policy: &str,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let mut seen = BTreeSet::new();
    for (index, policy) in policies.iter().enumerate() {
        if !seen.insert(&policy.resource_name) {
            errors.push(FieldError::duplicate(&path.index(index), &policy.resource_name));
        }
        checks::required_one_of(&policy.resource_name, &["cpu", "memory"], path, errors);
        checks::required_one_of(&policy.restart_policy, &["NotRequired", "RestartContainer"], path, errors);
        if pod_restart_policy == "Never" && policy.restart_policy != "NotRequired" {
            let why = "must be 'NotRequired' when pod `restartPolicy` is 'Never'";
            errors.push(FieldError::invalid(path, &policy.restart_policy, why));
        }
    }
}

/// Whether a container whose process ended is to be started again: by its own rules, its own policy, or else
/// the pod's (AGENT-08).
pub fn is_restarted(container: &Container, pod_policy: &str, exit_code: i32) -> bool {
    let Some(policy) = container.restart_policy.as_deref() else {
        return restarts_after(pod_policy, exit_code).unwrap_or(true);
    };
    let rule = items(&container.restart_policy_rules).iter().find(|rule| {
        rule.exit_codes.as_ref().is_some_and(|codes| {
            let is_listed = items(&codes.values).contains(&exit_code);
            match codes.operator.as_str() {
                "In" => is_listed,
                "NotIn" => !is_listed,
                _ => false,
            }
        })
    });
    rule.is_some_and(|rule| matches!(rule.action.as_str(), "Restart" | "RestartAllContainers"))
        || restarts_after(policy, exit_code).or_else(|| restarts_after(pod_policy, exit_code)).unwrap_or(true)
}

fn restarts_after(policy: &str, exit_code: i32) -> Option<bool> {
    match policy {
        "Always" => Some(true),
        "OnFailure" => Some(exit_code != 0),
        "Never" => Some(false),
        _ => None,
    }
}

/// Whether some container asks for all containers to be started again.
pub(super) fn can_restart_all(spec: &PodSpec) -> bool {
    let rules = |container: &Container| {
        items(&container.restart_policy_rules).iter().any(|rule| rule.action == "RestartAllContainers")
    };
    spec.containers.iter().chain(items(&spec.init_containers)).any(rules)
}
