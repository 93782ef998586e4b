use serde_json::{Value, json};

use super::*;

fn daemon_set(fields: Value) -> DaemonSetSpec {
    let mut spec = json!({
        "selector": {"matchLabels": {"app": "d"}},
        "template": {
            "metadata": {"labels": {"app": "d"}},
            "spec": {"containers": [{"name": "c", "image": "app:1"}]},
        },
    });
    for (field, value) in fields.as_object().expect("an object") {
        spec[field] = value.clone();
    }
    let mut spec = serde_json::from_value(spec).expect("a DaemonSet's spec");
    default(&mut spec);
    spec
}

fn rolling(fields: Value) -> DaemonSetSpec {
    daemon_set(json!({"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": fields}}))
}

fn faults(spec: &DaemonSetSpec) -> Vec<String> {
    let errors = validate_create(&Meta::namespaced("ns", "d"), spec);
    errors.iter().map(ToString::to_string).collect()
}

#[test]
fn one_pod_at_a_time_is_replaced() {
    // DS-41, ADM-02.
    let spec = daemon_set(json!({}));
    let expected = json!({"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}, "type": "RollingUpdate"});
    assert_eq!(serde_json::to_value(&spec.update_strategy).expect("JSON"), expected);
    assert_eq!(spec.revision_history_limit, Some(10));
    assert_eq!(faults(&spec), Vec::<String>::new());
    let on_delete = daemon_set(json!({"updateStrategy": {"type": "OnDelete"}}));
    assert_eq!(on_delete.update_strategy.expect("a strategy").rolling_update, None);
}

#[test]
fn faults_of_the_strategy_are_upstreams() {
    // DS-41; the first row as recorded in api-validation-workloads.
    let path = "spec.updateStrategy.rollingUpdate";
    let rows = [
        (
            rolling(json!({"maxUnavailable": 0})),
            vec![format!("{path}.maxUnavailable: Required value: cannot be 0 when maxSurge is 0")],
        ),
        (rolling(json!({"maxUnavailable": 0, "maxSurge": "10%"})), vec![]),
        (
            rolling(json!({"maxSurge": "10%"})),
            vec![format!(
                "{path}.maxSurge: Invalid value: \"10%\": may not be set when maxUnavailable is non-zero"
            )],
        ),
        (
            rolling(json!({"maxUnavailable": "101%"})),
            vec![format!("{path}.maxUnavailable: Invalid value: \"101%\": must not be greater than 100%")],
        ),
        (
            daemon_set(json!({"updateStrategy": {"type": "Recreate"}})),
            vec![
                "spec.updateStrategy: Unsupported value: {\"Type\":\"Recreate\",\"RollingUpdate\":null}: \
                 supported values: \"RollingUpdate\", \"OnDelete\""
                    .to_owned(),
            ],
        ),
    ];
    for (spec, expected) in rows {
        assert_eq!(faults(&spec), expected);
    }
}

#[test]
fn the_selector_is_fixed() {
    // ADM-07. Upstream reports faults of the spec twice.
    let meta = Meta::namespaced("ns", "d");
    let old = daemon_set(json!({}));
    let mut new = old.clone();
    new.selector.match_labels.get_or_insert_default().insert("app".into(), "x".into());
    let found: Vec<String> =
        validate_update(&meta, &new, &meta, &old).iter().map(|error| error.field.clone()).collect();
    let labels = "spec.template.metadata.labels";
    assert_eq!(found, vec![labels, labels, "spec.selector"]);
}

#[test]
fn template_changes_are_counted() {
    // DS-42.
    let mut meta = Meta::namespaced("ns", "d");
    assert_eq!(template_generation(&meta), 0);
    meta.annotations = meta.annotations.with(TEMPLATE_GENERATION, "7");
    let old = daemon_set(json!({}));
    let limited = daemon_set(json!({"revisionHistoryLimit": 1}));
    assert_eq!(next_template_generation(&limited, &meta, &old), 7);
    let mut other = old.clone();
    other.template.spec.get_or_insert_default().containers[0].image = Some("app:2".into());
    assert_eq!(next_template_generation(&other, &meta, &old), 8);
}

#[test]
fn collisions_are_not_forgotten() {
    // DS-42.
    let meta = Meta::namespaced("ns", "d");
    let old = DaemonSetStatus { collision_count: Some(1), ..DaemonSetStatus::default() };
    let new = DaemonSetStatus { number_ready: -1, ..DaemonSetStatus::default() };
    let found: Vec<String> =
        validate_status_update(&meta, &new, &meta, &old).iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        vec![
            "status.numberReady: Invalid value: -1: must be greater than or equal to 0",
            "status.collisionCount: Invalid value: 0: cannot be decremented",
        ]
    );
}
