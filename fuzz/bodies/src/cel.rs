//! Expressions: whatever they say, they end, and say the same twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;
use setpoint_core::cel::{Fields, Key, Object, Program, Type, Value};

use crate::text;

/// What a run may cost.
const COST_MAX: u64 = 20_000;

/// An expression and, after a zero byte, the JSON value that it is about.
pub fn cel(input: &[u8]) {
    let Some(text) = text(input) else { return };
    let (expression, value) = text.split_once('\0').unwrap_or((text, "null"));
    let json: Json = serde_json::from_str(value).unwrap_or_default();
    let (known, value) = seen(&json, "self");
    for type_ in [Type::Dyn, known] {
        match Program::compile(expression, &[("self", type_.clone()), ("oldSelf", Type::optional(type_))]) {
            Err(error) => {
                assert!(error.to_string().starts_with("ERROR: <input>:"), "{expression:?}: {error}")
            }
            Ok(program) => {
                let variables = [("self", value.clone()), ("oldSelf", Value::some(value.clone()))];
                let one = program.run(&variables, COST_MAX);
                let two = program.run(&variables, COST_MAX);
                assert_eq!(one.cost, two.cost, "{expression:?}");
                assert_eq!(one.value.is_ok(), two.value.is_ok(), "{expression:?}");
                assert!(one.value.is_err() || one.cost <= COST_MAX, "{expression:?} cost {}", one.cost);
            }
        }
    }
}

/// A JSON value as an expression may see it, with what is known of it.
fn seen(json: &Json, name: &str) -> (Type, Value) {
    match json {
        Json::Null => (Type::Dyn, Value::Null),
        Json::Bool(flag) => (Type::Bool, Value::Bool(*flag)),
        Json::String(text) => (Type::String, Value::from(text.as_str())),
        Json::Number(number) => match number.as_i64() {
            Some(number) => (Type::Int, Value::Int(number)),
            None => (Type::Double, Value::Double(number.as_f64().unwrap_or_default())),
        },
        Json::Array(items) => {
            let items: Vec<(Type, Value)> = items.iter().map(|item| seen(item, name)).collect();
            let first = items.first().map_or(Type::Dyn, |(type_, _)| type_.clone());
            let is_one = items.iter().all(|(type_, _)| *type_ == first);
            let items: Vec<Value> = items.into_iter().map(|(_, value)| value).collect();
            (Type::list(if is_one { first } else { Type::Dyn }), items.into())
        }
        Json::Object(fields) if fields.contains_key("map") => {
            let entry =
                |(name, value): (&String, &Json)| (Key::String(name.as_str().into()), seen(value, name).1);
            (Type::map(Type::Dyn), Value::Map(Arc::new(fields.iter().map(entry).collect())))
        }
        Json::Object(fields) => {
            let mut known = Fields { name: name.to_owned(), ..Fields::default() };
            let mut object = Object { fields: BTreeMap::new(), rest: BTreeMap::new() };
            for (field, value) in fields {
                let (type_, value) = seen(value, &format!("{name}.{field}"));
                known.fields.insert(field.clone(), type_);
                object.fields.insert(field.as_str().into(), value);
            }
            (Type::Object(Arc::new(known)), Value::Object(Arc::new(object)))
        }
    }
}
