//! Values as expressions see them (CRD-05).

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use super::declared::{escaped, has_envelope};
use super::formats::go_duration;
use super::prune::ENVELOPE;
use super::structural::{Additional, ListKind, Structural, Type};
use super::validate::whole;
use crate::cel::{Key, List, ListMeaning, Object, Value};

/// The value of a part of an object; `None` if it is not what the schema says, or nothing.
pub(super) fn of(json: &Json, schema: &Structural, is_root: bool) -> Option<Value> {
    if json.is_null() {
        return schema.is_nullable.then_some(Value::Null);
    }
    if schema.is_int_or_string {
        return match json {
            Json::String(text) => Some(Value::from(text.as_str())),
            Json::Number(number) => whole(number).map(Value::Int),
            _ => None,
        };
    }
    match (schema.type_?, json) {
        (Type::Object, Json::Object(fields)) => Some(match &schema.additional {
            Some(Additional::Schema(values)) if !is_root => map(fields, values),
            _ => object(fields, schema, is_root),
        }),
        (Type::Array, Json::Array(items)) => list(items, schema),
        (Type::String, Json::String(text)) => string(text, schema.checks.format.as_deref()),
        (Type::Boolean, Json::Bool(flag)) => Some(Value::Bool(*flag)),
        (Type::Integer, Json::Number(number)) => whole(number).map(Value::Int),
        (Type::Number, Json::Number(number)) => number.as_f64().map(Value::Double),
        _ => None,
    }
}

fn map(fields: &Map<String, Json>, values: &Structural) -> Value {
    let entry = |(name, value): (&String, &Json)| {
        Some((Key::String(name.as_str().into()), of(value, values, values.is_embedded)?))
    };
    Value::Map(Arc::new(fields.iter().filter_map(entry).collect()))
}

fn object(fields: &Map<String, Json>, schema: &Structural, is_root: bool) -> Value {
    let mut object = Object::default();
    let adds_envelope = is_root && !has_envelope(schema);
    for (name, value) in fields {
        let known = if adds_envelope && ENVELOPE.contains(&name.as_str()) {
            envelope(name, value)
        } else {
            schema.properties.get(name).and_then(|field| of(value, field, field.is_embedded))
        };
        match (escaped(name), known) {
            // Null stands for nothing.
            (_, Some(Value::Null)) => {}
            (Some(escaped), Some(known)) => _ = object.fields.insert(escaped.into(), known),
            _ if value.is_null() => {}
            _ => _ = object.rest.insert(name.clone(), value.clone()),
        }
    }
    Value::Object(Arc::new(object))
}

/// Kind and name of a whole object.
fn envelope(name: &str, value: &Json) -> Option<Value> {
    if name != "metadata" {
        return value.as_str().map(Value::from);
    }
    let mut meta = Object::default();
    for (name, value) in value.as_object()? {
        match value {
            Json::String(text) if matches!(name.as_str(), "name" | "generateName") => {
                meta.fields.insert(name.as_str().into(), Value::from(text.as_str()));
            }
            other => _ = meta.rest.insert(name.clone(), other.clone()),
        }
    }
    Some(Value::Object(Arc::new(meta)))
}

fn list(items: &[Json], schema: &Structural) -> Option<Value> {
    let of_items = schema.items.as_ref()?;
    let items: Option<Vec<Value>> =
        items.iter().map(|item| of(item, of_items, of_items.is_embedded)).collect();
    let meaning = match &schema.list {
        ListKind::Atomic => ListMeaning::Atomic,
        ListKind::Set => ListMeaning::Set,
        ListKind::Map(keys) => ListMeaning::Map(keys.iter().filter_map(|key| escaped(key)).collect()),
    };
    Some(Value::List(List { items: Arc::new(items?), meaning }))
}

fn string(text: &str, format: Option<&str>) -> Option<Value> {
    match format {
        Some("byte") => STANDARD.decode(text).ok().map(|bytes| Value::Bytes(bytes.into())),
        Some("duration") => duration(text).map(Value::Duration),
        Some("date") => {
            let date: jiff::civil::Date = text.parse().ok()?;
            Some(Value::Timestamp(date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp()))
        }
        Some("date-time") => text.parse::<Timestamp>().ok().map(Value::Timestamp),
        _ => Some(Value::from(text)),
    }
}

/// As Go writes durations, or a number of days or weeks.
fn duration(text: &str) -> Option<i64> {
    if let Some(nanos) = go_duration(text) {
        return Some(nanos);
    }
    let text = text.trim();
    let end = text.find(|character: char| !character.is_ascii_digit())?;
    let count: i64 = text[..end].parse().ok()?;
    let unit = match text[end..].trim().trim_end_matches('s') {
        "n" | "nano" | "nanosecond" => 1,
        "u" | "µ" | "micro" | "microsecond" => 1_000,
        "m" if text.ends_with("ms") => 1_000_000,
        "milli" | "millisecond" => 1_000_000,
        "" | "ec" | "sec" | "second" => 1_000_000_000,
        "m" | "min" | "minute" => 60_000_000_000,
        "h" | "hr" | "hour" => 3_600_000_000_000,
        "d" | "day" => 86_400_000_000_000,
        "w" | "week" => 604_800_000_000_000,
        _ => return None,
    };
    count.checked_mul(unit)
}

/// The values of an object's fields by the names in its schema, of which expressions need not see all.
pub(super) fn field(value: &Value, json: &Json, name: &str, schema: &Structural) -> Option<Value> {
    match value {
        Value::Object(object) => match escaped(name) {
            Some(escaped) => object.fields.get(escaped.as_str()).cloned(),
            None => of(json.get(name)?, schema, schema.is_embedded),
        },
        Value::Map(map) => map.get(&Key::String(name.into())).cloned(),
        _ => None,
    }
}

/// Items of a list by their keys.
pub(super) fn by_keys(list: &List) -> BTreeMap<Vec<Option<Key>>, usize> {
    let ListMeaning::Map(keys) = &list.meaning else { return BTreeMap::new() };
    list.items.iter().enumerate().rev().map(|(at, item)| (keys_of(item, keys), at)).collect()
}

/// The keys of an item.
pub(super) fn keys_of(item: &Value, keys: &[String]) -> Vec<Option<Key>> {
    let key = |name: &String| match item {
        Value::Object(object) => object.fields.get(name.as_str()).and_then(Key::of),
        _ => None,
    };
    keys.iter().map(key).collect()
}
