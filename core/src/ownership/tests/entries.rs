use std::sync::Arc;

use super::*;

fn data(fields: &[&str]) -> FieldSet {
    fields.iter().map(|field| [Element::field("data"), Element::field(*field)]).collect()
}

fn adds(fields: &[&str]) -> Comparison {
    Comparison { added: data(fields), ..Comparison::default() }
}

fn removes(fields: &[&str]) -> Comparison {
    Comparison { removed: data(fields), ..Comparison::default() }
}

fn write(managed: &ManagedFields, name: &str, changed: &Comparison, second: i64) -> ManagedFields {
    managed.updated(changed, &updater(name, "v1"), at(second), |_| true)
}

fn owners(managed: &ManagedFields) -> Vec<(String, String)> {
    managed.entries().iter().map(|entry| (entry.manager.name.to_string(), entry.fields.to_json())).collect()
}

#[test]
fn what_is_changed_is_the_writers_and_nobody_elses() {
    // PATCH-12
    let managed = write(&ManagedFields::default(), "one", &adds(&["a", "b"]), 1);
    let managed = write(&managed, "two", &adds(&["b", "c"]), 2);
    let text = |name: &str, json: &str| (name.to_owned(), json.to_owned());
    assert_eq!(
        owners(&managed),
        [text("one", r#"{"f:data":{"f:a":{}}}"#), text("two", r#"{"f:data":{"f:b":{},"f:c":{}}}"#)]
    );
    let managed = write(&managed, "two", &adds(&["a"]), 3);
    assert_eq!(owners(&managed), [text("two", r#"{"f:data":{"f:a":{},"f:b":{},"f:c":{}}}"#)]);
}

#[test]
fn what_is_removed_nobody_owns_and_the_remover_gets_no_entry() {
    // PATCH-12
    let managed = write(&ManagedFields::default(), "one", &adds(&["a", "b"]), 1);
    let managed = write(&managed, "two", &removes(&["b"]), 2);
    assert_eq!(owners(&managed), [("one".to_owned(), r#"{"f:data":{"f:a":{}}}"#.to_owned())]);
    assert_eq!(managed.entries()[0].time, Some(at(1)));
    assert!(write(&managed, "two", &removes(&["a"]), 3).is_empty());
}

#[test]
fn what_identifies_an_object_is_never_owned() {
    // PATCH-12
    let path = |path: &[&str]| path.iter().map(|name| Element::field(*name)).collect::<Vec<_>>();
    let added: FieldSet =
        [path(&["apiVersion"]), path(&["kind"]), path(&["metadata", "name"]), path(&["metadata", "uid"])]
            .into_iter()
            .collect();
    let changed = Comparison { added, ..Comparison::default() };
    assert!(write(&ManagedFields::default(), "one", &changed, 1).is_empty());
}

#[test]
fn subresources_and_versions_have_entries_of_their_own() {
    // PATCH-12, PATCH-14
    let status = Manager { subresource: "status".into(), ..updater("one", "v1") };
    let managed = write(&ManagedFields::default(), "one", &adds(&["a"]), 1);
    let managed = managed.updated(&adds(&["b"]), &status, at(1), |_| true);
    let managed = managed.updated(&adds(&["c"]), &updater("one", "v2"), at(1), |_| true);
    assert_eq!(managed.entries().len(), 3);
    let left = managed.updated(&adds(&["d"]), &status, at(1), |version| version == "v1");
    assert_eq!(left.entries().len(), 2, "those of versions that are not served go (PATCH-13)");
}

#[test]
fn entries_that_do_not_change_are_shared() {
    let managed = write(&ManagedFields::default(), "one", &adds(&["a", "b"]), 1);
    let managed = write(&managed, "two", &adds(&["c"]), 1);
    let same = write(&managed, "two", &adds(&["c"]), 1);
    assert!(same.shares_all(&managed));
    let later = write(&managed, "two", &adds(&["c"]), 2);
    assert!(Arc::ptr_eq(&later.entries()[0], &managed.entries()[0]));
    assert!(later.entries()[1].fields.ptr_eq(&managed.entries()[1].fields));
    assert!(later.is_same_but_for_times(&managed));
}

#[test]
fn the_oldest_updaters_are_forgotten_together() {
    // PATCH-13
    let mut managed = ManagedFields::default();
    for number in 0..UPDATE_MANAGERS_MAX {
        let field = format!("f{number}");
        managed = write(&managed, &format!("m{number}"), &adds(&[&field]), number as i64);
    }
    assert_eq!(managed.entries().len(), UPDATE_MANAGERS_MAX);
    managed = write(&managed, "next", &adds(&["x"]), 20);
    assert_eq!(managed.entries().len(), UPDATE_MANAGERS_MAX);
    let ancient = &managed.entries()[0];
    assert_eq!((&*ancient.manager.name, ancient.time), (ANCIENT_CHANGES, Some(at(1))));
    assert_eq!(ancient.fields, data(&["f0", "f1"]));
    managed = write(&managed, "last", &adds(&["y"]), 21);
    assert_eq!(managed.entries()[0].fields, data(&["f0", "f1", "f2"]));
    let total: usize = managed.entries().iter().map(|entry| entry.fields.len()).sum();
    assert_eq!((managed.entries().len(), total), (UPDATE_MANAGERS_MAX, 12), "nothing is lost");
}

#[test]
fn entries_are_in_upstreams_order_and_survive_the_wire() {
    // PATCH-12
    let managed = write(&ManagedFields::default(), "b", &adds(&["a"]), 2);
    let managed = write(&managed, "c", &adds(&["b"]), 1);
    let applied = Entry { manager: applier("z", "v1"), time: Some(at(9)), fields: data(&["c"]) };
    let managed = ManagedFields::new(managed.entries().iter().cloned().chain([Arc::new(applied)]));
    let names: Vec<&str> = managed.entries().iter().map(|entry| &*entry.manager.name).collect();
    assert_eq!(names, ["z", "c", "b"]);
    let wire = managed.to_wire();
    assert_eq!(ManagedFields::from_wire(&wire).expect("well-formed"), managed);
    assert_eq!(
        serde_json::to_value(&wire[1]).expect("JSON"),
        serde_json::json!({
            "manager": "c", "operation": "Update", "apiVersion": "v1", "time": "1970-01-01T00:00:01Z",
            "fieldsType": "FieldsV1", "fieldsV1": {"f:data": {"f:b": {}}},
        })
    );
}

#[test]
fn malformed_entries_are_refused() {
    // PATCH-13
    let good = write(&ManagedFields::default(), "a", &adds(&["a"]), 1).to_wire();
    let mut wrong = vec![good[0].clone(); 4];
    wrong[0].operation = Some("Patch".to_owned());
    wrong[1].api_version = None;
    wrong[2].fields_type = Some("FieldsV2".to_owned());
    wrong[3].fields_v1 = Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::FieldsV1(serde_json::json!(1)));
    for entry in wrong {
        assert!(ManagedFields::from_wire(std::slice::from_ref(&entry)).is_err(), "{entry:?}");
    }
}
