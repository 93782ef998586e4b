mod apply;
mod compare;
mod entries;
mod sets;

use jiff::Timestamp;
use serde_json::Value;

use super::*;
use crate::schema::{Node, Schema};

/// The place of a kind's objects.
fn place(api_version: &str, kind: &str) -> &'static Node {
    Schema::of_object(api_version, kind).node()
}

/// The place of an object that says what it is.
fn place_of(object: &Value) -> &'static Node {
    let text = |field: &str| object[field].as_str().unwrap_or_default();
    place(text("apiVersion"), text("kind"))
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a small number")
}

fn set(json: &str) -> FieldSet {
    FieldSet::from_json(&serde_json::from_str(json).expect("JSON")).expect("FieldsV1")
}

fn updater(name: &str, api_version: &str) -> Manager {
    Manager {
        name: name.into(),
        operation: Operation::Update,
        api_version: api_version.into(),
        subresource: "".into(),
    }
}

fn applier(name: &str, api_version: &str) -> Manager {
    Manager { operation: Operation::Apply, ..updater(name, api_version) }
}
