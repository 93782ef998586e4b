//! Values as kube-apiserver writes them, and such as cannot be read (INV-ST-14).

use std::sync::Arc;

use k8s_openapi::api::core::v1::ConfigMap;
use serde_json::{Value, json};
use setpoint_core::kind::{Kind, Registry};
use setpoint_core::object::{Draft, Revision};

use super::super::codec::{decode, encode};

fn maps() -> Arc<Kind> {
    Registry::builtin().find("ConfigMap", "v1").expect("a built-in kind")
}

fn read(value: &[u8]) -> Result<setpoint_core::object::ObjectRef, String> {
    decode(&maps(), "ns", "a", value, Revision(7))
}

#[test]
fn what_is_written_is_read() {
    let managed = json!([{"manager": "kubectl", "operation": "Update", "apiVersion": "v1",
        "time": "2026-01-01T00:00:00Z", "fieldsType": "FieldsV1", "fieldsV1": {"f:data": {"f:k": {}}}}]);
    let value = json!({"kind": "ConfigMap", "apiVersion": "v1",
        "metadata": {"name": "a", "namespace": "ns", "uid": "5dd1f4a8-4b3f-4b0c-9c4e-0f6f4f0f7c11",
            "creationTimestamp": "2026-01-01T00:00:00Z", "managedFields": managed},
        "data": {"k": "v"}});
    let object = read(value.to_string().as_bytes()).expect("as upstream writes it");
    assert_eq!(object.revision(), Revision(7));
    assert_eq!(object.spec::<ConfigMap>().and_then(|map| map.data.clone()).unwrap_or_default()["k"], "v");
    let bytes = encode(&Draft::of(&object));
    let written: Value = serde_json::from_slice(&bytes).expect("JSON");
    assert_eq!(written, value, "and without a resourceVersion");
}

#[test]
fn what_cannot_be_read_is_told() {
    let with = |api_version: &str, kind: &str, name: &str| {
        json!({"apiVersion": api_version, "kind": kind, "metadata": {"namespace": "ns", "name": name}})
            .to_string()
            .into_bytes()
    };
    let rows: [(Vec<u8>, &str); 9] = [
        (b"k8s\0\n\x0f\n\x02v1".to_vec(), "protobuf"),
        (b"k8s:enc:aescbc:v1:key1:xyz".to_vec(), "encrypted"),
        (Vec::new(), "no JSON"),
        (b"{\"kind\":".to_vec(), "no JSON"),
        (b"[]".to_vec(), "it says that it is a \"\""),
        (with("v1", "Secret", "a"), "not a ConfigMap"),
        (with("v9", "ConfigMap", "a"), "apiVersion"),
        (with("v1", "ConfigMap", "b"), "it says that it is ns/b"),
        (
            br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"ns"},"data":5}"#
                .to_vec(),
            "data",
        ),
    ];
    for (value, expected) in rows {
        let error = read(&value).expect_err("it cannot be read");
        assert!(error.contains(expected), "{error}");
    }
}
