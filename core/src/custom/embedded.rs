//! Whole objects within objects: their kind and metadata are looked at like those of any object (CRD-03).

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;

use super::structural::Structural;
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::object::Meta;
use crate::rules::object_meta::{self, Scope};

/// Drops the metadata fields that there are not.
pub(super) fn tidy(value: &mut Value, schema: &Structural) {
    each(value, schema, &mut |fields| {
        let Some(meta) = fields.get_mut("metadata") else { return };
        if let Ok(known) = serde_json::from_value::<ObjectMeta>(meta.clone())
            && let Ok(known) = serde_json::to_value(known)
        {
            *meta = known;
        }
    });
}

fn each(
    value: &mut Value,
    schema: &Structural,
    change: &mut impl FnMut(&mut serde_json::Map<String, Value>),
) {
    match value {
        Value::Object(fields) => {
            if schema.is_embedded {
                change(fields);
            }
            for (name, value) in fields {
                if let Some(field) = schema.field(name) {
                    each(value, field, change);
                }
            }
        }
        Value::Array(items) => {
            if let Some(schema) = &schema.items {
                items.iter_mut().for_each(|item| each(item, schema, change));
            }
        }
        _ => {}
    }
}

/// What is wrong with the embedded objects of a value.
pub(super) fn check(value: &Value, schema: &Structural, path: &Path<'_>, faults: &mut FieldErrors) {
    match value {
        Value::Object(fields) => {
            if schema.is_embedded {
                check_one(fields, path, faults);
            }
            for (name, value) in fields {
                match schema.properties.get(name) {
                    Some(field) => check(value, field, &path.child(name), faults),
                    None => {
                        if let Some(field) = schema.field(name) {
                            check(value, field, &path.key(name), faults);
                        }
                    }
                }
            }
        }
        Value::Array(items) => {
            if let Some(schema) = &schema.items {
                for (at, item) in items.iter().enumerate() {
                    check(item, schema, &path.index(at), faults);
                }
            }
        }
        _ => {}
    }
}

fn check_one(fields: &serde_json::Map<String, Value>, path: &Path<'_>, faults: &mut FieldErrors) {
    for name in ["apiVersion", "kind"] {
        match fields.get(name) {
            Some(Value::String(text)) if !text.is_empty() => {}
            None | Some(Value::Null | Value::String(_)) => {
                faults.push(FieldError::required(&path.child(name), "must not be empty"));
            }
            Some(other) => faults.push(FieldError::invalid(&path.child(name), other, "must be a string")),
        }
    }
    let Some(meta) = fields.get("metadata").filter(|meta| !meta.is_null()) else { return };
    let path = path.child("metadata");
    match serde_json::from_value::<ObjectMeta>(meta.clone()) {
        Ok(meta) => {
            let scope = if meta.namespace.is_some() { Scope::Namespaced } else { Scope::Cluster };
            let named = meta.name.is_some() || meta.generate_name.is_some();
            let found = object_meta::validate(&Meta::from_wire(meta), scope, names::path_segment);
            faults.extend(found.into_iter().filter_map(|fault| {
                // It need not have a name.
                if !named && fault.field == "metadata.name" {
                    return None;
                }
                let rest = fault.field.strip_prefix("metadata").unwrap_or(&fault.field).to_owned();
                Some(FieldError { field: format!("{path}{rest}"), ..fault })
            }));
        }
        Err(error) => faults.push(FieldError::invalid(&path, meta, error.to_string())),
    }
}
