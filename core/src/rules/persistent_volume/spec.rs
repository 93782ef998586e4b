//! Validation of a volume's spec, its own or one that is written out in a VolumeAttachment.

use k8s_openapi::api::core::v1::{PersistentVolumeSpec, VolumeNodeAffinity};

use super::sources;
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::quantity::Quantity;
use crate::rules::absent::{items, text};
use crate::rules::labels::SelectorValues;
use crate::rules::{checks, pod};

/// Ways to use a volume.
const MODES: [&str; 4] = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
const ONCE: &str = "ReadWriteOncePod";
/// The longest name of a CSI driver.
const DRIVER_BYTES_MAX: usize = 63;

/// Where a spec is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a volume.
    Volume,
    /// In the attachment of a volume that is described in a pod.
    Inline,
}

/// Checks a spec.
pub(crate) fn validate(spec: &PersistentVolumeSpec, place: Place, path: &Path<'_>, errors: &mut FieldErrors) {
    let claim_path = path.child("claimRef");
    if place == Place::Inline && spec.claim_ref.is_some() {
        errors.push(forbidden_inline(&claim_path));
    }
    validate_modes(items(&spec.access_modes), &path.child("accessModes"), errors);
    let capacity_path = path.child("capacity");
    match place {
        Place::Volume => validate_capacity(spec, &capacity_path, errors),
        Place::Inline if spec.capacity.is_some() => errors.push(forbidden_inline(&capacity_path)),
        Place::Inline => {}
    }
    validate_reclaim_policy(spec, place, path, errors);
    if let Some(affinity) = &spec.node_affinity {
        let path = path.child("nodeAffinity");
        match place {
            Place::Volume => validate_affinity(affinity, &path, errors),
            Place::Inline => errors.push(forbidden_inline(&path)),
        }
    }
    sources::validate(spec, path, errors);
    let has_nodes = spec.node_affinity.as_ref().is_some_and(|affinity| affinity.required.is_some());
    if spec.local.is_some() && !has_nodes {
        let why = "Local volume requires node affinity";
        errors.push(FieldError::required(&path.child("nodeAffinity"), why));
    }
    validate_class_and_mode(spec, place, path, errors);
}

fn forbidden_inline(path: &Path<'_>) -> FieldError {
    FieldError::forbidden(path, "may not be specified in the context of inline volumes")
}

fn validate_modes(modes: &[String], path: &Path<'_>, errors: &mut FieldErrors) {
    if modes.is_empty() {
        errors.push(FieldError::required(path, ""));
    }
    for mode in modes {
        checks::one_of(mode, &MODES, path, errors);
    }
    let is_once = |mode: &String| mode == ONCE;
    if modes.iter().any(is_once) && modes.iter().any(|mode| !is_once(mode) && MODES.contains(&mode.as_str()))
    {
        let why = "may not use ReadWriteOncePod with other access modes";
        errors.push(FieldError::forbidden(path, why));
    }
}

/// It is so large, and nothing else.
fn validate_capacity(spec: &PersistentVolumeSpec, path: &Path<'_>, errors: &mut FieldErrors) {
    let empty = Default::default();
    let capacity = spec.capacity.as_ref().unwrap_or(&empty);
    if capacity.is_empty() {
        errors.push(FieldError::required(path, ""));
    }
    if capacity.len() > 1 || !capacity.contains_key("storage") {
        errors.push(FieldError::not_supported(path, capacity, &["storage"]));
    }
    for (name, amount) in capacity {
        let path = path.key(name);
        match Quantity::try_from(amount) {
            Err(error) => errors.push(FieldError::invalid(&path, &amount.0, error.to_string())),
            Ok(amount) => {
                if amount.is_negative() {
                    let why = "must be a valid resource quantity";
                    errors.push(FieldError::invalid(&path, &amount.to_string(), why));
                }
                if amount.is_negative() || amount.is_zero() {
                    errors.push(FieldError::invalid(&path, &amount.to_string(), "must be greater than zero"));
                }
            }
        }
    }
}

fn validate_reclaim_policy(
    spec: &PersistentVolumeSpec,
    place: Place,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let policy_path = path.child("persistentVolumeReclaimPolicy");
    let policy = text(&spec.persistent_volume_reclaim_policy);
    match place {
        _ if policy.is_empty() => {}
        Place::Inline if policy != "Retain" => {
            let why = "may only be Retain in the context of inline volumes";
            errors.push(FieldError::forbidden(&policy_path, why));
        }
        Place::Inline => {}
        Place::Volume => checks::one_of(policy, &["Delete", "Recycle", "Retain"], &policy_path, errors),
    }
    let is_root = |path: &str| path.split('/').all(|part| part.is_empty() || part == ".");
    if policy == "Recycle" && spec.host_path.as_ref().is_some_and(|source| is_root(&source.path)) {
        let why = "may not be 'recycle' for a hostPath mount of '/'";
        errors.push(FieldError::forbidden(&policy_path, why));
    }
}

fn validate_affinity(affinity: &VolumeNodeAffinity, path: &Path<'_>, errors: &mut FieldErrors) {
    let path = path.child("required");
    match &affinity.required {
        None => errors.push(FieldError::required(&path, "must specify required node constraints")),
        Some(selector) => {
            pod::validate_node_selector(selector, SelectorValues::Strict, &path, errors);
        }
    }
}

fn validate_class_and_mode(
    spec: &PersistentVolumeSpec,
    place: Place,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let class_path = path.child("storageClassName");
    match text(&spec.storage_class_name) {
        "" => {}
        _ if place == Place::Inline => errors.push(forbidden_inline(&class_path)),
        class => checks::dns_subdomain(class, &class_path, errors),
    }
    let mode_path = path.child("volumeMode");
    match spec.volume_mode.as_deref() {
        Some(mode) if place == Place::Volume => {
            checks::one_of(mode, &["Block", "Filesystem"], &mode_path, errors);
        }
        Some(mode) if mode != "Filesystem" => {
            let why = "may not specify volumeMode other than Filesystem in the context of inline volumes";
            errors.push(FieldError::forbidden(&mode_path, why));
        }
        _ => {}
    }
    let class_path = path.child("volumeAttributesClassName");
    match spec.volume_attributes_class_name.as_deref() {
        Some("") => {
            errors.push(FieldError::required(&class_path, "an empty string is disallowed"));
        }
        Some(class) => {
            checks::dns_subdomain(class, &class_path, errors);
            if spec.csi.is_none() {
                let why = "has to be specified when using volumeAttributesClassName";
                errors.push(FieldError::required(&path.child("csi"), why));
            }
        }
        None => {}
    }
}

/// Checks the name of a CSI driver.
pub(crate) fn validate_driver(name: &str, path: &Path<'_>, errors: &mut FieldErrors) {
    if name.is_empty() {
        errors.push(FieldError::required(path, ""));
    }
    errors.extend(driver_name(name, path));
}

/// What is wrong with the name of a CSI driver that is there.
pub(crate) fn driver_name(name: &str, path: &Path<'_>) -> FieldErrors {
    let mut errors = FieldErrors::new();
    if name.is_empty() {
        return errors;
    }
    if name.len() > DRIVER_BYTES_MAX {
        errors.push(FieldError::too_long(path, DRIVER_BYTES_MAX));
    }
    checks::faults(name, names::dns1123_subdomain(&name.to_lowercase()), path, &mut errors);
    errors
}
