//! Validation of tolerations, and of effects of taints.

use k8s_openapi::api::core::v1::Toleration;

use super::options::Options;
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::rules::absent::text;
use crate::rules::checks;

const EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

/// Checks the effect of a taint.
pub(crate) fn validate_effect(effect: &str, path: &Path<'_>, errors: &mut FieldErrors) {
    checks::required_one_of(effect, &EFFECTS, path, errors);
}

/// Checks a list of tolerations that no stored object has.
pub(crate) fn validate(tolerations: &[Toleration], path: &Path<'_>, errors: &mut FieldErrors) {
    validate_with(tolerations, &Options::create(false), path, errors);
}

/// Checks a list of tolerations.
pub(super) fn validate_with(
    tolerations: &[Toleration],
    options: &Options,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    for (index, toleration) in tolerations.iter().enumerate() {
        validate_one(toleration, options, &path.index(index), errors);
    }
}

fn validate_one(toleration: &Toleration, options: &Options, path: &Path<'_>, errors: &mut FieldErrors) {
    let operator_path = path.child("operator");
    let (key, operator, effect) =
        (text(&toleration.key), text(&toleration.operator), text(&toleration.effect));
    if !key.is_empty() {
        checks::qualified_name(key, &path.child("key"), errors);
    } else if operator != "Exists" {
        let why =
            "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
        errors.push(FieldError::invalid(&operator_path, operator, why));
    }
    if toleration.toleration_seconds.is_some() && effect != "NoExecute" {
        let why = "effect must be 'NoExecute' when `tolerationSeconds` is set";
        errors.push(FieldError::invalid(&path.child("effect"), effect, why));
    }
    let value = text(&toleration.value);
    match operator {
        "Equal" | "" => {
            let faults = names::label_value(value);
            if !faults.is_empty() {
                errors.push(FieldError::invalid(&operator_path, value, faults.join(";")));
            }
        }
        "Exists" if value.is_empty() => {}
        "Exists" => {
            let why = "value must be empty when `operator` is 'Exists'";
            errors.push(FieldError::invalid(&operator_path, value, why));
        }
        "Lt" | "Gt" if options.keeps_comparisons => validate_number(value, &path.child("value"), errors),
        "Lt" | "Gt" => {
            let supported = ["Equal", "Exists", "Lt", "Gt"];
            errors.push(FieldError::not_supported(&operator_path, operator, &supported));
        }
        _ => errors.push(FieldError::not_supported(&operator_path, operator, &["Equal", "Exists"])),
    }
    if !effect.is_empty() {
        checks::one_of(effect, &EFFECTS, &path.child("effect"), errors);
    }
}

fn validate_number(value: &str, path: &Path<'_>, errors: &mut FieldErrors) {
    if value.parse::<i64>().map(|number| number.to_string()).as_deref() != Ok(value) {
        errors.push(FieldError::invalid(path, value, "must be a valid decimal integer in canonical form"));
    }
}
