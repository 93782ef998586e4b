//! Defaults, and nulls where there can be none (CRD-03).

use serde_json::Value;

use super::structural::{Additional, Structural};

/// Removes nulls where null is no value and no default takes their place.
pub(super) fn drop_nulls(value: &mut Value, schema: &Structural) {
    match value {
        Value::Object(fields) => fields.retain(|name, value| {
            let Some(field) = schema.field(name) else { return true };
            let is_known = schema.properties.contains_key(name);
            if value.is_null() && field.refuses_null() && (!is_known || field.default.is_none()) {
                return false;
            }
            drop_nulls(value, field);
            true
        }),
        Value::Array(items) => {
            if let Some(schema) = &schema.items {
                items.iter_mut().for_each(|item| drop_nulls(item, schema));
            }
        }
        _ => {}
    }
}

/// Fills in the defaults of what is missing, or null where null is no value.
pub(super) fn fill(value: &mut Value, schema: &Structural) {
    let is_missing = |value: &Value, schema: &Structural| value.is_null() && schema.refuses_null();
    match value {
        Value::Object(fields) => {
            for (name, field) in &schema.properties {
                let Some(default) = &field.default else { continue };
                if fields.get(name).is_none_or(|value| is_missing(value, field)) {
                    fields.insert(name.clone(), default.clone());
                }
            }
            for (name, value) in fields.iter_mut() {
                if let Some(field) = schema.properties.get(name) {
                    fill(value, field);
                } else if let Some(Additional::Schema(field)) = &schema.additional {
                    if is_missing(value, field)
                        && let Some(default) = &field.default
                    {
                        value.clone_from(default);
                    }
                    fill(value, field);
                }
            }
        }
        Value::Array(items) => {
            let Some(schema) = &schema.items else { return };
            for item in items {
                if is_missing(item, schema)
                    && let Some(default) = &schema.default
                {
                    item.clone_from(default);
                }
                fill(item, schema);
            }
        }
        _ => {}
    }
}
