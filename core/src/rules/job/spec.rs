//! Validation of a Job's spec, in upstream's order (JOB-05, JOB-06).

use k8s_openapi::api::batch::v1::JobSpec;

use super::{INDEXED, NON_INDEXED, failure_policy, selector, success_policy};
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::object::Meta;
use crate::rules::absent::text;
use crate::rules::labels::{self, SelectorValues};
use crate::rules::object_meta::{self, Scope};
use crate::rules::{checks, internal_form, pod};

/// The most pods of an indexed Job that may run at a time.
const PARALLELISM_MAX: i32 = 100_000;

/// The most indexes of a Job that may fail before it does.
const FAILED_INDEXES_MAX: i32 = 100_000;

/// Above so many completions the two limits below hold, if indexes have limits of their own.
const MANY_COMPLETIONS: i32 = 100_000;
const PARALLELISM_OF_MANY_MAX: i32 = 10_000;
const FAILED_INDEXES_OF_MANY_MAX: i32 = 10_000;

/// The longest name of a controller.
const MANAGED_BY_BYTES_MAX: usize = 63;

/// All that is wrong with a new Job.
pub fn validate_create(meta: &Meta, spec: &JobSpec) -> FieldErrors {
    let mut errors = FieldErrors::new();
    validate_whole(meta, spec, None, &mut errors);
    errors
}

/// What holds for a Job at any time.
pub(super) fn validate_whole(meta: &Meta, spec: &JobSpec, old: Option<&JobSpec>, errors: &mut FieldErrors) {
    object_meta::check(meta, Scope::Namespaced, names::dns1123_subdomain, errors);
    selector::validate_generated(meta, spec, old, errors);
    validate_spec(spec, old, errors);
    let Some(completions) = spec.completions.filter(|completions| *completions > 0) else { return };
    if text(&spec.completion_mode) == INDEXED {
        let last = format!("{}-{}", meta.name, completions - 1);
        if !names::dns1123_label(&last).is_empty() {
            let metadata = Path::new("metadata");
            let why = format!("will not able to create pod with invalid DNS label: {last}");
            errors.push(FieldError::invalid(&metadata.child("name"), &*meta.name, why));
        }
    }
}

/// The spec of a Job that has its selector.
pub(super) fn validate_spec(spec: &JobSpec, old: Option<&JobSpec>, errors: &mut FieldErrors) {
    let path = Path::new("spec");
    validate_any(spec, old, &path, errors);
    let selector_path = path.child("selector");
    let Some(selector) = &spec.selector else {
        return errors.push(FieldError::required(&selector_path, ""));
    };
    let keeps_values = old.is_some_and(|old| labels::has_impossible_value(old.selector.as_ref()));
    let values = if keeps_values { SelectorValues::Lenient } else { SelectorValues::Strict };
    let errors_before = errors.len();
    labels::validate_selector(Some(selector), values, &selector_path, errors);
    let template_labels = super::template_labels(spec);
    if errors.len() == errors_before && !labels::matches(selector, &template_labels.cloned()) {
        let path = path.child("template");
        let path = path.child("metadata");
        let why = "`selector` does not match template `labels`";
        errors.push(FieldError::invalid(&path.child("labels"), &template_labels, why));
    }
}

/// The spec of a Job or of one that is to be made, which has no selector yet.
pub(crate) fn validate_any(spec: &JobSpec, old: Option<&JobSpec>, path: &Path<'_>, errors: &mut FieldErrors) {
    validate_counts(spec, path, errors);
    if let Some(manager) = &spec.managed_by {
        let path = path.child("managedBy");
        checks::domain_prefixed_path(manager, &path, errors);
        if manager.len() > MANAGED_BY_BYTES_MAX {
            errors.push(FieldError::too_long(&path, MANAGED_BY_BYTES_MAX));
        }
    }
    let mode = spec.completion_mode.as_deref();
    if let Some(mode) = mode {
        checks::one_of(mode, &[NON_INDEXED, INDEXED], &path.child("completionMode"), errors);
    }
    if mode == Some(INDEXED) {
        validate_indexed(spec, path, errors);
    }
    if matches!(mode, None | Some(NON_INDEXED)) {
        let limits = [
            ("backoffLimitPerIndex", spec.backoff_limit_per_index),
            ("maxFailedIndexes", spec.max_failed_indexes),
        ];
        for (field, limit) in limits {
            if let Some(limit) = limit {
                let why = "requires indexed completion mode";
                errors.push(FieldError::invalid(&path.child(field), &limit, why));
            }
        }
    }
    validate_policies(spec, path, errors);
    let template_path = path.child("template");
    let old = old.map(|old| &old.template);
    pod::validate_template(&spec.template, old, &template_path, errors);
    validate_restart_policy(spec, &template_path, errors);
}

fn validate_counts(spec: &JobSpec, path: &Path<'_>, errors: &mut FieldErrors) {
    let counts = [
        ("parallelism", spec.parallelism.map(i64::from)),
        ("completions", spec.completions.map(i64::from)),
        ("activeDeadlineSeconds", spec.active_deadline_seconds),
        ("backoffLimit", spec.backoff_limit.map(i64::from)),
        ("ttlSecondsAfterFinished", spec.ttl_seconds_after_finished.map(i64::from)),
        ("backoffLimitPerIndex", spec.backoff_limit_per_index.map(i64::from)),
        ("maxFailedIndexes", spec.max_failed_indexes.map(i64::from)),
    ];
    for (field, count) in counts {
        if let Some(count) = count {
            checks::non_negative(count, &path.child(field), errors);
        }
    }
    if spec.max_failed_indexes.is_some() && spec.backoff_limit_per_index.is_none() {
        let why = "when maxFailedIndexes is specified";
        errors.push(FieldError::required(&path.child("backoffLimitPerIndex"), why));
    }
}

fn validate_indexed(spec: &JobSpec, path: &Path<'_>, errors: &mut FieldErrors) {
    let (parallelism, failed) = (spec.parallelism, spec.max_failed_indexes);
    let (parallelism_path, failed_path) = (path.child("parallelism"), path.child("maxFailedIndexes"));
    if spec.completions.is_none() {
        let why = format!("when completion mode is {INDEXED}");
        errors.push(FieldError::required(&path.child("completions"), why));
    }
    let behind = format!(" when completion mode is {INDEXED}");
    at_most(parallelism, PARALLELISM_MAX, &behind, &parallelism_path, errors);
    if let (Some(failed), Some(completions)) = (failed, spec.completions)
        && failed > completions
    {
        let why = "must be less than or equal to completions";
        errors.push(FieldError::invalid(&failed_path, &failed, why));
    }
    at_most(failed, FAILED_INDEXES_MAX, "", &failed_path, errors);
    let has_many = spec.completions.is_some_and(|completions| completions > MANY_COMPLETIONS);
    if !has_many || spec.backoff_limit_per_index.is_none() {
        return;
    }
    if failed.is_none() {
        let why = format!("must be specified when completions is above {MANY_COMPLETIONS}");
        errors.push(FieldError::required(&failed_path, why));
    }
    let behind =
        format!(" when completions are above {MANY_COMPLETIONS} and used with backoff limit per index");
    at_most(parallelism, PARALLELISM_OF_MANY_MAX, &behind, &parallelism_path, errors);
    at_most(failed, FAILED_INDEXES_OF_MANY_MAX, &behind, &failed_path, errors);
}

fn at_most(count: Option<i32>, limit: i32, behind: &str, path: &Path<'_>, errors: &mut FieldErrors) {
    if let Some(count) = count.filter(|count| *count > limit) {
        let why = format!("must be less than or equal to {limit}{behind}");
        errors.push(FieldError::invalid(path, &count, why));
    }
}

fn validate_policies(spec: &JobSpec, path: &Path<'_>, errors: &mut FieldErrors) {
    if let Some(policy) = &spec.pod_failure_policy {
        failure_policy::validate(policy, spec, &path.child("podFailurePolicy"), errors);
    }
    if let Some(policy) = &spec.success_policy {
        let path = path.child("successPolicy");
        if text(&spec.completion_mode) != INDEXED {
            let why = "requires indexed completion mode";
            errors.push(internal_form::invalid(&path, "SuccessPolicy", policy, why));
        } else if let Some(completions) = spec.completions {
            success_policy::validate(policy, completions, &path, errors);
        }
    }
    if let Some(policy) = &spec.pod_replacement_policy {
        let has_failure_policy = spec.pod_failure_policy.is_some();
        let supported: &[&str] =
            if has_failure_policy { &["Failed"] } else { &["Failed", "TerminatingOrFailed"] };
        checks::one_of(policy, supported, &path.child("podReplacementPolicy"), errors);
    }
}

/// Pods that are restarted for ever never complete.
fn validate_restart_policy(spec: &JobSpec, template_path: &Path<'_>, errors: &mut FieldErrors) {
    let path = template_path.child("spec");
    let path = path.child("restartPolicy");
    let policy = spec.template.spec.as_ref().map_or("", |pod| text(&pod.restart_policy));
    match policy {
        "" | "Always" => {
            errors.push(FieldError::required(&path, r#"valid values: "OnFailure", "Never""#));
        }
        "OnFailure" if spec.pod_failure_policy.is_some() => {
            let why = r#"only "Never" is supported when podFailurePolicy is specified"#;
            errors.push(FieldError::invalid(&path, policy, why));
        }
        _ => checks::one_of(policy, &["OnFailure", "Never"], &path, errors),
    }
}
