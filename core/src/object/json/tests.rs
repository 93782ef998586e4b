use serde_json::{Value, json};

use crate::kind::Registry;
use crate::object::{Draft, Object, Revision};
use crate::ownership::ManagedFields;

/// An object of a kind, as a store has it after its first write.
fn object(value: Value, owned: bool) -> Object {
    let text = |field: &str| value[field].as_str().expect("it says what it is").to_owned();
    let kind = Registry::builtin().find(&text("kind"), &text("apiVersion")).expect("a built-in kind");
    let mut draft = Draft::from_value(kind, value).expect("it fits");
    if owned {
        let entry = json!([{
            "manager": "one", "operation": "Update", "apiVersion": "v1", "time": "2026-01-01T00:00:00Z",
            "fieldsType": "FieldsV1",
            "fieldsV1": {"f:metadata": {"f:labels": {".": {}, "f:a\"b": {}}}, "f:spec": {"k:{\"name\":\"c\"}": {}}},
        }, {
            "manager": "two", "operation": "Apply", "apiVersion": "v1", "subresource": "status",
            "fieldsType": "FieldsV1", "fieldsV1": {"f:status": {"v:1": {}}},
        }]);
        let entries: Vec<_> = serde_json::from_value(entry).expect("entries");
        draft.managed = Some(ManagedFields::from_wire(&entries).expect("they are well-formed").into());
    }
    Object::from_draft(draft, Revision(7))
}

#[test]
fn text_and_value_show_the_same() {
    let condition = json!({"type": "Ready", "status": "True"});
    let rows = [
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "n", "labels": {"a": "b"}},
            "spec": {"containers": [{"name": "c", "image": "i"}], "nodeName": "x"}}),
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": []},
            "status": {"phase": "Running", "conditions": [condition],
                "containerStatuses": [{"name": "c", "image": "i", "imageID": "", "ready": true, "restartCount": 0,
                    "state": {"running": {}}}]}}),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m"}, "data": {"a": "\u{0}\n\u{1F600}"}}),
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}, "status": {"phase": "Active"}}),
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"a": "AAEC"}}),
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"},
            "spec": {"selector": {}, "template": {}, "replicas": 3},
            "status": {"replicas": 1, "conditions": [condition]}}),
        json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e"}, "involvedObject": {}, "reason": "R"}),
        json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "l"}}),
    ];
    for row in rows {
        for owned in [false, true] {
            let object = object(row.clone(), owned);
            let mut text = Vec::new();
            object.write_json(&mut text);
            let read: Value = serde_json::from_slice(&text).expect("JSON");
            assert_eq!(read, object.to_value());
            let (mut item, mut shown) = (Vec::new(), object.to_value());
            object.write_json_item(&mut item);
            shown
                .as_object_mut()
                .expect("an object")
                .retain(|field, _| field != "apiVersion" && field != "kind");
            assert_eq!(serde_json::from_slice::<Value>(&item).expect("JSON"), shown);
        }
    }
}
