use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;
use setpoint_core::kind::Registry;
use setpoint_core::object::{Draft, Object, ObjectRef, Revision};
use setpoint_core::ownership::ManagedFields;

use super::*;
use crate::engine::durable::codec::bytes::Writer;

fn object(
    registry: &Registry,
    kind: &str,
    api_version: &str,
    body: serde_json::Value,
    revision: u64,
) -> ObjectRef {
    let kind = registry.find(kind, api_version).expect("it is registered");
    let managed = body["metadata"]["managedFields"].clone();
    let mut draft = Draft::from_value(kind, body).expect("it fits");
    if !managed.is_null() {
        let entries: Vec<_> = serde_json::from_value(managed).expect("they are entries");
        draft.set_managed_fields(Some(Arc::new(
            ManagedFields::from_wire(&entries).expect("they are well formed"),
        )));
    }
    Arc::new(Object::from_draft(draft, Revision(revision)))
}

fn pod(registry: &Registry) -> ObjectRef {
    let body = json!({
        "metadata": {
            "name": "web-1", "generateName": "web-", "namespace": "team", "uid": "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
            "creationTimestamp": "2026-01-02T03:04:05Z", "deletionTimestamp": "2026-01-02T03:05:05Z",
            "deletionGracePeriodSeconds": 30, "generation": 3,
            "labels": {"app": "web"}, "annotations": {"note": "\u{e4}\n"}, "finalizers": ["example.com/a"],
            "ownerReferences": [
                {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "u1", "controller": true},
                {"apiVersion": "v1", "kind": "Node", "name": "n", "uid": "f81d4fae-7dec-11d0-a765-00a0c91e6bf7",
                 "blockOwnerDeletion": false},
            ],
            "managedFields": [
                {"manager": "kubectl", "operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1",
                 "time": "2026-01-02T03:04:05Z", "fieldsV1": {"f:spec": {"f:containers": {"k:{\"name\":\"c\"}": {".": {}, "f:image": {}}}}}},
                {"manager": "kubelet", "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1",
                 "subresource": "status", "fieldsV1": {}},
            ],
        },
        "spec": {"nodeName": "n1", "hostname": "h", "containers": [{"name": "c", "image": "i", "resources": {"limits": {"cpu": "1500m"}}}]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True", "lastProbeTime": null}]},
    });
    object(registry, "Pod", "v1", body, 7)
}

fn write(object: &Object, shelf: &mut Shelf) -> Vec<u8> {
    let mut bytes = Writer::default();
    write_object(object, &mut bytes, shelf);
    bytes.0
}

fn read(bytes: &[u8], shelves: &mut Shelves, registry: &Registry, revision: Revision) -> ObjectRef {
    let mut from = Reader::new(bytes);
    let raw = read_object(&mut from, shelves, revision).expect("it is well formed");
    assert!(from.is_empty());
    let kinds = registry.kinds();
    let same = |kind: &&Arc<setpoint_core::kind::Kind>| {
        kind.resource.group == *raw.kind.group && kind.resource.resource == *raw.kind.resource
    };
    let kind = kinds.iter().find(same).expect("it is registered");
    raw.to_object(kind).expect("it fits")
}

#[test]
fn everything_of_an_object_survives() {
    let registry = Registry::builtin();
    let (mut shelf, mut shelves) = (Shelf::default(), Shelves::default());
    let before = pod(&registry);
    let bytes = write(&before, &mut shelf);
    let after = read(&bytes, &mut shelves, &registry, before.revision());
    assert_eq!(after.to_value(), before.to_value());
    assert_eq!((after.meta(), after.managed_fields()), (before.meta(), before.managed_fields()));
    let again = write(&before, &mut shelf);
    assert!(again.len() < 90, "what is shared is written once: {} of {} bytes", again.len(), bytes.len());
    let shared = read(&again, &mut shelves, &registry, before.revision());
    assert_eq!(shared.to_value(), before.to_value());
    assert!(shared.meta().labels.ptr_eq(&after.meta().labels), "and is shared again");
    assert!(Arc::ptr_eq(shared.managed_fields().expect("it has"), after.managed_fields().expect("it has")));
}

#[test]
fn pods_of_a_template_share_its_spec_again() {
    use setpoint_core::builtin::SharedPodSpec;
    let registry = Registry::builtin();
    let (mut shelf, mut shelves) = (Shelf::default(), Shelves::default());
    let template = pod(&registry);
    let on = |node: Option<&str>| {
        let mut draft = Draft::of(&template);
        draft.spec_mut::<SharedPodSpec>().expect("a pod").set_node_name(node.map(Into::into));
        Arc::new(Object::from_draft(draft, Revision(1)))
    };
    let specs: Vec<ObjectRef> = [Some("n1"), Some("n2"), None]
        .into_iter()
        .map(|node| read(&write(&on(node), &mut shelf), &mut shelves, &registry, Revision(1)))
        .collect();
    let spec = |at: usize| specs[at].spec::<SharedPodSpec>().expect("a pod");
    assert_eq!(
        (spec(0).node_name(), spec(1).node_name(), spec(2).node_name()),
        (Some("n1"), Some("n2"), None)
    );
    assert!(
        Arc::ptr_eq(spec(0).common(), spec(1).common()) && Arc::ptr_eq(spec(1).common(), spec(2).common())
    );
}

/// Every kind with an empty body survives, whatever it has for parts.
#[test]
fn every_kind_survives() {
    let registry = Registry::builtin();
    for kind in registry.kinds() {
        let body = json!({"metadata": {"name": "x"}});
        let Ok(draft) = Draft::from_value(Arc::clone(&kind), body) else { continue };
        let before = Arc::new(Object::from_draft(draft, Revision(1)));
        let after =
            read(&write(&before, &mut Shelf::default()), &mut Shelves::default(), &registry, Revision(1));
        assert_eq!(after.to_value(), before.to_value(), "{}", kind.names.kind);
        assert!(kind.representation.spec_eq(after.spec_part(), before.spec_part()), "{}", kind.names.kind);
    }
}

#[test]
fn shelves_with_few_places_serve_for_ever() {
    let registry = Registry::builtin();
    let (mut shelf, mut shelves) = (Shelf::default(), Shelves::default());
    let mut old = Vec::new();
    for number in 0..6_000 {
        let body = json!({"metadata": {"name": format!("m{number}"), "namespace": "ns", "labels": {"n": number.to_string()}},
            "data": {"k": (number / 2).to_string()}});
        let made = object(&registry, "ConfigMap", "v1", body, number + 1);
        let after = read(&write(&made, &mut shelf), &mut shelves, &registry, made.revision());
        assert_eq!(after.to_value(), made.to_value());
        old.push(made);
    }
    for made in old.iter().step_by(97) {
        let after = read(&write(made, &mut shelf), &mut shelves, &registry, made.revision());
        assert_eq!(after.to_value(), made.to_value(), "what lost its place is written again");
    }
}

proptest! {
    #[test]
    fn numbers_survive(number in any::<u64>(), signed in any::<i64>(), text in ".{0,20}") {
        let mut into = Writer::default();
        into.number(number);
        into.signed(signed);
        into.text(&text);
        into.fixed(number);
        let mut from = Reader::new(&into.0);
        prop_assert_eq!(from.number(), Ok(number));
        prop_assert_eq!(from.signed(), Ok(signed));
        prop_assert_eq!(from.text(), Ok(&*text));
        prop_assert_eq!(from.fixed(), Ok(number));
        prop_assert!(from.is_empty());
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0usize..400, to in any::<u8>()) {
        let mut shelves = Shelves::default();
        let _read = read_object(&mut Reader::new(&bytes), &mut shelves, Revision(1));
        let _read = read_key(&mut Reader::new(&bytes), &mut shelves);
        let registry = Registry::builtin();
        let mut good = write(&pod(&registry), &mut Shelf::default());
        let at = at % good.len();
        good[at] = to;
        if let Ok(raw) = read_object(&mut Reader::new(&good), &mut Shelves::default(), Revision(1)) {
            let kind = registry.find("Pod", "v1").expect("a built-in kind");
            let _object = raw.to_object(&kind);
        }
    }
}
