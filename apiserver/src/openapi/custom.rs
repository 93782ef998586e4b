//! Schemas of custom kinds in the older dialect, which knows less.

use serde_json::{Map, Value};

/// Takes out what version 2 does not have: null as a value, and logic. Where something may be null or is an integer or
/// text, nothing is said of its type, as old clients take each type by its word.
pub(super) fn for_v2(schema: &mut Map<String, Value>) {
    for name in ["oneOf", "anyOf", "allOf", "not"] {
        schema.remove(name);
    }
    let is = |schema: &Map<String, Value>, name: &str| schema.get(name) == Some(&Value::Bool(true));
    let either = is(schema, "x-kubernetes-int-or-string") || is(schema, "nullable");
    schema.remove("nullable");
    if either {
        for name in ["type", "items", "properties"] {
            schema.remove(name);
        }
    }
    if is(schema, "x-kubernetes-preserve-unknown-fields") {
        schema.remove("items");
        schema.remove("properties");
        if schema.get("type").and_then(Value::as_str) != Some("object") {
            schema.remove("type");
        }
    }
    if let Some(Value::Object(fields)) = schema.get_mut("properties") {
        fields.values_mut().filter_map(Value::as_object_mut).for_each(for_v2);
    }
    for name in ["items", "additionalProperties"] {
        if let Some(Value::Object(inner)) = schema.get_mut(name) {
            for_v2(inner);
        }
    }
}
