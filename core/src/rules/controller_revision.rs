//! ControllerRevisions: what DaemonSets and StatefulSets were (ADM-11).

use k8s_openapi::api::apps::v1::ControllerRevision;
use serde_json::Value;

use super::absent::number;
use super::checks;
use super::normal_form::{NormalForm, Spelling};
use super::object_meta::{self, Scope};
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::object::Meta;

/// Fills in the number, which is always shown.
pub fn default(revision: &mut ControllerRevision) {
    revision.normalize(Spelling::Canonical);
}

/// All that is wrong with a new revision.
pub fn validate_create(meta: &Meta, revision: &ControllerRevision) -> FieldErrors {
    let mut errors = FieldErrors::new();
    validate(meta, revision, &mut errors);
    let path = Path::new("data");
    match &revision.data.0 {
        Value::Object(_) => {}
        Value::Null => errors.push(FieldError::required(&path, "data is mandatory")),
        _ => errors.push(FieldError::required(&path, "data must be a valid JSON object")),
    }
    errors
}

/// All that is wrong with a changed revision, of which only the number may change.
pub fn validate_update(
    new_meta: &Meta,
    new: &ControllerRevision,
    old_meta: &Meta,
    old: &ControllerRevision,
) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check_update(new_meta, old_meta, &mut errors);
    validate(new_meta, new, &mut errors);
    checks::immutable(&new.data, &old.data, &Path::new("data"), &mut errors);
    errors
}

fn validate(meta: &Meta, revision: &ControllerRevision, errors: &mut FieldErrors) {
    object_meta::check(meta, Scope::Namespaced, names::dns1123_subdomain, errors);
    checks::non_negative(number(revision.revision), &Path::new("revision"), errors);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn revision(value: Value) -> ControllerRevision {
        let mut revision = serde_json::from_value(value).expect("a revision");
        default(&mut revision);
        revision
    }

    fn texts(errors: &FieldErrors) -> Vec<String> {
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn data_is_an_object() {
        // REV-20
        let meta = Meta::namespaced("ns", "r");
        let rows = [
            (json!({"data": {"spec": {}}}), vec![]),
            (json!({"data": null, "revision": 1}), vec!["data: Required value: data is mandatory"]),
            (json!({"data": [1]}), vec!["data: Required value: data must be a valid JSON object"]),
            (
                json!({"data": {}, "revision": -1}),
                vec!["revision: Invalid value: -1: must be greater than or equal to 0"],
            ),
        ];
        for (value, expected) in rows {
            assert_eq!(texts(&validate_create(&meta, &revision(value))), expected);
        }
    }

    #[test]
    fn only_the_number_may_change() {
        // ADM-11, REV-20
        let meta = Meta::namespaced("ns", "r");
        let old = revision(json!({"data": {"a": 1}, "revision": 1}));
        let later = revision(json!({"data": {"a": 1}, "revision": 2}));
        assert_eq!(validate_update(&meta, &later, &meta, &old), vec![]);
        let other = revision(json!({"data": {"a": 2}, "revision": 1}));
        assert_eq!(
            texts(&validate_update(&meta, &other, &meta, &old)),
            vec!["data: Invalid value: {\"a\":2}: field is immutable"]
        );
    }
}
