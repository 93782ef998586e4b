//! Labels, annotations and the selectors over them (STORE-16, ADM-07).

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};

use super::absent::items;
use super::checks;
use super::entries::Entries;
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;

/// The most bytes an object's annotations may have, keys and values together.
pub const ANNOTATION_BYTES_MAX: usize = 256 * 1024;

/// Whether values in a selector must be values a label could have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SelectorValues {
    /// They must.
    Strict,
    /// They need not: the stored object has others already.
    Lenient,
}

/// Checks keys and values of labels, and of node selectors.
pub fn validate_labels(labels: &impl Entries, path: &Path<'_>, errors: &mut FieldErrors) {
    for (key, value) in labels.pairs() {
        checks::qualified_name(key, path, errors);
        checks::faults(value, names::label_value(value), path, errors);
    }
}

/// Checks the keys of annotations, without regard to case, and their size.
pub fn validate_annotations(annotations: &impl Entries, path: &Path<'_>, errors: &mut FieldErrors) {
    let mut bytes = 0;
    for (key, value) in annotations.pairs() {
        let faults = if key.bytes().any(|byte| byte.is_ascii_uppercase()) {
            names::qualified_name(&key.to_ascii_lowercase())
        } else {
            names::qualified_name(key)
        };
        checks::faults(key, faults, path, errors);
        bytes += key.len() + value.len();
    }
    if bytes > ANNOTATION_BYTES_MAX {
        errors.push(FieldError::too_long(path, ANNOTATION_BYTES_MAX));
    }
}

/// Checks a selector that may be absent.
pub(crate) fn validate_selector(
    selector: Option<&LabelSelector>,
    values: SelectorValues,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let Some(selector) = selector else { return };
    validate_labels(&selector.match_labels, &path.child("matchLabels"), errors);
    let expressions = path.child("matchExpressions");
    for (index, requirement) in items(&selector.match_expressions).iter().enumerate() {
        validate_requirement(requirement, values, &expressions.index(index), errors);
    }
}

fn validate_requirement(
    requirement: &LabelSelectorRequirement,
    strictness: SelectorValues,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let values = items(&requirement.values);
    let values_path = path.child("values");
    match requirement.operator.as_str() {
        "In" | "NotIn" if values.is_empty() => {
            let why = "must be specified when `operator` is 'In' or 'NotIn'";
            errors.push(FieldError::required(&values_path, why));
        }
        "Exists" | "DoesNotExist" if !values.is_empty() => {
            let why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
            errors.push(FieldError::forbidden(&values_path, why));
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
        operator => {
            let path = path.child("operator");
            errors.push(FieldError::invalid(&path, operator, "not a valid selector operator"));
        }
    }
    checks::qualified_name(&requirement.key, &path.child("key"), errors);
    if strictness == SelectorValues::Strict {
        for (index, value) in values.iter().enumerate() {
            checks::faults(value, names::label_value(value), &values_path.index(index), errors);
        }
    }
}

/// Whether a selector names a value that no label can have.
pub(crate) fn has_impossible_value(selector: Option<&LabelSelector>) -> bool {
    selector.into_iter().flat_map(|selector| items(&selector.match_expressions)).any(|requirement| {
        items(&requirement.values).iter().any(|value| !names::label_value(value).is_empty())
    })
}

/// Whether a selector has no requirement at all.
pub(crate) fn is_empty(selector: &LabelSelector) -> bool {
    selector.match_labels.as_ref().is_none_or(|labels| labels.is_empty())
        && items(&selector.match_expressions).is_empty()
}

/// Whether labels satisfy every requirement of a valid selector.
pub(crate) fn matches(selector: &LabelSelector, labels: &impl Entries) -> bool {
    selector.match_labels.pairs().all(|(key, value)| labels.value(key) == Some(value))
        && items(&selector.match_expressions).iter().all(|requirement| {
            let value = labels.value(&requirement.key);
            let is_listed =
                || value.is_some_and(|value| items(&requirement.values).iter().any(|listed| listed == value));
            match requirement.operator.as_str() {
                "In" => is_listed(),
                "NotIn" => !is_listed(),
                "Exists" => value.is_some(),
                "DoesNotExist" => value.is_none(),
                _ => false,
            }
        })
}
