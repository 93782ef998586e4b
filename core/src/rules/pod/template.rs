//! Validation of the pod templates of controllers (ADM-08, DEP-03).

use k8s_openapi::api::core::v1::{PodSpec, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};

use super::annotations;
use super::options::Options;
use super::spec::{self, Identity};
use crate::field::{FieldError, FieldErrors, Path};
use crate::rules::absent::text;
use crate::rules::labels;

/// Checks a template; `old` is the stored one, if there is one.
pub(crate) fn validate_template(
    template: &PodTemplateSpec,
    old: Option<&PodTemplateSpec>,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    validate_template_metadata(template, old, path, errors);
    let (no_meta, no_spec) = (ObjectMeta::default(), PodSpec::default());
    let meta = template.metadata.as_ref().unwrap_or(&no_meta);
    let spec = template.spec.as_ref().unwrap_or(&no_spec);
    let options = options(old);
    let spec_path = path.child("spec");
    spec::validate(spec, Identity::default(), &options, &spec_path, errors);
    annotations::validate_agreement(&meta.annotations, spec, &spec_path, errors);
    if spec.ephemeral_containers.is_some() {
        let why = "ephemeral containers not allowed in pod template";
        errors.push(FieldError::forbidden(&spec_path.child("ephemeralContainers"), why));
    }
}

/// Checks no more of a template than its labels and annotations.
pub(crate) fn validate_template_metadata(
    template: &PodTemplateSpec,
    old: Option<&PodTemplateSpec>,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let (no_meta, no_spec) = (ObjectMeta::default(), PodSpec::default());
    let meta = template.metadata.as_ref().unwrap_or(&no_meta);
    let spec = template.spec.as_ref().unwrap_or(&no_spec);
    let keeps_cost = old
        .and_then(|old| old.metadata.as_ref())
        .is_some_and(|old| annotations::has_impossible_cost(&old.annotations));
    labels::validate_labels(&meta.labels, &path.child("labels"), errors);
    let path = path.child("annotations");
    labels::validate_annotations(&meta.annotations, &path, errors);
    annotations::validate(&meta.annotations, spec, &options(old), keeps_cost, &path, errors);
}

fn options(old: Option<&PodTemplateSpec>) -> Options {
    let old_spec = old.and_then(|old| old.spec.as_ref());
    old_spec.map_or(Options::create(false), |old| Options::update(false, old))
}

/// Pods of a controller are restarted always and have no deadline.
pub(crate) fn validate_runs_forever(
    template: &PodTemplateSpec,
    kind: &str,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let path = path.child("spec");
    let spec = template.spec.as_ref();
    let policy = spec.map_or("", |spec| text(&spec.restart_policy));
    if policy != "Always" {
        errors.push(FieldError::not_supported(&path.child("restartPolicy"), policy, &["Always"]));
    }
    if spec.is_some_and(|spec| spec.active_deadline_seconds.is_some()) {
        let why = format!("activeDeadlineSeconds in {kind} is not Supported");
        errors.push(FieldError::forbidden(&path.child("activeDeadlineSeconds"), why));
    }
}

/// Checks the template of a controller of interchangeable pods, which `selector` must find again.
pub(crate) fn validate_for_replicas(
    template: &PodTemplateSpec,
    old: Option<&PodTemplateSpec>,
    selector: &LabelSelector,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let template_labels = template.metadata.as_ref().and_then(|meta| meta.labels.as_ref());
    if labels::is_empty(selector) || !labels::matches(selector, &template_labels) {
        let path = path.child("metadata");
        let why = "`selector` does not match template `labels`";
        errors.push(FieldError::invalid(&path.child("labels"), &template_labels, why));
    }
    validate_template(template, old, path, errors);
    validate_runs_forever(template, "ReplicaSet", path, errors);
}
