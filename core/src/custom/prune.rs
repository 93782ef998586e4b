//! Unknown fields go (CRD-03).

use serde_json::Value;

use super::structural::{Additional, Structural};

/// Fields of whole objects, which have a type of their own.
pub(super) const ENVELOPE: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// Removes all fields that a schema does not know. Of a whole object, kind and metadata stay.
pub(super) fn prune(value: &mut Value, schema: &Structural, is_whole: bool) {
    let is_whole = is_whole || schema.is_embedded;
    match value {
        Value::Object(fields) => {
            fields.retain(|name, value| {
                if is_whole && ENVELOPE.contains(&name.as_str()) {
                    return true;
                }
                if let Some(field) = schema.properties.get(name) {
                    prune(value, field, false);
                    return true;
                }
                match &schema.additional {
                    Some(Additional::Schema(values)) => {
                        prune(value, values, false);
                        true
                    }
                    // What is allowed without a schema is known by nothing.
                    Some(Additional::Any(_)) if !schema.preserves_unknown => {
                        prune(value, &Structural::default(), false);
                        true
                    }
                    _ => schema.preserves_unknown,
                }
            });
        }
        Value::Array(items) => {
            let items_schema = schema.items.as_deref();
            let keeps = schema.preserves_unknown && items_schema.is_none();
            if !keeps {
                let nothing = Structural::default();
                let items_schema = items_schema.unwrap_or(&nothing);
                items.iter_mut().for_each(|item| prune(item, items_schema, false));
            }
        }
        _ => {}
    }
}
