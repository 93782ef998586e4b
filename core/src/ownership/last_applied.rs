//! The hand-over from client-side apply (PATCH-15).

use serde_json::Value;

use super::{FieldSet, Tape, granular};
use crate::schema::Node as Place;

/// Only this manager takes over from client-side apply.
pub(super) const MANAGER: &str = "kubectl";

/// Where client-side apply keeps what it applied last.
const ANNOTATION: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// A configuration larger than all annotations may be is not kept.
const ANNOTATION_BYTES_MAX: usize = 256 << 10;

/// The fields that were applied by the client and are still as it applied them.
pub(super) fn unchanged(live: &Value, place: &'static Place, api_version: &str) -> FieldSet {
    let Some(last) = annotation(live).and_then(|text| serde_json::from_str::<Value>(text).ok()) else {
        return FieldSet::default();
    };
    if last.get("apiVersion").and_then(Value::as_str) != Some(api_version)
        || !granular::misfits(&last, place).is_empty()
    {
        return FieldSet::default();
    }
    let changed = Tape::of(&last, place).compare(&Tape::of(live, place));
    granular::fields_of(&last, place)
        .difference(&changed.modified)
        .difference(&changed.added)
        .difference(&changed.removed)
}

/// Writes what was applied to the annotation, if there is one.
pub(super) fn refresh(object: &mut Value, config: &Value) {
    if annotation(object).is_none() {
        return;
    }
    let mut last = config.clone();
    if let Some(Value::Object(annotations)) = last.pointer_mut("/metadata/annotations") {
        annotations.remove(ANNOTATION);
    }
    let text = format!("{last}\n");
    if let Some(Value::Object(annotations)) = object.pointer_mut("/metadata/annotations") {
        if text.len() > ANNOTATION_BYTES_MAX {
            annotations.remove(ANNOTATION);
        } else {
            annotations.insert(ANNOTATION.to_owned(), Value::String(text));
        }
    }
}

fn annotation(object: &Value) -> Option<&str> {
    object.get("metadata")?.get("annotations")?.get(ANNOTATION)?.as_str().filter(|text| !text.is_empty())
}
