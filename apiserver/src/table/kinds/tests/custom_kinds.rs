use setpoint_core::kind::{Kind, Scope};

use super::*;
use crate::table::{JsonPath, PrinterColumn};

fn site() -> ObjectRef {
    let kind =
        Kind { has_status: true, ..Kind::untyped("example.com", "v1", "Site", "sites", Scope::Namespaced) };
    let value = json!({
        "metadata": { "name": "s", "creationTimestamp": CREATED }, "spec": { "host": "a.example", "size": 3 },
    });
    let draft = Draft::from_value(Arc::new(kind), value).unwrap();
    Arc::new(Object::from_draft(draft, Revision(7)))
}

fn answer(columns: &[PrinterColumn]) -> Value {
    let site = site();
    let meta = ListMeta::default();
    let include = IncludeObject::None;
    let table = Table::new(site.kind(), columns, [&site], meta, include, now(), Object::to_value);
    serde_json::to_value(table).unwrap()
}

#[test]
fn a_custom_kind_shows_its_age() {
    // DISC-13
    let table = answer(&[]);
    assert_eq!(table["rows"][0]["cells"], json!(["s", "60m"]));
    assert_eq!(table["columnDefinitions"][0]["format"], "name");
    assert_eq!(table["columnDefinitions"][1]["name"], "Age");
    assert_eq!(table["columnDefinitions"][1]["type"], "date");
}

#[test]
fn a_custom_kind_shows_the_columns_of_its_definition() {
    let column = |name: &str, type_: &str, path: &str| PrinterColumn {
        name: name.to_owned(),
        type_: type_.to_owned(),
        format: String::new(),
        description: String::new(),
        priority: 0,
        path: JsonPath::parse(path).unwrap(),
    };
    let columns = [
        column("Host", "string", ".spec.host"),
        column("Size", "integer", ".spec.size"),
        column("Ready", "boolean", ".status.ready"),
    ];
    assert_eq!(answer(&columns)["rows"][0]["cells"], json!(["s", "a.example", 3, null]));
}
