//! RuntimeClasses.

use k8s_openapi::api::node::v1::RuntimeClass;

use super::absent::items;
use super::labels::validate_labels;
use super::normal_form::{NormalForm, Spelling};
use super::object_meta::{self, Scope};
use super::{checks, pod};
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::object::Meta;

/// Brings a class into its normal form.
pub fn default(class: &mut RuntimeClass) {
    class.normalize(Spelling::Canonical);
}

/// All that is wrong with a new class.
pub fn validate_create(meta: &Meta, class: &RuntimeClass) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check(meta, Scope::Cluster, names::dns1123_subdomain, &mut errors);
    checks::dns_label(&class.handler, &Path::new("handler"), &mut errors);
    if let Some(overhead) = &class.overhead {
        let path = Path::new("overhead");
        pod::validate_amounts(&overhead.pod_fixed, &path.child("podFixed"), &mut errors);
    }
    if let Some(scheduling) = &class.scheduling {
        let path = Path::new("scheduling");
        validate_labels(&scheduling.node_selector, &path.child("nodeSelector"), &mut errors);
        let (tolerations, path) = (items(&scheduling.tolerations), path.child("tolerations"));
        pod::validate_tolerations(tolerations, &path, &mut errors);
        for (index, toleration) in tolerations.iter().enumerate() {
            if tolerations[..index].contains(toleration) {
                errors.push(FieldError::duplicate(&path.index(index), toleration));
            }
        }
    }
    errors
}

/// All that is wrong with a changed class: its handler stays.
pub fn validate_update(
    new_meta: &Meta,
    new: &RuntimeClass,
    old_meta: &Meta,
    old: &RuntimeClass,
) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check_update(new_meta, old_meta, &mut errors);
    checks::immutable(&new.handler, &old.handler, &Path::new("handler"), &mut errors);
    errors
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};

    use super::*;

    fn class(mut value: Value) -> RuntimeClass {
        value["metadata"] = json!({});
        let mut class = from_value(value).expect("a class");
        default(&mut class);
        class
    }

    #[test]
    fn classes_are_checked() {
        let good = class(json!({
            "handler": "runc", "overhead": {"podFixed": {"cpu": "250m"}},
            "scheduling": {"nodeSelector": {"a": "b"}, "tolerations": [{"key": "x", "operator": "Exists"}]},
        }));
        assert_eq!(validate_create(&Meta::cluster("a"), &good), []);
        let bad = class(json!({
            "handler": "Run.C", "overhead": {"podFixed": {"cpu": "-1"}},
            "scheduling": {"tolerations": [{"key": "x", "operator": "Exists"}, {"key": "x", "operator": "Exists"}]},
        }));
        let errors = validate_create(&Meta::cluster("a"), &bad);
        let fields: Vec<&str> = errors.iter().map(|error| &*error.field).collect();
        assert_eq!(fields, ["handler", "overhead.podFixed[cpu]", "scheduling.tolerations[1]"]);
        let errors = validate_update(&Meta::cluster("a"), &bad, &Meta::cluster("a"), &good);
        assert_eq!(errors[0].to_string(), "handler: Invalid value: \"Run.C\": field is immutable");
    }
}
