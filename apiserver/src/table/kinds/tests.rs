//! Objects as JSON, and the cells that upstream prints for them.

mod core_kinds;
mod custom_kinds;
mod pods;
mod volumes_and_networks;
mod workloads;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use setpoint_core::kind::Registry;
use setpoint_core::object::{Draft, Object, ObjectRef, Revision};
use setpoint_core::schema::Schema;

use super::*;
use crate::table::{IncludeObject, ListMeta, Table};

const CREATED: &str = "2026-01-01T00:00:00Z";

fn now() -> Timestamp {
    "2026-01-01T01:00:00Z".parse().unwrap()
}

/// An object of a registered kind, created an hour ago.
fn object(mut value: Value) -> ObjectRef {
    let text = |field: &str| value[field].as_str().unwrap_or_default().to_owned();
    let (kind, api_version) = (text("kind"), text("apiVersion"));
    let found = Registry::builtin().find(&kind, &api_version);
    let found = found.unwrap_or_else(|| panic!("{kind} is not registered"));
    if value["metadata"]["creationTimestamp"].is_null() {
        value["metadata"]["creationTimestamp"] = json!(CREATED);
    }
    let draft = Draft::from_value(found, value).unwrap_or_else(|error| panic!("{kind}: {error}"));
    Arc::new(Object::from_draft(draft, Revision(7)))
}

fn table(objects: &[ObjectRef], include: IncludeObject) -> Value {
    let kind = Arc::clone(objects[0].kind());
    let metadata = ListMeta { resource_version: "7".to_owned(), ..ListMeta::default() };
    let table = Table::new(&kind, &[], objects, metadata, include, now(), Object::to_value);
    serde_json::to_value(&table).unwrap()
}

fn check(value: Value, expected: Value) {
    let name = value["kind"].clone();
    let table = table(&[object(value)], IncludeObject::None);
    assert_eq!(table["rows"][0]["cells"], expected, "{name}");
    let width = table["columnDefinitions"].as_array().unwrap().len();
    assert_eq!(expected.as_array().unwrap().len(), width, "{name}");
}

#[test]
fn every_registered_kind_is_kept_in_the_parts_that_its_printer_reads() {
    for kind in Registry::builtin().kinds() {
        let Some(printer) = printer(&kind) else { panic!("{} is built in", kind.names.kind) };
        let value = json!({ "metadata": { "name": "x" } });
        // Kinds with required fields do not decode from nothing; those have tests of their own.
        let Ok(draft) = Draft::from_value(Arc::clone(&kind), value) else { continue };
        let object = Object::from_draft(draft, Revision(1));
        let cells = (printer.cells)(&object, now());
        let cells = cells.unwrap_or_else(|| panic!("{} is in other parts", kind.names.kind));
        assert_eq!(cells.len(), printer.columns.len(), "{}", kind.names.kind);
    }
}

#[test]
fn every_column_of_the_apis_is_described() {
    for type_ in Schema::types() {
        let Some(kind) = type_.kind() else { continue };
        let registry = Registry::builtin();
        let Some(kind) = registry.find_in_group(kind.kind, kind.group) else { continue };
        for column in printer(&kind).expect("a built-in kind").columns {
            let definition = column.definition();
            assert!(!definition.description.is_empty(), "{}: {}", kind.names.kind, definition.name);
        }
    }
}

#[test]
fn rows_have_as_much_of_the_object_as_was_asked_for() {
    // DISC-12
    let config = object(json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "c", "namespace": "n" },
        "data": { "a": "1" },
    }));
    let answer = table(std::slice::from_ref(&config), IncludeObject::Metadata);
    assert_eq!(answer["kind"], "Table");
    assert_eq!(answer["apiVersion"], "meta.k8s.io/v1");
    assert_eq!(answer["metadata"], json!({ "resourceVersion": "7" }));
    assert_eq!(
        answer["rows"][0]["object"],
        json!({
            "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
            "metadata": {
                "name": "c", "namespace": "n", "creationTimestamp": CREATED, "resourceVersion": "7",
            },
        })
    );
    assert_eq!(table(std::slice::from_ref(&config), IncludeObject::None)["rows"][0]["object"], Value::Null);
    let whole = table(std::slice::from_ref(&config), IncludeObject::Object);
    assert_eq!(whole["rows"][0]["object"]["data"], json!({ "a": "1" }));
    let refused = IncludeObject::parse("all").unwrap_err();
    assert_eq!(
        refused.message(),
        "Unable to convert to Table as requested: includeObject: Invalid value: \"all\": must be 'Metadata', \
         'Object', 'None', or empty"
    );
}

#[test]
fn a_watch_shows_the_columns_once() {
    let config = object(json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "c" } }));
    let kind = Arc::clone(config.kind());
    let table =
        Table::new(&kind, &[], [&config], ListMeta::default(), IncludeObject::None, now(), Object::to_value);
    let value = serde_json::to_value(table.without_columns()).unwrap();
    assert_eq!(value["columnDefinitions"], Value::Null);
    assert_eq!(value["metadata"], json!({}));
}
