//! ReplicaSets (RS-01, RS-02).

use k8s_openapi::api::apps::v1::{ReplicaSetSpec, ReplicaSetStatus};
use k8s_openapi::api::core::v1::PodTemplateSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::absent::number;
use super::labels::{self, SelectorValues};
use super::normal_form::{self, NormalForm, Spelling};
use super::object_meta::{self, Scope};
use super::{checks, internal_form, pod};
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::object::Meta;

/// Fills in what was not given (ADM-02, RS-01).
pub fn default(spec: &mut ReplicaSetSpec) {
    spec.normalize(Spelling::Canonical);
    pod::default_template(spec.template.get_or_insert_default());
    spec.replicas.get_or_insert(1);
}

/// Brings a status into its normal form.
pub fn default_status(status: &mut ReplicaSetStatus) {
    status.normalize(Spelling::Canonical);
}

/// The status of a new ReplicaSet: nothing was observed yet.
pub fn prepare_create() -> ReplicaSetStatus {
    ReplicaSetStatus::default()
}

/// Whether a change counts: of the spec, but not of the annotations (RS-02).
pub fn is_new_generation(new: &ReplicaSetSpec, old: &ReplicaSetSpec) -> bool {
    !normal_form::same(new, old)
}

/// All that is wrong with a new ReplicaSet (RS-01).
pub fn validate_create(meta: &Meta, spec: &ReplicaSetSpec) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check(meta, Scope::Namespaced, names::dns1123_subdomain, &mut errors);
    validate_spec(spec, None, &mut errors);
    errors
}

/// All that is wrong with a changed ReplicaSet (RS-02).
pub fn validate_update(
    new_meta: &Meta,
    new: &ReplicaSetSpec,
    old_meta: &Meta,
    old: &ReplicaSetSpec,
) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check_update(new_meta, old_meta, &mut errors);
    validate_spec(new, Some(old), &mut errors);
    validate_selector_update(&new.selector, &old.selector, &mut errors);
    errors
}

fn validate_spec(spec: &ReplicaSetSpec, old: Option<&ReplicaSetSpec>, errors: &mut FieldErrors) {
    let path = Path::new("spec");
    checks::non_negative(number(spec.replicas), &path.child("replicas"), errors);
    checks::non_negative(number(spec.min_ready_seconds), &path.child("minReadySeconds"), errors);
    if validate_selector(&spec.selector, &path.child("selector"), errors) {
        let no_template = PodTemplateSpec::default();
        let template = spec.template.as_ref().unwrap_or(&no_template);
        let old = old.and_then(|old| old.template.as_ref());
        pod::validate_for_replicas(template, old, &spec.selector, &path.child("template"), errors);
    }
}

/// Checks a controller's selector, which must be there (ADM-07); whether it can be compared with labels.
pub(crate) fn validate_selector(selector: &LabelSelector, path: &Path<'_>, errors: &mut FieldErrors) -> bool {
    if labels::is_empty(selector) {
        errors.push(FieldError::required(path, ""));
        return true;
    }
    let errors_before = errors.len();
    labels::validate_selector(Some(selector), SelectorValues::Strict, path, errors);
    if errors.len() == errors_before {
        return true;
    }
    errors.push(internal_form::invalid(path, "LabelSelector", selector, "invalid label selector"));
    false
}

/// A controller's selector is fixed (ADM-07).
pub(crate) fn validate_selector_update(new: &LabelSelector, old: &LabelSelector, errors: &mut FieldErrors) {
    if new != old {
        let path = Path::new("spec");
        let path = path.child("selector");
        errors.push(internal_form::invalid(&path, "LabelSelector", new, checks::IMMUTABLE));
    }
}

/// All that is wrong with a written status (SUB-03).
pub fn validate_status_update(new_meta: &Meta, new: &ReplicaSetStatus, old_meta: &Meta) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check_update(new_meta, old_meta, &mut errors);
    Counts {
        replicas: new.replicas,
        labeled: number(new.fully_labeled_replicas),
        ready: number(new.ready_replicas),
        available: number(new.available_replicas),
        observed_generation: number(new.observed_generation),
        terminating: number(new.terminating_replicas),
    }
    .check(&mut errors);
    errors
}

/// What the status of somebody who keeps pods in number counts; what is not said counts as nothing.
pub(super) struct Counts {
    pub(super) replicas: i32,
    pub(super) labeled: i32,
    pub(super) ready: i32,
    pub(super) available: i32,
    pub(super) observed_generation: i64,
    pub(super) terminating: i32,
}

impl Counts {
    /// Nothing is less than nothing, and no part is more than the whole.
    pub(super) fn check(&self, errors: &mut FieldErrors) {
        let path = Path::new("status");
        let counts = [
            ("replicas", i64::from(self.replicas)),
            ("fullyLabeledReplicas", self.labeled.into()),
            ("readyReplicas", self.ready.into()),
            ("availableReplicas", self.available.into()),
            ("observedGeneration", self.observed_generation),
            ("terminatingReplicas", self.terminating.into()),
        ];
        for (field, count) in counts {
            checks::non_negative(count, &path.child(field), errors);
        }
        let parts = [
            ("fullyLabeledReplicas", self.labeled),
            ("readyReplicas", self.ready),
            ("availableReplicas", self.available),
        ];
        validate_parts(self.replicas, &parts, self.ready, &path, errors);
    }
}

/// Some of the replicas are not more than all, and of the available ones none is not ready. The last part is
/// that of the available ones.
pub(crate) fn validate_parts(
    replicas: i32,
    parts: &[(&str, i32)],
    ready: i32,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    for (field, count) in parts.iter().filter(|(_, count)| *count > replicas) {
        let why = "cannot be greater than status.replicas";
        errors.push(FieldError::invalid(&path.child(field), count, why));
    }
    if let Some((field, available)) = parts.last().filter(|(_, available)| *available > ready) {
        let why = "cannot be greater than readyReplicas";
        errors.push(FieldError::invalid(&path.child(field), available, why));
    }
}

/// Warnings about a new ReplicaSet (RS-01).
pub fn create_warnings(meta: &Meta, spec: &ReplicaSetSpec) -> Vec<String> {
    let mut warnings = Vec::new();
    warnings.extend(object_meta::host_name_warning(&meta.name, "Pod names and hostnames"));
    warnings.extend(update_warnings(spec));
    warnings
}

/// Warnings about a ReplicaSet that has a new generation.
pub fn update_warnings(spec: &ReplicaSetSpec) -> Vec<String> {
    let path = Path::new("spec");
    let template = spec.template.as_ref();
    template.map(|template| pod::template_warnings(template, &path.child("template"))).unwrap_or_default()
}

#[cfg(test)]
mod tests;
