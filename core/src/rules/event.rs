//! Events.

use k8s_openapi::api::core::v1::Event;

use super::absent::text;
use super::checks;
use super::normal_form::{NormalForm, Spelling};
use super::object_meta::{self, Scope};
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::object::Meta;

/// The longest `action`, `reason` and `reportingInstance`.
const WORD_BYTES_MAX: usize = 128;

/// The longest message of an event with an `eventTime`.
const MESSAGE_BYTES_MAX: usize = 1024;

/// Where events of objects without a namespace may be.
const NAMESPACES_OF_CLUSTER: [&str; 2] = ["default", "kube-system"];

/// Brings an event into its normal form.
pub fn default(event: &mut Event) {
    event.normalize(Spelling::Canonical);
}

/// All that is wrong with a new event.
pub fn validate_create(meta: &Meta, event: &Event) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check(meta, Scope::Namespaced, names::path_segment, &mut errors);
    validate(meta, event, &mut errors);
    errors
}

/// All that is wrong with a changed event.
pub fn validate_update(meta: &Meta, event: &Event) -> FieldErrors {
    let mut errors = FieldErrors::new();
    validate(meta, event, &mut errors);
    errors
}

fn validate(meta: &Meta, event: &Event, errors: &mut FieldErrors) {
    let namespace = meta.namespace.as_deref().unwrap_or_default();
    let involved = text(&event.involved_object.namespace);
    let is_new_style = event.event_time.is_some();
    let agrees = match (involved, is_new_style) {
        ("", false) => namespace.is_empty() || namespace == NAMESPACES_OF_CLUSTER[0],
        ("", true) => NAMESPACES_OF_CLUSTER.contains(&namespace),
        (involved, false) => involved == namespace,
        (_, true) => true,
    };
    if !agrees {
        let path = Path::new("involvedObject");
        errors.push(FieldError::invalid(
            &path.child("namespace"),
            involved,
            "does not match event.namespace",
        ));
    }
    if is_new_style {
        validate_new_style(event, errors);
    }
    checks::dns_subdomain(namespace, &Path::new("namespace"), errors);
}

/// Events that say when they happened say everything.
fn validate_new_style(event: &Event, errors: &mut FieldErrors) {
    let component = event.reporting_component.as_deref().unwrap_or_default();
    checks::required(component, &Path::new("reportingComponent"), errors);
    checks::qualified_name(component, &Path::new("reportingComponent"), errors);
    let words = [
        ("reportingInstance", event.reporting_instance.as_deref().unwrap_or_default()),
        ("action", text(&event.action)),
        ("reason", text(&event.reason)),
    ];
    for (field, word) in words {
        let path = Path::new(field);
        checks::required(word, &path, errors);
        at_most(word, WORD_BYTES_MAX, &path, errors);
    }
    at_most(text(&event.message), MESSAGE_BYTES_MAX, &Path::new("message"), errors);
}

fn at_most(value: &str, bytes_max: usize, path: &Path<'_>, errors: &mut FieldErrors) {
    if value.len() > bytes_max {
        errors.push(FieldError::invalid(path, "", format!("can have at most {bytes_max} characters")));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn check(namespace: &str, fields: Value, expected: &[&str]) {
        let mut value = json!({"metadata": {}, "involvedObject": {}});
        value.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
        let mut event: Event = serde_json::from_value(value).expect("an event");
        default(&mut event);
        let errors = validate_create(&Meta::namespaced(namespace, "a"), &event);
        assert_eq!(errors.iter().map(ToString::to_string).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn events_are_where_their_object_is() {
        check("ns", json!({"involvedObject": {"namespace": "ns"}}), &[]);
        check("default", json!({"involvedObject": {"kind": "Node"}}), &[]);
        let wrong = "involvedObject.namespace: Invalid value: \"other\": does not match event.namespace";
        check("ns", json!({"involvedObject": {"namespace": "other"}}), &[wrong]);
        let wrong = "involvedObject.namespace: Invalid value: \"\": does not match event.namespace";
        check("ns", json!({"involvedObject": {"kind": "Node"}}), &[wrong]);
    }

    #[test]
    fn events_with_a_time_say_who_did_what() {
        let time = "2026-01-02T03:04:05.000006Z";
        let full = json!({
            "involvedObject": {"namespace": "ns"}, "eventTime": time, "reportingComponent": "c",
            "reportingInstance": "i", "action": "a", "reason": "r",
        });
        check("ns", full, &[]);
        let bare = json!({
            "involvedObject": {"namespace": "ns"}, "eventTime": time, "reportingComponent": "c",
            "reason": "r".repeat(129), "action": "a",
        });
        let expected = [
            "reportingInstance: Required value",
            "reason: Invalid value: \"\": can have at most 128 characters",
        ];
        check("ns", bare, &expected);
    }
}
