//! ReplicationControllers, the predecessors of ReplicaSets.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{ReplicationControllerSpec, ReplicationControllerStatus};

use super::absent::number;
use super::entries::Entries;
use super::normal_form::{self, NormalForm, Spelling};
use super::object_meta::{self, Scope};
use super::replica_set::Counts;
use super::{checks, pod};
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::object::Meta;

/// Fills in what was not given; without a selector the labels of the template are selected.
pub fn default(spec: &mut ReplicationControllerSpec) {
    spec.normalize(Spelling::Canonical);
    if let Some(template) = &mut spec.template {
        pod::default_template(template);
    }
    if spec.selector.is_none() {
        spec.selector = template_labels(spec).cloned();
    }
    spec.replicas.get_or_insert(1);
}

/// The labels of the pods, which a controller without labels has too.
pub fn template_labels(spec: &ReplicationControllerSpec) -> Option<&BTreeMap<String, String>> {
    spec.template.as_ref()?.metadata.as_ref()?.labels.as_ref()
}

/// Brings a status into its normal form.
pub fn default_status(status: &mut ReplicationControllerStatus) {
    status.normalize(Spelling::Canonical);
}

/// The status of a new controller: nothing was observed yet.
pub fn prepare_create() -> ReplicationControllerStatus {
    ReplicationControllerStatus::default()
}

/// Whether a change counts: of the spec, but not of the annotations.
pub fn is_new_generation(new: &ReplicationControllerSpec, old: &ReplicationControllerSpec) -> bool {
    !normal_form::same(new, old)
}

/// All that is wrong with a new controller.
pub fn validate_create(meta: &Meta, spec: &ReplicationControllerSpec) -> FieldErrors {
    let mut errors = FieldErrors::new();
    validate_whole(meta, spec, None, &mut errors);
    errors
}

/// All that is wrong with a changed controller. Upstream looks at the spec twice.
pub fn validate_update(
    new_meta: &Meta,
    new: &ReplicationControllerSpec,
    old_meta: &Meta,
    old: &ReplicationControllerSpec,
) -> FieldErrors {
    let mut errors = FieldErrors::new();
    validate_whole(new_meta, new, Some(old), &mut errors);
    object_meta::check_update(new_meta, old_meta, &mut errors);
    validate_spec(new, Some(old), &mut errors);
    errors
}

fn validate_whole(
    meta: &Meta,
    spec: &ReplicationControllerSpec,
    old: Option<&ReplicationControllerSpec>,
    errors: &mut FieldErrors,
) {
    object_meta::check(meta, Scope::Namespaced, names::dns1123_subdomain, errors);
    validate_spec(spec, old, errors);
}

fn validate_spec(
    spec: &ReplicationControllerSpec,
    old: Option<&ReplicationControllerSpec>,
    errors: &mut FieldErrors,
) {
    let path = Path::new("spec");
    checks::non_negative(number(spec.min_ready_seconds), &path.child("minReadySeconds"), errors);
    if spec.selector.is_none() {
        errors.push(FieldError::required(&path.child("selector"), ""));
    }
    checks::non_negative(number(spec.replicas), &path.child("replicas"), errors);
    let path = path.child("template");
    let Some(template) = &spec.template else {
        return errors.push(FieldError::required(&path, ""));
    };
    let labels = template_labels(spec);
    if !spec.selector.pairs().all(|(key, value)| labels.value(key) == Some(value)) {
        let path = path.child("metadata");
        let why = "`selector` does not match template `labels`";
        errors.push(FieldError::invalid(&path.child("labels"), &labels, why));
    }
    let old = old.and_then(|old| old.template.as_ref());
    pod::validate_template(template, old, &path, errors);
    pod::validate_runs_forever(template, "ReplicationController", &path, errors);
}

/// All that is wrong with a written status (SUB-03).
pub fn validate_status_update(
    new_meta: &Meta,
    new: &ReplicationControllerStatus,
    old_meta: &Meta,
) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check_update(new_meta, old_meta, &mut errors);
    Counts {
        replicas: new.replicas,
        labeled: number(new.fully_labeled_replicas),
        ready: number(new.ready_replicas),
        available: number(new.available_replicas),
        observed_generation: number(new.observed_generation),
        terminating: 0,
    }
    .check(&mut errors);
    errors
}

/// Warnings about a new controller.
pub fn create_warnings(meta: &Meta, spec: &ReplicationControllerSpec) -> Vec<String> {
    let mut warnings = Vec::new();
    warnings.extend(object_meta::host_name_warning(&meta.name, "Pod names and hostnames"));
    warnings.extend(update_warnings(spec));
    warnings
}

/// Warnings about a controller that has a new generation.
pub fn update_warnings(spec: &ReplicationControllerSpec) -> Vec<String> {
    let path = Path::new("spec");
    let template = spec.template.as_ref();
    template.map(|template| pod::template_warnings(template, &path.child("template"))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn controller(value: Value) -> ReplicationControllerSpec {
        let mut spec = serde_json::from_value(value).expect("a controller's spec");
        default(&mut spec);
        spec
    }

    fn template() -> Value {
        json!({
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "c", "image": "app:1"}]},
        })
    }

    fn faults(spec: &ReplicationControllerSpec) -> Vec<String> {
        let errors = validate_create(&Meta::namespaced("ns", "rc"), spec);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_selector_is_the_templates_labels() {
        let spec = controller(json!({"template": template()}));
        assert_eq!(spec.selector.as_ref(), template_labels(&spec));
        assert_eq!(spec.replicas, Some(1));
        assert_eq!(faults(&spec), Vec::<String>::new());
    }

    #[test]
    fn faults_are_upstreams() {
        assert_eq!(
            faults(&controller(json!({"minReadySeconds": -1, "replicas": -1}))),
            vec![
                "spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0",
                "spec.selector: Required value",
                "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
                "spec.template: Required value",
            ]
        );
        let mut other = template();
        other["spec"]["restartPolicy"] = json!("Never");
        assert_eq!(
            faults(&controller(json!({"selector": {"app": "x"}, "template": other}))),
            vec![
                "spec.template.metadata.labels: Invalid value: {\"app\":\"web\"}: `selector` does not match \
                 template `labels`",
                "spec.template.spec.restartPolicy: Unsupported value: \"Never\": supported values: \"Always\"",
            ]
        );
    }
}
