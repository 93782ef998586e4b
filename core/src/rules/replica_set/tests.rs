use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Value, json};

use super::*;

fn minimal() -> Value {
    json!({
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "c", "image": "app:1"}]},
        },
    })
}

/// The minimal spec with other values of some fields, and its defaults.
fn with(fields: Value) -> ReplicaSetSpec {
    let mut value = minimal();
    for (field, new) in fields.as_object().expect("an object") {
        value[field] = new.clone();
    }
    let mut spec = serde_json::from_value(value).expect("a ReplicaSet's spec");
    default(&mut spec);
    spec
}

fn template(field: &str, value: Value) -> Value {
    let mut template = minimal()["template"].clone();
    template["spec"][field] = value;
    json!({ "template": template })
}

fn meta(name: &str) -> Meta {
    Meta::namespaced("ns", name)
}

fn texts(errors: &FieldErrors) -> Vec<String> {
    errors.iter().map(ToString::to_string).collect()
}

#[test]
fn there_is_one_replica_by_default() {
    // RS-01
    assert_eq!(with(json!({})).replicas, Some(1));
    assert_eq!(with(json!({"replicas": 0})).replicas, Some(0));
    let mut twice = with(json!({}));
    default(&mut twice);
    assert_eq!(twice, with(json!({})));
}

#[test]
fn faults_are_told_by_their_fields() {
    // RS-01
    let negative = "must be greater than or equal to 0";
    let rows: [(Value, Vec<String>); 8] = [
        (json!({}), vec![]),
        (json!({"replicas": -1}), vec![format!("spec.replicas: Invalid value: -1: {negative}")]),
        (json!({"minReadySeconds": -1}), vec![format!("spec.minReadySeconds: Invalid value: -1: {negative}")]),
        (
            json!({"selector": {}}),
            vec![
                "spec.selector: Required value".to_owned(),
                r#"spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`"#
                    .to_owned(),
            ],
        ),
        (
            json!({"selector": {"matchLabels": {"app": "db"}}}),
            vec![
                r#"spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`"#
                    .to_owned(),
            ],
        ),
        (
            template("restartPolicy", json!("Never")),
            vec![
                r#"spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always""#
                    .to_owned(),
            ],
        ),
        (
            template("activeDeadlineSeconds", json!(5)),
            vec![
                "spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not \
                 Supported"
                    .to_owned(),
            ],
        ),
        (template("containers", json!([])), vec!["spec.template.spec.containers: Required value".to_owned()]),
    ];
    for (fields, expected) in rows {
        assert_eq!(texts(&validate_create(&meta("rs"), &with(fields.clone()))), expected, "{fields}");
    }
}

#[test]
fn names_are_subdomains_and_poor_ones_are_warned_of() {
    // RS-01
    let spec = with(json!({}));
    assert!(validate_create(&meta("a.b"), &spec).is_empty());
    assert!(!validate_create(&meta("A"), &spec).is_empty());
    assert_eq!(create_warnings(&meta("a"), &spec), Vec::<String>::new());
    assert_eq!(create_warnings(&meta("a.b"), &spec).len(), 1);
}

#[test]
fn the_selector_is_fixed() {
    // RS-02
    let labels = json!({"metadata": {"labels": {"app": "x"}}, "spec": minimal()["template"]["spec"]});
    let new = with(json!({"selector": {"matchLabels": {"app": "x"}}, "template": labels}));
    let errors = validate_update(&meta("rs"), &new, &meta("rs"), &with(json!({})));
    assert_eq!(
        texts(&errors),
        [r#"spec.selector: Invalid value: {"matchLabels":{"app":"x"}}: field is immutable"#]
    );
}

#[test]
fn generations_count_specs_by_their_meaning() {
    // RS-02
    let cpu = |cpu: &str| {
        with(template(
            "containers",
            json!([{"name": "c", "image": "i", "resources": {"limits": {"cpu": cpu}}}]),
        ))
    };
    assert!(!is_new_generation(&cpu("1000m"), &cpu("1")));
    assert!(is_new_generation(&cpu("2"), &cpu("1")));
    assert!(is_new_generation(&with(json!({"replicas": 2})), &with(json!({}))));
}

#[test]
fn a_status_counts_consistently() {
    // RS-01, SUB-03
    let rows: [(Value, &[&str]); 6] = [
        (
            json!({
                "replicas": 4, "fullyLabeledReplicas": 4, "readyReplicas": 4, "availableReplicas": 3,
                "terminatingReplicas": 99,
            }),
            &[],
        ),
        (
            json!({"replicas": 4, "readyReplicas": 3, "availableReplicas": 4}),
            &["status.availableReplicas: Invalid value: 4: cannot be greater than readyReplicas"],
        ),
        (
            json!({"replicas": 3, "fullyLabeledReplicas": 4}),
            &["status.fullyLabeledReplicas: Invalid value: 4: cannot be greater than status.replicas"],
        ),
        (
            json!({"replicas": 3, "readyReplicas": 4}),
            &["status.readyReplicas: Invalid value: 4: cannot be greater than status.replicas"],
        ),
        (
            json!({"replicas": -1}),
            &[
                "status.replicas: Invalid value: -1: must be greater than or equal to 0",
                "status.fullyLabeledReplicas: Invalid value: 0: cannot be greater than status.replicas",
                "status.readyReplicas: Invalid value: 0: cannot be greater than status.replicas",
                "status.availableReplicas: Invalid value: 0: cannot be greater than status.replicas",
            ],
        ),
        (
            json!({"replicas": 0, "terminatingReplicas": -1}),
            &["status.terminatingReplicas: Invalid value: -1: must be greater than or equal to 0"],
        ),
    ];
    for (value, expected) in rows {
        let status: ReplicaSetStatus = serde_json::from_value(value.clone()).expect("a status");
        assert_eq!(texts(&validate_status_update(&meta("rs"), &status, &meta("rs"))), expected, "{value}");
    }
    let json = serde_json::to_value(ReplicaSetStatus::default()).expect("JSON");
    assert_eq!(json, json!({"replicas": 0}), "the number of replicas is always said");
}

#[test]
fn annotations_are_no_new_generation() {
    // RS-02: unlike a Deployment's, they are not looked at.
    let annotated =
        ObjectMeta { annotations: Some([("a".to_owned(), "b".to_owned())].into()), ..ObjectMeta::default() };
    let spec = with(json!({}));
    let errors = validate_update(
        &Meta::from_wire(ObjectMeta { name: Some("rs".into()), namespace: Some("ns".into()), ..annotated }),
        &spec,
        &meta("rs"),
        &spec,
    );
    assert!(errors.is_empty());
    assert!(!is_new_generation(&spec, &spec));
}
