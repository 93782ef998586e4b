//! Validation of autoscalers.

use k8s_openapi::api::autoscaling::v2::{
    CrossVersionObjectReference, HPAScalingPolicy, HPAScalingRules, HorizontalPodAutoscalerSpec,
    HorizontalPodAutoscalerStatus,
};

use super::metrics;
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::object::Meta;
use crate::quantity::Quantity;
use crate::rules::absent::{items, number};
use crate::rules::checks;
use crate::rules::object_meta::{self, Scope};

/// The longest period of a policy, in seconds.
const PERIOD_SECONDS_MAX: i32 = 1800;
/// The longest look back, in seconds.
const WINDOW_SECONDS_MAX: i32 = 3600;

/// Nothing was scaled yet.
pub fn prepare_create(_meta: &Meta) -> HorizontalPodAutoscalerStatus {
    HorizontalPodAutoscalerStatus::default()
}

/// All that is wrong with a new autoscaler.
pub fn validate_create(meta: &Meta, spec: &HorizontalPodAutoscalerSpec) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check(meta, Scope::Namespaced, names::dns1123_subdomain, &mut errors);
    validate(spec, 1, &mut errors);
    errors
}

/// All that is wrong with a changed autoscaler. One that may scale to nothing may go on to.
pub fn validate_update(
    new_meta: &Meta,
    new: &HorizontalPodAutoscalerSpec,
    old_meta: &Meta,
    old: &HorizontalPodAutoscalerSpec,
) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check_update(new_meta, old_meta, &mut errors);
    validate(new, if old.min_replicas == Some(0) { 0 } else { 1 }, &mut errors);
    errors
}

/// All that is wrong with a written status.
pub fn validate_status_update(
    new_meta: &Meta,
    status: &HorizontalPodAutoscalerStatus,
    old_meta: &Meta,
    _old: &HorizontalPodAutoscalerStatus,
) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check_update(new_meta, old_meta, &mut errors);
    let path = Path::new("status");
    checks::non_negative(number(status.current_replicas), &path.child("currentReplicas"), &mut errors);
    checks::non_negative(status.desired_replicas, &path.child("desiredReplicas"), &mut errors);
    errors
}

fn validate(spec: &HorizontalPodAutoscalerSpec, lowest: i32, errors: &mut FieldErrors) {
    let path = Path::new("spec");
    if let Some(min) = spec.min_replicas.filter(|min| *min < lowest) {
        let why = format!("must be greater than or equal to {lowest}");
        errors.push(FieldError::invalid(&path.child("minReplicas"), &min, why));
    }
    let (max, max_path) = (spec.max_replicas, path.child("maxReplicas"));
    if max < 1 {
        errors.push(FieldError::invalid(&max_path, &max, "must be greater than 0"));
    }
    if spec.min_replicas.is_some_and(|min| max < min) {
        let why = "must be greater than or equal to `minReplicas`";
        errors.push(FieldError::invalid(&max_path, &max, why));
    }
    validate_reference(&spec.scale_target_ref, &path.child("scaleTargetRef"), errors);
    metrics::validate(items(&spec.metrics), spec.min_replicas, &path.child("metrics"), errors);
    if let Some(behavior) = &spec.behavior {
        let path = path.child("behavior");
        validate_rules(behavior.scale_up.as_ref(), &path.child("scaleUp"), errors);
        validate_rules(behavior.scale_down.as_ref(), &path.child("scaleDown"), errors);
    }
}

pub(super) fn validate_reference(
    reference: &CrossVersionObjectReference,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    for (field, value) in [("kind", &reference.kind), ("name", &reference.name)] {
        let path = path.child(field);
        if value.is_empty() {
            errors.push(FieldError::required(&path, ""));
        } else {
            checks::faults(value, names::path_segment(value), &path, errors);
        }
    }
}

fn validate_rules(rules: Option<&HPAScalingRules>, path: &Path<'_>, errors: &mut FieldErrors) {
    let Some(rules) = rules else { return };
    let window_path = path.child("stabilizationWindowSeconds");
    if let Some(window) = rules.stabilization_window_seconds {
        if window < 0 {
            let why = "must be greater than or equal to zero";
            errors.push(FieldError::invalid(&window_path, &window, why));
        }
        if window > WINDOW_SECONDS_MAX {
            let why = format!("must be less than or equal to {WINDOW_SECONDS_MAX}");
            errors.push(FieldError::invalid(&window_path, &window, why));
        }
    }
    if let Some(select) = &rules.select_policy {
        checks::one_of(select, &["Disabled", "Max", "Min"], &path.child("selectPolicy"), errors);
    }
    let (policies, policies_path) = (items(&rules.policies), path.child("policies"));
    if policies.is_empty() {
        errors.push(FieldError::required(&policies_path, "must specify at least one Policy"));
    }
    for (index, policy) in policies.iter().enumerate() {
        validate_policy(policy, &policies_path.index(index), errors);
    }
    let tolerance = rules.tolerance.as_ref().and_then(|tolerance| Quantity::try_from(tolerance).ok());
    if let Some(tolerance) = tolerance.filter(Quantity::is_negative) {
        let path = path.child("tolerance");
        let why = "must be greater than or equal to 0";
        errors.push(FieldError::invalid(&path, &tolerance.to_string(), why));
    }
}

fn validate_policy(policy: &HPAScalingPolicy, path: &Path<'_>, errors: &mut FieldErrors) {
    checks::one_of(&policy.type_, &["Percent", "Pods"], &path.child("type"), errors);
    checks::positive(policy.value, &path.child("value"), errors);
    let period_path = path.child("periodSeconds");
    checks::positive(policy.period_seconds, &period_path, errors);
    if policy.period_seconds > PERIOD_SECONDS_MAX {
        let why = format!("must be less than or equal to {PERIOD_SECONDS_MAX}");
        errors.push(FieldError::invalid(&period_path, &policy.period_seconds, why));
    }
}
