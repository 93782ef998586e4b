//! Validation of environment variables and where their values come from.

use k8s_openapi::api::core::v1::{EnvFromSource, EnvVar, EnvVarSource, FileKeySelector};

use super::field_ref::{self, Place};
use super::paths;
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::rules::absent::text;
use crate::rules::checks;

/// Checks single variables.
pub(super) fn validate(variables: &[EnvVar], path: &Path<'_>, errors: &mut FieldErrors) {
    for (index, variable) in variables.iter().enumerate() {
        let path = path.index(index);
        let name_path = path.child("name");
        if variable.name.is_empty() {
            errors.push(FieldError::required(&name_path, ""));
        } else {
            checks::faults(&variable.name, names::environment_variable(&variable.name), &name_path, errors);
        }
        if let Some(source) = &variable.value_from {
            validate_source(source, text(&variable.value), &path.child("valueFrom"), errors);
        }
    }
}

fn validate_source(source: &EnvVarSource, value: &str, path: &Path<'_>, errors: &mut FieldErrors) {
    if let Some(field) = &source.field_ref {
        field_ref::validate(field, Place::Environment, &path.child("fieldRef"), errors);
    }
    if let Some(field) = &source.resource_field_ref {
        field_ref::validate_resource(field, Place::Environment, &path.child("resourceFieldRef"), errors);
    }
    if let Some(reference) = &source.config_map_key_ref {
        validate_key(&reference.name, &reference.key, &path.child("configMapKeyRef"), errors);
    }
    if let Some(reference) = &source.secret_key_ref {
        validate_key(&reference.name, &reference.key, &path.child("secretKeyRef"), errors);
    }
    if let Some(reference) = &source.file_key_ref {
        validate_file(reference, &path.child("fileKeyRef"), errors);
    }
    let given = [
        source.field_ref.is_some(),
        source.resource_field_ref.is_some(),
        source.config_map_key_ref.is_some(),
        source.secret_key_ref.is_some(),
        source.file_key_ref.is_some(),
    ];
    let why = match given.into_iter().filter(|is_given| *is_given).count() {
        0 => {
            "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or \
             `fileKeyRef`"
        }
        _ if !value.is_empty() => "may not be specified when `value` is not empty",
        1 => return,
        _ => "may not have more than one field specified at a time",
    };
    errors.push(FieldError::invalid(path, "", why));
}

fn validate_key(name: &str, key: &str, path: &Path<'_>, errors: &mut FieldErrors) {
    checks::dns_subdomain(name, &path.child("name"), errors);
    let path = path.child("key");
    if key.is_empty() {
        errors.push(FieldError::required(&path, ""));
    } else {
        checks::faults(key, names::config_map_key(key), &path, errors);
    }
}

fn validate_file(reference: &FileKeySelector, path: &Path<'_>, errors: &mut FieldErrors) {
    let key_path = path.child("key");
    if reference.key.is_empty() {
        errors.push(FieldError::required(&key_path, ""));
    } else {
        checks::faults(&reference.key, names::environment_variable(&reference.key), &key_path, errors);
    }
    let volume_path = path.child("volumeName");
    if reference.volume_name.is_empty() {
        errors.push(FieldError::required(&volume_path, ""));
    } else {
        checks::dns_label(&reference.volume_name, &volume_path, errors);
    }
    let file_path = path.child("path");
    if reference.path.is_empty() {
        errors.push(FieldError::required(&file_path, ""));
    } else {
        paths::validate_no_backsteps(&reference.path, &file_path, errors);
    }
}

/// Checks whole ConfigMaps and Secrets as variables.
pub(super) fn validate_from(sources: &[EnvFromSource], path: &Path<'_>, errors: &mut FieldErrors) {
    for (index, source) in sources.iter().enumerate() {
        let item = path.index(index);
        let prefix = text(&source.prefix);
        if !prefix.is_empty() {
            checks::faults(prefix, names::environment_variable(prefix), &item.child("prefix"), errors);
        }
        if let Some(reference) = &source.config_map_ref {
            validate_name(&reference.name, &item.child("configMapRef"), errors);
        }
        if let Some(reference) = &source.secret_ref {
            validate_name(&reference.name, &item.child("secretRef"), errors);
        }
        let why = match (&source.config_map_ref, &source.secret_ref) {
            (None, None) => "must specify one of: `configMapRef` or `secretRef`",
            (Some(_), Some(_)) => "may not have more than one field specified at a time",
            _ => continue,
        };
        errors.push(FieldError::invalid(path, "", why));
    }
}

fn validate_name(name: &str, path: &Path<'_>, errors: &mut FieldErrors) {
    let path = path.child("name");
    if name.is_empty() {
        errors.push(FieldError::required(&path, ""));
    } else {
        checks::faults(name, names::dns1123_subdomain(&names::as_prefix(name)), &path, errors);
    }
}
