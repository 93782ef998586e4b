use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Value, json};

use super::*;

fn meta(value: Value) -> Meta {
    let mut wire: ObjectMeta = serde_json::from_value(value).expect("metadata");
    wire.name.get_or_insert_with(|| "a".into());
    wire.namespace.get_or_insert_with(|| "ns".into());
    Meta::from_wire(wire)
}

fn faults(value: Value) -> Vec<String> {
    let errors = validate(&meta(value), Scope::Namespaced, names::dns1123_subdomain);
    errors.iter().map(ToString::to_string).collect()
}

#[test]
fn faults_are_upstreams() {
    // STORE-16, as recorded in api-crud, api-validation-workloads and api-garbage-collection.
    let owner = |name: &str, uid: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": uid, "controller": true});
    let two = r#"[{"apiVersion":"v1","kind":"ConfigMap","name":"x","uid":"u1","controller":true},{"apiVersion":"v1","kind":"ConfigMap","name":"y","uid":"u2","controller":true}]"#;
    let two = format!(
        "metadata.ownerReferences: Invalid value: {two}: Only one reference can have Controller set to true. Found \"true\" in references for ConfigMap/x and ConfigMap/y"
    );
    let rows: [(Value, &[&str]); 9] = [
        (json!({}), &[]),
        (
            json!({"ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "", "uid": ""}]}),
            &[
                r#"metadata.ownerReferences.name: Invalid value: "": must not be empty"#,
                r#"metadata.ownerReferences.uid: Invalid value: "": must not be empty"#,
            ],
        ),
        (json!({"ownerReferences": [owner("x", "u1"), owner("y", "u2")]}), &[&two]),
        (
            json!({"ownerReferences": [{"apiVersion": "v1", "kind": "Event", "name": "e", "uid": "u"}]}),
            &[
                r#"metadata.ownerReferences: Invalid value: {"apiVersion":"v1","kind":"Event","name":"e","uid":"u"}: /v1, Kind=Event is disallowed from being an owner"#,
            ],
        ),
        (
            json!({"labels": {"a": "bad value!"}}),
            &[
                r#"metadata.labels: Invalid value: "bad value!": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"#,
            ],
        ),
        (
            json!({"name": "Bad_Name"}),
            &[
                r#"metadata.name: Invalid value: "Bad_Name": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"#,
            ],
        ),
        (
            json!({"finalizers": ["orphan", "foregroundDeletion"]}),
            &[
                r#"metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set"#,
            ],
        ),
        (
            json!({"name": "", "generateName": "a-"}),
            &["metadata.name: Required value: name or generateName is required"],
        ),
        (
            json!({"annotations": {"Upper": "x".repeat(super::super::labels::ANNOTATION_BYTES_MAX)}}),
            &["metadata.annotations: Too long: may not be more than 262144 bytes"],
        ),
    ];
    for (value, expected) in rows {
        assert_eq!(faults(value), expected);
    }
}

#[test]
fn scopes_differ_in_the_namespace() {
    let cluster = |meta| validate(&meta, Scope::Cluster, names::dns1123_label).len();
    assert_eq!(cluster(Meta::cluster("a")), 0);
    assert_eq!(cluster(Meta::namespaced("ns", "a")), 1);
    assert_eq!(validate(&Meta::cluster("a"), Scope::Namespaced, names::dns1123_label).len(), 1);
}

#[test]
fn updates_keep_what_is_fixed() {
    // STORE-15
    let old = json!({
        "uid": "u", "generation": 3, "creationTimestamp": "2026-01-01T00:00:00Z",
        "deletionTimestamp": "2026-01-02T00:00:00Z", "deletionGracePeriodSeconds": 30, "finalizers": ["a/b", "c/d"],
    });
    let rows: [(&str, Value, &str); 8] = [
        ("generation", json!(2), "metadata.generation: Invalid value: 2: must not be decremented"),
        ("name", json!("b"), r#"metadata.name: Invalid value: "b": field is immutable"#),
        ("namespace", json!("x"), r#"metadata.namespace: Invalid value: "x": field is immutable"#),
        ("uid", json!("v"), r#"metadata.uid: Invalid value: "v": field is immutable"#),
        (
            "deletionTimestamp",
            Value::Null,
            "metadata.deletionTimestamp: Invalid value: null: field is immutable",
        ),
        (
            "deletionGracePeriodSeconds",
            json!(0),
            "metadata.deletionGracePeriodSeconds: Invalid value: 0: field is immutable",
        ),
        ("finalizers", json!(["c/d"]), ""),
        (
            "finalizers",
            json!(["c/d", "example.com/three"]),
            r#"metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.com/three"}"#,
        ),
    ];
    for (field, value, expected) in rows {
        let mut new = old.clone();
        new[field] = value;
        let errors = validate_common_update(&meta(new), &meta(old.clone()), Scope::Namespaced);
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(texts.join("\n"), expected, "{field}");
    }
}

#[test]
fn duplicate_owners_are_removed_with_a_warning() {
    let owner = json!({"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "u1"});
    let mut controller = owner.clone();
    controller["controller"] = json!(true);
    let mut meta = meta(json!({"ownerReferences": [owner, owner, controller]}));
    let warning = deduplicate_owners(&mut meta).expect("a warning");
    assert!(warning.ends_with("duplicate UID(s) observed: u1"), "{warning}");
    assert_eq!(meta.owner_references.len(), 2);
    assert_eq!(deduplicate_owners(&mut meta), None);
}
