//! DaemonSets (DS-41, DS-42).

use k8s_openapi::api::apps::v1::{
    DaemonSetSpec, DaemonSetStatus, DaemonSetUpdateStrategy, RollingUpdateDaemonSet,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::absent::{number, text};
use super::labels::{self, SelectorValues};
use super::normal_form::{self, NormalForm, Spelling};
use super::object_meta::{self, Scope};
use super::{checks, deployment, internal_form, pod, replica_set};
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::object::Meta;

/// The annotation that counts the changes of the template.
pub const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

/// Fills in what was not given (ADM-02, DS-41).
pub fn default(spec: &mut DaemonSetSpec) {
    spec.normalize(Spelling::Canonical);
    pod::default_template(&mut spec.template);
    let strategy = spec.update_strategy.get_or_insert_default();
    let word = strategy.type_.get_or_insert_with(|| "RollingUpdate".to_owned());
    if word == "RollingUpdate" {
        let rolling = strategy.rolling_update.get_or_insert_default();
        rolling.max_unavailable.get_or_insert(IntOrString::Int(1));
        rolling.max_surge.get_or_insert(IntOrString::Int(0));
    }
    spec.revision_history_limit.get_or_insert(10);
}

/// Brings a status into its normal form.
pub fn default_status(status: &mut DaemonSetStatus) {
    status.normalize(Spelling::Canonical);
}

/// The status of a new DaemonSet: nothing was observed yet.
pub fn prepare_create() -> DaemonSetStatus {
    DaemonSetStatus::default()
}

/// The generation of the template that the annotation tells; 0 if it tells none.
pub fn template_generation(meta: &Meta) -> i64 {
    meta.annotations.get(TEMPLATE_GENERATION).and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// The generation of the template after a change, whatever the client says it is (DS-42).
pub fn next_template_generation(new: &DaemonSetSpec, old_meta: &Meta, old: &DaemonSetSpec) -> i64 {
    let generation = template_generation(old_meta);
    if normal_form::same(&new.template, &old.template) { generation } else { generation.saturating_add(1) }
}

/// Whether a change counts: of the spec, but not of the annotations (DS-42).
pub fn is_new_generation(new: &DaemonSetSpec, old: &DaemonSetSpec) -> bool {
    !normal_form::same(new, old)
}

/// All that is wrong with a new DaemonSet (DS-41).
pub fn validate_create(meta: &Meta, spec: &DaemonSetSpec) -> FieldErrors {
    let mut errors = FieldErrors::new();
    validate_whole(meta, spec, None, &mut errors);
    errors
}

/// All that is wrong with a changed DaemonSet. Upstream looks at the spec twice.
pub fn validate_update(
    new_meta: &Meta,
    new: &DaemonSetSpec,
    old_meta: &Meta,
    old: &DaemonSetSpec,
) -> FieldErrors {
    let mut errors = FieldErrors::new();
    validate_whole(new_meta, new, Some(old), &mut errors);
    object_meta::check_update(new_meta, old_meta, &mut errors);
    validate_spec(new, Some(old), &mut errors);
    replica_set::validate_selector_update(&new.selector, &old.selector, &mut errors);
    errors
}

fn validate_whole(meta: &Meta, spec: &DaemonSetSpec, old: Option<&DaemonSetSpec>, errors: &mut FieldErrors) {
    object_meta::check(meta, Scope::Namespaced, names::dns1123_subdomain, errors);
    let generation = template_generation(meta);
    validate_spec(spec, old, errors);
    checks::non_negative(generation, &Path::new("spec").child("templateGeneration"), errors);
}

fn validate_spec(spec: &DaemonSetSpec, old: Option<&DaemonSetSpec>, errors: &mut FieldErrors) {
    let path = Path::new("spec");
    let keeps_values = old.is_some_and(|old| labels::has_impossible_value(Some(&old.selector)));
    let values = if keeps_values { SelectorValues::Lenient } else { SelectorValues::Strict };
    let errors_before = errors.len();
    labels::validate_selector(Some(&spec.selector), values, &path.child("selector"), errors);
    let template_path = path.child("template");
    let template_labels = spec.template.metadata.as_ref().and_then(|meta| meta.labels.as_ref());
    // An empty selector is one that was left out, which matches nothing.
    let is_matched = !labels::is_empty(&spec.selector) && labels::matches(&spec.selector, &template_labels);
    if errors.len() == errors_before && !is_matched {
        let path = template_path.child("metadata");
        let why = "`selector` does not match template `labels`";
        errors.push(FieldError::invalid(&path.child("labels"), &template_labels, why));
    }
    pod::validate_template(&spec.template, old.map(|old| &old.template), &template_path, errors);
    pod::validate_runs_forever(&spec.template, "DaemonSet", &template_path, errors);
    checks::non_negative(number(spec.min_ready_seconds), &path.child("minReadySeconds"), errors);
    let none = DaemonSetUpdateStrategy::default();
    let strategy = spec.update_strategy.as_ref().unwrap_or(&none);
    validate_strategy(strategy, &path.child("updateStrategy"), errors);
    if let Some(limit) = spec.revision_history_limit {
        checks::non_negative(limit, &path.child("revisionHistoryLimit"), errors);
    }
}

fn validate_strategy(strategy: &DaemonSetUpdateStrategy, path: &Path<'_>, errors: &mut FieldErrors) {
    match (text(&strategy.type_), &strategy.rolling_update) {
        ("OnDelete", _) => {}
        ("RollingUpdate", Some(rolling)) => validate_rolling(rolling, &path.child("rollingUpdate"), errors),
        ("RollingUpdate", None) => errors.push(FieldError::required(&path.child("rollingUpdate"), "")),
        (other, _) => {
            let shown = internal_form::compact("DaemonSetUpdateStrategy", strategy);
            let error = FieldError::not_supported(path, other, &["RollingUpdate", "OnDelete"]);
            errors.push(FieldError { value: Some(shown), ..error });
        }
    }
}

/// Exactly one of the two is not zero.
fn validate_rolling(rolling: &RollingUpdateDaemonSet, path: &Path<'_>, errors: &mut FieldErrors) {
    let none = IntOrString::Int(0);
    let unavailable = rolling.max_unavailable.as_ref().unwrap_or(&none);
    let surge = rolling.max_surge.as_ref().unwrap_or(&none);
    let (unavailable_path, surge_path) = (path.child("maxUnavailable"), path.child("maxSurge"));
    deployment::validate_share(unavailable, &unavailable_path, errors);
    deployment::validate_share(surge, &surge_path, errors);
    deployment::validate_not_over_all(unavailable, &unavailable_path, errors);
    deployment::validate_not_over_all(surge, &surge_path, errors);
    match (deployment::is_zero(unavailable), deployment::is_zero(surge)) {
        (false, false) => {
            let why = "may not be set when maxUnavailable is non-zero";
            errors.push(FieldError::invalid(&surge_path, surge, why));
        }
        (true, true) => {
            let why = "cannot be 0 when maxSurge is 0";
            errors.push(FieldError::required(&unavailable_path, why));
        }
        _ => {}
    }
}

/// All that is wrong with a written status (DS-42, SUB-03).
pub fn validate_status_update(
    new_meta: &Meta,
    new: &DaemonSetStatus,
    old_meta: &Meta,
    old: &DaemonSetStatus,
) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check_update(new_meta, old_meta, &mut errors);
    let path = Path::new("status");
    let counts = [
        ("currentNumberScheduled", i64::from(new.current_number_scheduled)),
        ("numberMisscheduled", new.number_misscheduled.into()),
        ("desiredNumberScheduled", new.desired_number_scheduled.into()),
        ("numberReady", new.number_ready.into()),
        ("observedGeneration", number(new.observed_generation)),
        ("updatedNumberScheduled", number(new.updated_number_scheduled).into()),
        ("numberAvailable", number(new.number_available).into()),
        ("numberUnavailable", number(new.number_unavailable).into()),
        ("collisionCount", number(new.collision_count).into()),
    ];
    for (field, count) in counts {
        checks::non_negative(count, &path.child(field), &mut errors);
    }
    deployment::validate_collisions(new.collision_count, old.collision_count, &path, &mut errors);
    errors
}

/// Warnings about a new DaemonSet.
pub fn create_warnings(spec: &DaemonSetSpec) -> Vec<String> {
    update_warnings(spec)
}

/// Warnings about a DaemonSet that has a new generation.
pub fn update_warnings(spec: &DaemonSetSpec) -> Vec<String> {
    pod::template_warnings(&spec.template, &Path::new("spec").child("template"))
}

#[cfg(test)]
mod tests;
