//! Validation of templates for persistent volume claims.

use k8s_openapi::api::core::v1::{PersistentVolumeClaimSpec, PersistentVolumeClaimTemplate};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::json;

use super::resources;
use crate::field::{FieldError, FieldErrors, Path};
use crate::rules::absent::{entry, items};
use crate::rules::checks;
use crate::rules::labels::{self, SelectorValues};

/// Checks the template of an ephemeral volume's claim.
pub(super) fn validate(template: &PersistentVolumeClaimTemplate, path: &Path<'_>, errors: &mut FieldErrors) {
    if let Some(meta) = &template.metadata {
        validate_meta(meta, &path.child("metadata"), errors);
    }
    validate_spec(&template.spec, &path.child("spec"), errors);
}

/// A template has labels and annotations and no other metadata.
fn validate_meta(meta: &ObjectMeta, path: &Path<'_>, errors: &mut FieldErrors) {
    labels::validate_annotations(&meta.annotations, &path.child("annotations"), errors);
    labels::validate_labels(&meta.labels, &path.child("labels"), errors);
    let given = [
        ("name", meta.name.is_some()),
        ("generateName", meta.generate_name.is_some()),
        ("namespace", meta.namespace.is_some()),
        ("selfLink", meta.self_link.is_some()),
        ("uID", meta.uid.is_some()),
        ("resourceVersion", meta.resource_version.is_some()),
        ("generation", meta.generation.is_some()),
        ("creationTimestamp", meta.creation_timestamp.is_some()),
        ("deletionTimestamp", meta.deletion_timestamp.is_some()),
        ("deletionGracePeriodSeconds", meta.deletion_grace_period_seconds.is_some()),
        ("ownerReferences", meta.owner_references.is_some()),
        ("finalizers", meta.finalizers.is_some()),
        ("managedFields", meta.managed_fields.is_some()),
    ];
    for (field, _) in given.into_iter().filter(|(_, is_given)| *is_given) {
        errors.push(FieldError::forbidden(&path.child(field), "cannot be set"));
    }
}

/// Checks what a claim asks for.
pub(crate) fn validate_spec(spec: &PersistentVolumeClaimSpec, path: &Path<'_>, errors: &mut FieldErrors) {
    validate_access_modes(items(&spec.access_modes), &path.child("accessModes"), errors);
    let selector = spec.selector.as_ref();
    labels::validate_selector(selector, SelectorValues::Strict, &path.child("selector"), errors);
    validate_storage(spec, &path.child("resources"), errors);
    let classes = [
        ("storageClassName", &spec.storage_class_name),
        ("volumeAttributesClassName", &spec.volume_attributes_class_name),
    ];
    for (field, name) in classes {
        if let Some(name) = name.as_deref().filter(|name| !name.is_empty()) {
            checks::dns_subdomain(name, &path.child(field), errors);
        }
    }
    if let Some(mode) = &spec.volume_mode {
        checks::one_of(mode, &["Block", "Filesystem"], &path.child("volumeMode"), errors);
    }
    validate_sources(spec, path, errors);
}

fn validate_access_modes(modes: &[String], path: &Path<'_>, errors: &mut FieldErrors) {
    const MODES: [&str; 4] = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
    if modes.is_empty() {
        errors.push(FieldError::required(path, "at least 1 access mode is required"));
    }
    for mode in modes {
        checks::one_of(mode, &MODES, path, errors);
    }
    let is_single = |mode: &String| mode == "ReadWriteOncePod";
    let is_other = |mode: &String| !is_single(mode) && MODES.contains(&mode.as_str());
    if modes.iter().any(is_single) && modes.iter().any(is_other) {
        let why = "may not use ReadWriteOncePod with other access modes";
        errors.push(FieldError::forbidden(path, why));
    }
}

fn validate_storage(spec: &PersistentVolumeClaimSpec, path: &Path<'_>, errors: &mut FieldErrors) {
    let path = path.key("storage");
    let requested = spec.resources.as_ref().and_then(|resources| entry(&resources.requests, "storage"));
    let Some(requested) = requested else {
        return errors.push(FieldError::required(&path, ""));
    };
    let mut faults = FieldErrors::new();
    let amount = resources::validate_amount("storage", requested, &path, &mut faults);
    match amount.filter(|amount| amount.is_zero() || amount.is_negative()) {
        Some(amount) => {
            errors.push(FieldError::invalid(&path, &amount.to_string(), "must be greater than zero"));
        }
        None => errors.append(&mut faults),
    }
}

/// What a volume is filled from: by an old field, a new one, or both with the same in it.
fn validate_sources(spec: &PersistentVolumeClaimSpec, path: &Path<'_>, errors: &mut FieldErrors) {
    if let Some(source) = &spec.data_source {
        let path = path.child("dataSource");
        validate_reference(&source.name, &source.kind, source.api_group.as_deref(), &path, errors);
    }
    let Some(reference) = &spec.data_source_ref else { return };
    let ref_path = path.child("dataSourceRef");
    validate_reference(&reference.name, &reference.kind, reference.api_group.as_deref(), &ref_path, errors);
    let namespace = reference.namespace.as_deref().filter(|namespace| !namespace.is_empty());
    if let Some(namespace) = namespace {
        checks::dns_label(namespace, &ref_path.child("namespace"), errors);
    }
    let Some(source) = &spec.data_source else { return };
    let is_same = source.name == reference.name
        && source.kind == reference.kind
        && source.api_group == reference.api_group;
    let why = match namespace {
        Some(_) => "may not be specified when dataSourceRef.namespace is specified",
        None if !is_same => "must match dataSourceRef",
        None => return,
    };
    // Upstream shows a path here, which has no fields in JSON.
    errors.push(FieldError::invalid(path, &json!({}), why));
}

fn validate_reference(
    name: &str,
    kind: &str,
    group: Option<&str>,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    checks::required(name, &path.child("name"), errors);
    checks::required(kind, &path.child("kind"), errors);
    match group.unwrap_or_default() {
        "" if kind != "PersistentVolumeClaim" => {
            let why = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
            errors.push(FieldError::invalid(path, kind, why));
        }
        "" => {}
        group => checks::dns_subdomain(group, &path.child("apiGroup"), errors),
    }
}
