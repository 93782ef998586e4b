//! Sets and maps that are written as lists (CRD-04).

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::structural::{ListKind, Structural};
use crate::field::{FieldError, FieldErrors, Path};

/// Items of sets, and keys of maps, that are there twice.
pub(super) fn check(value: &Value, schema: &Structural, path: &Path<'_>, faults: &mut FieldErrors) {
    match value {
        Value::Object(fields) => {
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
            match &schema.list {
                ListKind::Atomic => {}
                ListKind::Set => {
                    for at in repeated(items.iter().map(Value::to_string)) {
                        faults.push(FieldError::duplicate(&path.index(at), &items[at]));
                    }
                }
                ListKind::Map(keys) => check_map(items, keys, path, faults),
            }
            if let Some(schema) = &schema.items {
                for (at, item) in items.iter().enumerate() {
                    check(item, schema, &path.index(at), faults);
                }
            }
        }
        _ => {}
    }
}

fn check_map(items: &[Value], keys: &[String], path: &Path<'_>, faults: &mut FieldErrors) {
    let unfit = items.iter().position(|item| !item.is_object() && !item.is_null());
    if let Some(at) = unfit {
        let why = "must be an object for an array of list-type map";
        faults.push(FieldError::invalid(&path.index(at), &items[at], why));
        return;
    }
    let key = |item: &Value| -> Map<String, Value> {
        keys.iter().filter_map(|name| Some((name.clone(), item.get(name)?.clone()))).collect()
    };
    let found: Vec<Value> = items.iter().map(|item| Value::Object(key(item))).collect();
    for at in repeated(found.iter().map(Value::to_string)) {
        faults.push(FieldError::duplicate(&path.index(at), &found[at]));
    }
}

/// Where texts are that were there before, each text once.
fn repeated(texts: impl Iterator<Item = String>) -> Vec<usize> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut found = Vec::new();
    for (at, text) in texts.enumerate() {
        let times = seen.entry(text).or_default();
        *times += 1;
        if *times == 2 {
            found.push(at);
        }
    }
    found
}
