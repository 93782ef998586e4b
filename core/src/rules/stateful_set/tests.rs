use serde_json::{Value, json};

use super::*;

fn stateful_set(fields: Value) -> StatefulSetSpec {
    let mut spec = json!({
        "serviceName": "s",
        "selector": {"matchLabels": {"app": "s"}},
        "template": {
            "metadata": {"labels": {"app": "s"}},
            "spec": {"containers": [{"name": "c", "image": "app:1"}]},
        },
    });
    for (field, value) in fields.as_object().expect("an object") {
        spec[field] = value.clone();
    }
    let mut spec = serde_json::from_value(spec).expect("a StatefulSet's spec");
    default(&mut spec);
    spec
}

fn texts(errors: &FieldErrors) -> Vec<String> {
    errors.iter().map(ToString::to_string).collect()
}

fn faults(fields: Value) -> Vec<String> {
    texts(&validate_create(&Meta::namespaced("ns", "s"), &stateful_set(fields)))
}

#[test]
fn defaults_are_those_recorded() {
    // ADM-02, as recorded in api-defaults and statefulset-claims.
    let claim = json!({
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    });
    let spec = stateful_set(json!({"volumeClaimTemplates": [claim]}));
    let mut shown = serde_json::to_value(&spec).expect("JSON");
    let fields = shown.as_object_mut().expect("an object");
    fields.remove("template");
    let expected = json!({
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
        "podManagementPolicy": "OrderedReady", "replicas": 1, "revisionHistoryLimit": 10,
        "selector": {"matchLabels": {"app": "s"}}, "serviceName": "s",
        "updateStrategy": {"rollingUpdate": {"partition": 0}, "type": "RollingUpdate"},
        "volumeClaimTemplates": [{
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"},
            "spec": {
                "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}},
                "volumeMode": "Filesystem",
            },
            "status": {"phase": "Pending"},
        }],
    });
    assert_eq!(shown, expected);
}

#[test]
fn the_gated_field_is_dropped() {
    // STS-32.
    let strategy = json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 2}});
    let strategy = stateful_set(json!({"updateStrategy": strategy})).update_strategy;
    let rolling = strategy.expect("a strategy").rolling_update.expect("its parameters");
    assert_eq!((rolling.partition, rolling.max_unavailable), (Some(0), None));
}

#[test]
fn faults_are_upstreams() {
    let rows = [
        (json!({}), vec![]),
        (
            // As recorded in api-validation-workloads.
            json!({"podManagementPolicy": "Random"}),
            vec!["spec.podManagementPolicy: Invalid value: \"Random\": must be 'OrderedReady' or 'Parallel'"],
        ),
        (
            json!({"updateStrategy": {"type": "OnDelete", "rollingUpdate": {"partition": 1}}}),
            vec![
                "spec.updateStrategy.rollingUpdate: Invalid value: {\"Partition\":1,\"MaxUnavailable\":null}: \
                 only allowed for updateStrategy 'RollingUpdate'",
            ],
        ),
        (
            json!({"updateStrategy": {"type": "Recreate"}}),
            vec![
                "spec.updateStrategy: Invalid value: {\"Type\":\"Recreate\",\"RollingUpdate\":null}: must be \
                 'RollingUpdate' or 'OnDelete'",
            ],
        ),
        (
            json!({
                "persistentVolumeClaimRetentionPolicy": {"whenScaled": "Keep"}, "replicas": -1,
                "ordinals": {"start": -1},
            }),
            vec![
                "spec.persistentVolumeClaimRetentionPolicy.whenScaled: Unsupported value: \"Keep\": supported \
                 values: \"Retain\", \"Delete\"",
                "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
                "spec.ordinals.start: Invalid value: -1: must be greater than or equal to 0",
            ],
        ),
        (
            json!({"selector": {"matchLabels": {"app": "x"}}}),
            vec![
                "spec.template.metadata.labels: Invalid value: {\"app\":\"s\"}: `selector` does not match \
                 template `labels`",
            ],
        ),
    ];
    for (fields, expected) in rows {
        assert_eq!(faults(fields), expected);
    }
}

#[test]
fn names_are_labels() {
    // ADM-12.
    let spec = stateful_set(json!({}));
    assert_eq!(validate_create(&Meta::namespaced("ns", "a.b"), &spec).len(), 1);
    assert_eq!(validate_name("a.b").len(), 1);
    let old = Meta::namespaced("ns", "a.b");
    assert_eq!(validate_update(&old, &spec, &old, &spec), vec![]);
}

#[test]
fn few_fields_may_change() {
    // ADM-09, as recorded in api-immutable-fields.
    let meta = Meta::namespaced("ns", "s");
    let old = stateful_set(json!({}));
    let free = stateful_set(json!({
        "replicas": 3, "ordinals": {"start": 1}, "updateStrategy": {"type": "OnDelete"},
        "revisionHistoryLimit": 1, "minReadySeconds": 5,
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete"},
    }));
    assert_eq!(validate_update(&meta, &free, &meta, &old), vec![]);
    let other = stateful_set(json!({"serviceName": "other"}));
    assert_eq!(
        texts(&validate_update(&meta, &other, &meta, &old)),
        vec![
            "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', \
             'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and \
             'minReadySeconds' are forbidden"
        ]
    );
}

#[test]
fn counts_of_a_status_are_consistent() {
    // SUB-03.
    let meta = Meta::namespaced("ns", "s");
    let old = StatefulSetStatus::default();
    let new = StatefulSetStatus {
        replicas: 1,
        available_replicas: Some(2),
        ready_replicas: Some(1),
        ..StatefulSetStatus::default()
    };
    assert_eq!(
        texts(&validate_status_update(&meta, &new, &meta, &old)),
        vec![
            "status.availableReplicas: Invalid value: 2: cannot be greater than status.replicas",
            "status.availableReplicas: Invalid value: 2: cannot be greater than status.readyReplicas",
        ]
    );
}
