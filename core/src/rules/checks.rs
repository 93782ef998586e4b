//! Checks of single values that many kinds share.

use serde::Serialize;

use crate::field::{FieldError, FieldErrors, Path};
use crate::names;

/// Upstream's words for a number below zero.
const NEGATIVE: &str = "must be greater than or equal to 0";

/// Upstream's words for a field that is fixed at creation.
pub(crate) const IMMUTABLE: &str = "field is immutable";

/// Adds an error for everything that is wrong with a value.
pub(crate) fn faults<V, F>(value: &V, faults: F, path: &Path<'_>, errors: &mut FieldErrors)
where
    V: Serialize + ?Sized,
    F: IntoIterator,
    F::Item: Into<String>,
{
    errors.extend(faults.into_iter().map(|fault| FieldError::invalid(path, value, fault)));
}

pub(crate) fn non_negative(value: impl Into<i64>, path: &Path<'_>, errors: &mut FieldErrors) {
    let value = value.into();
    if value < 0 {
        errors.push(FieldError::invalid(path, &value, NEGATIVE));
    }
}

pub(crate) fn positive(value: impl Into<i64>, path: &Path<'_>, errors: &mut FieldErrors) {
    let value = value.into();
    if value <= 0 {
        errors.push(FieldError::invalid(path, &value, "must be greater than zero"));
    }
}

/// Upstream's words for a number out of bounds.
pub(crate) fn range_message(low: i64, high: i64) -> String {
    format!("must be between {low} and {high}, inclusive")
}

pub(crate) fn in_range(value: i64, low: i64, high: i64, path: &Path<'_>, errors: &mut FieldErrors) {
    if !(low..=high).contains(&value) {
        errors.push(FieldError::invalid(path, &value, range_message(low, high)));
    }
}

pub(crate) fn port_number(value: i32, path: &Path<'_>, errors: &mut FieldErrors) {
    in_range(value.into(), 1, 65535, path, errors);
}

pub(crate) fn dns_label(value: &str, path: &Path<'_>, errors: &mut FieldErrors) {
    faults(value, names::dns1123_label(value), path, errors);
}

pub(crate) fn dns_subdomain(value: &str, path: &Path<'_>, errors: &mut FieldErrors) {
    faults(value, names::dns1123_subdomain(value), path, errors);
}

pub(crate) fn qualified_name(value: &str, path: &Path<'_>, errors: &mut FieldErrors) {
    faults(value, names::qualified_name(value), path, errors);
}

/// A text that must be there, whatever it says.
pub(crate) fn required(value: &str, path: &Path<'_>, errors: &mut FieldErrors) {
    if value.is_empty() {
        errors.push(FieldError::required(path, ""));
    }
}

/// One of a few known words.
pub(crate) fn one_of(value: &str, supported: &[&str], path: &Path<'_>, errors: &mut FieldErrors) {
    if !supported.contains(&value) {
        errors.push(FieldError::not_supported(path, value, supported));
    }
}

/// One of a few known words, of which one must be given.
pub(crate) fn required_one_of(value: &str, supported: &[&str], path: &Path<'_>, errors: &mut FieldErrors) {
    if value.is_empty() {
        errors.push(FieldError::required(path, ""));
    } else {
        one_of(value, supported, path, errors);
    }
}

/// Several values that do not go together, none of which is shown.
pub(crate) fn contradiction(path: &Path<'_>, why: impl Into<String>) -> FieldError {
    FieldError { value: None, ..FieldError::invalid(path, "", why) }
}

/// A path in a domain, such as `acme.io/foo`.
pub(crate) fn domain_prefixed_path(value: &str, path: &Path<'_>, errors: &mut FieldErrors) {
    if value.is_empty() {
        return errors.push(FieldError::required(path, ""));
    }
    let parts = value.split_once('/').filter(|(domain, rest)| !domain.is_empty() && !rest.is_empty());
    let Some((domain, rest)) = parts else {
        let why = "must be a domain-prefixed path (such as \"acme.io/foo\")";
        return errors.push(FieldError::invalid(path, value, why));
    };
    dns_subdomain(domain, path, errors);
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:".contains(&byte);
    if !rest.bytes().all(is_allowed) {
        let why = r"Invalid path (regex used for validation is '[A-Za-z0-9/\-._~%!$&'()*+,;=:]+')";
        errors.push(FieldError::invalid(path, rest, why));
    }
}

/// What may not change once it is there.
pub(crate) fn immutable<V>(new: &V, old: &V, path: &Path<'_>, errors: &mut FieldErrors)
where
    V: Serialize + PartialEq + ?Sized,
{
    if new != old {
        errors.push(FieldError::invalid(path, new, IMMUTABLE));
    }
}
