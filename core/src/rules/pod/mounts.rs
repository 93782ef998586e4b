//! Validation of what containers mount.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{Container, VolumeMount};

use super::containers::Context;
use super::paths;
use crate::field::{FieldError, FieldErrors, Path};
use crate::rules::absent::{is_set, items, text};
use crate::rules::checks;

/// Checks a container's volume mounts.
pub(super) fn validate(
    container: &Container,
    context: &Context<'_>,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let devices = items(&container.volume_devices);
    let mut mount_paths = BTreeSet::new();
    for (index, mount) in items(&container.volume_mounts).iter().enumerate() {
        let item = path.index(index);
        let (name_path, mount_path) = (item.child("name"), item.child("mountPath"));
        checks::required(&mount.name, &name_path, errors);
        if !context.volumes.contains_key(mount.name.as_str()) {
            errors.push(FieldError::not_found(&name_path, &mount.name));
        }
        checks::required(&mount.mount_path, &mount_path, errors);
        if !mount_paths.insert(mount.mount_path.as_str()) {
            errors.push(FieldError::invalid(&mount_path, &mount.mount_path, "must be unique"));
        }
        if devices.iter().any(|device| device.name == mount.name) {
            let why = "must not already exist in volumeDevices";
            errors.push(FieldError::invalid(&name_path, &mount.name, why));
        }
        if devices.iter().any(|device| device.device_path == mount.mount_path) {
            let why = "must not already exist as a path in volumeDevices";
            errors.push(FieldError::invalid(&mount_path, &mount.mount_path, why));
        }
        validate_sub_path(mount, path, &item, errors);
        validate_propagation(mount, container, &path.child("mountPropagation"), errors);
        validate_read_only(mount, &path.child("recursiveReadOnly"), errors);
    }
}

/// Some of upstream's paths lack the index.
fn validate_sub_path(mount: &VolumeMount, list: &Path<'_>, item: &Path<'_>, errors: &mut FieldErrors) {
    let (sub_path, expression) = (text(&mount.sub_path), text(&mount.sub_path_expr));
    if !sub_path.is_empty() {
        paths::validate_descending(sub_path, &list.child("subPath"), errors);
    }
    if !expression.is_empty() {
        if !sub_path.is_empty() {
            let why = "subPathExpr and subPath are mutually exclusive";
            errors.push(FieldError::invalid(&item.child("subPathExpr"), expression, why));
        }
        paths::validate_descending(expression, &list.child("subPathExpr"), errors);
    }
}

fn validate_propagation(
    mount: &VolumeMount,
    container: &Container,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let Some(propagation) = &mount.mount_propagation else { return };
    checks::one_of(propagation, &["Bidirectional", "HostToContainer", "None"], path, errors);
    let is_privileged = container.security_context.as_ref().is_some_and(|context| is_set(context.privileged));
    if propagation == "Bidirectional" && !is_privileged {
        let why = "Bidirectional mount propagation is available only to privileged containers";
        errors.push(FieldError::forbidden(path, why));
    }
}

fn validate_read_only(mount: &VolumeMount, path: &Path<'_>, errors: &mut FieldErrors) {
    match mount.recursive_read_only.as_deref() {
        None | Some("Disabled") => {}
        Some("Enabled" | "IfPossible") => {
            if !is_set(mount.read_only) {
                errors.push(FieldError::forbidden(path, "may only be specified when readOnly is true"));
            }
            if mount.mount_propagation.as_deref().is_some_and(|propagation| propagation != "None") {
                let why = "may only be specified when mountPropagation is None or not specified";
                errors.push(FieldError::forbidden(path, why));
            }
        }
        Some(other) => {
            errors.push(FieldError::not_supported(path, other, &["Disabled", "Enabled", "IfPossible"]));
        }
    }
}

/// Checks a container's block devices.
pub(super) fn validate_devices(
    container: &Container,
    context: &Context<'_>,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let mounts = items(&container.volume_mounts);
    let (mut names, mut device_paths) = (BTreeSet::new(), BTreeSet::new());
    for (index, device) in items(&container.volume_devices).iter().enumerate() {
        let path = path.index(index);
        let (name_path, device_path) = (path.child("name"), path.child("devicePath"));
        let (name, value) = (device.name.as_str(), device.device_path.as_str());
        let mut invalid =
            |path: &Path<'_>, value: &str, why: &str| errors.push(FieldError::invalid(path, value, why));
        if names.contains(name) {
            invalid(&name_path, name, "must be unique");
        }
        match context.volumes.get(name) {
            Some(volume) if volume.persistent_volume_claim.is_none() && volume.ephemeral.is_none() => {
                invalid(
                    &name_path,
                    name,
                    "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode",
                )
            }
            _ => {}
        }
        if device_paths.contains(value) {
            invalid(&device_path, value, "must be unique");
        }
        if paths::has_backsteps(value) {
            invalid(&device_path, value, "can not contain backsteps ('..')");
        } else {
            device_paths.insert(value);
        }
        if mounts.iter().any(|mount| mount.name == name) {
            invalid(&name_path, name, "must not already exist in volumeMounts");
        }
        if mounts.iter().any(|mount| mount.mount_path == value) {
            invalid(&device_path, value, "must not already exist as a path in volumeMounts");
        }
        checks::required(name, &name_path, errors);
        if !context.volumes.contains_key(name) {
            errors.push(FieldError::not_found(&name_path, name));
        }
        checks::required(value, &device_path, errors);
        if !name.is_empty() {
            names.insert(name);
        }
    }
}
