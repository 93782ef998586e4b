//! Conditions of the common form.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use super::absent::number;
use super::checks;
use crate::field::{FieldError, FieldErrors, Path};

/// The most bytes a condition's reason may have.
const REASON_BYTES_MAX: usize = 1024;
/// The most bytes a condition's message may have.
const MESSAGE_BYTES_MAX: usize = 32 * 1024;

/// Checks a list of conditions, in which each type may be once.
pub(crate) fn validate(conditions: &[Condition], path: &Path<'_>, errors: &mut FieldErrors) {
    for (index, condition) in conditions.iter().enumerate() {
        let path = path.index(index);
        if conditions[..index].iter().any(|other| other.type_ == condition.type_) {
            errors.push(FieldError::duplicate(&path.child("type"), &condition.type_));
        }
        validate_one(condition, &path, errors);
    }
}

fn validate_one(condition: &Condition, path: &Path<'_>, errors: &mut FieldErrors) {
    checks::qualified_name(&condition.type_, &path.child("type"), errors);
    checks::one_of(&condition.status, &["False", "True", "Unknown"], &path.child("status"), errors);
    let generation = number(condition.observed_generation);
    if generation < 0 {
        let why = "must be greater than or equal to zero";
        errors.push(FieldError::invalid(&path.child("observedGeneration"), &generation, why));
    }
    let reason = path.child("reason");
    if condition.reason.is_empty() {
        errors.push(FieldError::required(&reason, "must be set"));
    } else {
        if !is_reason(&condition.reason) {
            let why = "a condition reason must start with alphabetic character, optionally followed by a string \
                       of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' \
                       (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or \
                       'ReasonA:ReasonB', regex used for validation is \
                       '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?')";
            errors.push(FieldError::invalid(&reason, &condition.reason, why));
        }
        if condition.reason.len() > REASON_BYTES_MAX {
            errors.push(FieldError::too_long(&reason, REASON_BYTES_MAX));
        }
    }
    if condition.message.len() > MESSAGE_BYTES_MAX {
        errors.push(FieldError::too_long(&path.child("message"), MESSAGE_BYTES_MAX));
    }
}

fn is_reason(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| is_word(byte) || byte == b',' || byte == b':')
        && text.bytes().last().is_some_and(is_word)
}
