//! Validation of paths inside volumes and containers.

use crate::field::{FieldError, FieldErrors, Path};

/// Permissions a file can have.
const MODE_MAX: i32 = 0o777;

/// A path that does not lead upwards.
pub(in crate::rules) fn validate_no_backsteps(value: &str, path: &Path<'_>, errors: &mut FieldErrors) {
    if has_backsteps(value) {
        errors.push(FieldError::invalid(path, value, "must not contain '..'"));
    }
}

pub(super) fn has_backsteps(value: &str) -> bool {
    value.split('/').any(|part| part == "..")
}

/// A relative path that does not lead upwards.
pub(super) fn validate_descending(value: &str, path: &Path<'_>, errors: &mut FieldErrors) {
    if value.starts_with('/') {
        errors.push(FieldError::invalid(path, value, "must be a relative path"));
    }
    validate_no_backsteps(value, path, errors);
}

/// A path of a file in a volume, where names with two dots at their start are taken.
pub(super) fn validate_local(value: &str, path: &Path<'_>, errors: &mut FieldErrors) {
    validate_descending(value, path, errors);
    if value.starts_with("..") && !value.starts_with("../") {
        errors.push(FieldError::invalid(path, value, "must not start with '..'"));
    }
}

/// Whether a path is good for a file in a volume.
pub(super) fn is_local(value: &str) -> bool {
    !value.starts_with('/') && !has_backsteps(value) && !value.starts_with("..")
}

/// Permissions of files.
pub(super) fn validate_mode(mode: Option<i32>, path: &Path<'_>, errors: &mut FieldErrors) {
    if let Some(mode) = mode
        && !(0..=MODE_MAX).contains(&mode)
    {
        let why = "must be a number between 0 and 0777 (octal), both inclusive";
        errors.push(FieldError::invalid(path, &mode, why));
    }
}
