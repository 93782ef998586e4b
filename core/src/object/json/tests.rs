use std::cell::RefCell;

use serde_json::{Value, json};

use crate::kind::Registry;
use crate::object::{Draft, NoTexts, Object, Part, Revision, SharedTexts};
use crate::ownership::ManagedFields;

/// Keeps all texts.
#[derive(Default)]
struct Kept(RefCell<Vec<(Part, Vec<u8>)>>);

impl SharedTexts for Kept {
    fn append(&self, part: Part, into: &mut Vec<u8>, write: &dyn Fn(&mut Vec<u8>)) {
        let known =
            self.0.borrow().iter().find(|(known, _)| known.ptr_eq(&part)).map(|(_, text)| text.clone());
        let text = known.unwrap_or_else(|| {
            let mut text = Vec::new();
            write(&mut text);
            self.0.borrow_mut().push((part, text.clone()));
            text
        });
        into.extend_from_slice(&text);
    }
}

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
            let texts = Kept::default();
            // The second time there may be texts that are kept.
            for _ in 0..2 {
                let mut text = Vec::new();
                object.write_json(&texts, &mut text);
                let read: Value = serde_json::from_slice(&text).expect("JSON");
                assert_eq!(read, object.to_value());
            }
            let (mut item, mut shown) = (Vec::new(), object.to_value());
            object.write_json_item(&NoTexts, &mut item);
            shown
                .as_object_mut()
                .expect("an object")
                .retain(|field, _| field != "apiVersion" && field != "kind");
            assert_eq!(serde_json::from_slice::<Value>(&item).expect("JSON"), shown);
        }
    }
}

#[test]
fn what_pods_share_is_written_once_and_what_is_their_own_each_time() {
    let texts = Kept::default();
    let pod = |spec: Value| {
        let value = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec,
            "status": {"phase": "Pending"}});
        object(value, false)
    };
    let told = |object: &Object| {
        let mut text = Vec::new();
        object.write_json(&texts, &mut text);
        assert_eq!(serde_json::from_slice::<Value>(&text).expect("JSON"), object.to_value());
    };
    let first = pod(json!({"containers": [{"name": "c"}], "nodeName": "x", "hostname": "h\"\\"}));
    let mut draft = Draft::of(&first);
    let spec = draft.spec_mut::<crate::builtin::SharedPodSpec>().expect("a pod's");
    spec.set_node_name(Some("y".into()));
    spec.set_hostname(None);
    let second = Object::from_draft(draft, Revision(8));
    for pod in [&first, &second, &first] {
        told(pod);
    }
    // The common part of the specs, and the status.
    assert_eq!(texts.0.borrow().len(), 2);
    // Nobody shares anything with it.
    told(&pod(json!({"containers": [], "nodeName": "z"})));
    assert_eq!(texts.0.borrow().len(), 2);
}
