//! What may change in a Job (JOB-09, JOB-10, ADM-10).

use k8s_openapi::api::batch::v1::{JobSpec, JobStatus};
use k8s_openapi::api::core::v1::{Affinity, Container, PodSpec, PodTemplateSpec};

use super::{INDEXED, spec};
use crate::field::{FieldError, FieldErrors, Path};
use crate::object::Meta;
use crate::rules::absent::{is_set, items, number, text};
use crate::rules::normal_form::{self, NormalForm, Spelling};
use crate::rules::{checks, internal_form, object_meta};

/// Whether a change counts: of the spec, but not of the annotations (JOB-04).
pub fn is_new_generation(new: &JobSpec, old: &JobSpec) -> bool {
    !normal_form::same(new, old)
}

/// All that is wrong with a changed Job, given the status it has. Upstream looks at the spec twice.
pub fn validate_update(
    new_meta: &Meta,
    new: &JobSpec,
    old_meta: &Meta,
    old: &JobSpec,
    status: &JobStatus,
) -> FieldErrors {
    let mut errors = FieldErrors::new();
    spec::validate_whole(new_meta, new, Some(old), &mut errors);
    object_meta::check_update(new_meta, old_meta, &mut errors);
    spec::validate_spec(new, Some(old), &mut errors);
    let path = Path::new("spec");
    validate_completions(new, old, &path.child("completions"), &mut errors);
    let (selector, old_selector) = (new.selector.as_ref(), old.selector.as_ref());
    let selector_path = path.child("selector");
    internal_form::check_immutable(selector, old_selector, "LabelSelector", &selector_path, &mut errors);
    validate_template(&new.template, old, status, &path, &mut errors);
    checks::immutable(&new.completion_mode, &old.completion_mode, &path.child("completionMode"), &mut errors);
    internal_form::check_immutable(
        new.pod_failure_policy.as_ref(),
        old.pod_failure_policy.as_ref(),
        "PodFailurePolicy",
        &path.child("podFailurePolicy"),
        &mut errors,
    );
    let limit_path = path.child("backoffLimitPerIndex");
    let (limit, old_limit) = (&new.backoff_limit_per_index, &old.backoff_limit_per_index);
    checks::immutable(limit, old_limit, &limit_path, &mut errors);
    checks::immutable(&new.managed_by, &old.managed_by, &path.child("managedBy"), &mut errors);
    internal_form::check_immutable(
        new.success_policy.as_ref(),
        old.success_policy.as_ref(),
        "SuccessPolicy",
        &path.child("successPolicy"),
        &mut errors,
    );
    errors
}

/// Only indexed Jobs grow and shrink, and only together with their parallelism.
fn validate_completions(new: &JobSpec, old: &JobSpec, path: &Path<'_>, errors: &mut FieldErrors) {
    if text(&new.completion_mode) != INDEXED {
        return checks::immutable(&new.completions, &old.completions, path, errors);
    }
    let has_changed = new.completions != old.completions && new.completions.is_some();
    if has_changed && new.completions != new.parallelism {
        let why = "can only be modified in tandem with spec.parallelism";
        errors.push(FieldError::invalid(path, &new.completions, why));
    }
}

fn validate_template(
    new: &PodTemplateSpec,
    old: &JobSpec,
    status: &JobStatus,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let path = path.child("template");
    if !may_change_pods(old, status) {
        if !normal_form::same(new, &old.template) {
            errors.push(internal_form::invalid(&path, "PodTemplateSpec", new, checks::IMMUTABLE));
        }
        return;
    }
    let none = PodSpec::default();
    let new = new.spec.as_ref().unwrap_or(&none);
    let mut allowed = old.template.spec.clone().unwrap_or_default();
    take_scheduling(&mut allowed, new);
    take_resources(&mut allowed.containers, &new.containers);
    if let Some(containers) = &mut allowed.init_containers {
        take_resources(containers, items(&new.init_containers));
    }
    allowed.normalize(Spelling::Canonical);
    if !normal_form::same(new, &allowed) {
        let path = path.child("spec");
        errors.push(internal_form::invalid(&path, "PodSpec", new, checks::IMMUTABLE));
    }
}

/// Whether the Job is suspended, and no pod of it is left to differ from new ones.
fn may_change_pods(old: &JobSpec, status: &JobStatus) -> bool {
    let is_seen_suspended = || {
        items(&status.conditions)
            .iter()
            .any(|condition| condition.type_ == "Suspended" && condition.status == "True")
    };
    is_set(old.suspend) && number(status.active) == 0 && (status.start_time.is_none() || is_seen_suspended())
}

/// Where pods may run: node affinity, but no other, node selector, tolerations and gates.
fn take_scheduling(allowed: &mut PodSpec, new: &PodSpec) {
    match (&mut allowed.affinity, &new.affinity) {
        (Some(old), Some(new)) => old.node_affinity.clone_from(&new.node_affinity),
        (old @ None, Some(new)) => {
            *old = Some(Affinity { node_affinity: new.node_affinity.clone(), ..Affinity::default() });
        }
        (old @ Some(_), None) => {
            let rest = old.take().map(|old| Affinity { node_affinity: None, ..old });
            *old = rest.filter(|rest| *rest != Affinity::default());
        }
        (None, None) => {}
    }
    allowed.node_selector.clone_from(&new.node_selector);
    allowed.tolerations.clone_from(&new.tolerations);
    allowed.scheduling_gates.clone_from(&new.scheduling_gates);
}

/// What containers ask for, if they are the same ones in the same order.
fn take_resources(allowed: &mut [Container], new: &[Container]) {
    if allowed.len() != new.len() {
        return;
    }
    for (old, new) in allowed.iter_mut().zip(new).filter(|(old, new)| old.name == new.name) {
        old.resources.clone_from(&new.resources);
    }
}
