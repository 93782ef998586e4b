use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscalerSpec;
use serde_json::{Value, from_value, json};

use super::*;
use crate::object::Meta;

fn spec(changes: Value) -> HorizontalPodAutoscalerSpec {
    let mut value = json!({"maxReplicas": 5, "scaleTargetRef": {"kind": "Deployment", "name": "web"}});
    for (field, change) in changes.as_object().into_iter().flatten() {
        value[field] = change.clone();
    }
    let mut spec = from_value(value).expect("a spec");
    default(&mut spec);
    spec
}

#[test]
fn autoscalers_are_filled_in() {
    let expected = json!({
        "maxReplicas": 5, "minReplicas": 1, "scaleTargetRef": {"kind": "Deployment", "name": "web"},
        "metrics": [{"type": "Resource", "resource": {
            "name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80},
        }}],
    });
    assert_eq!(serde_json::to_value(spec(json!({}))).expect("JSON"), expected);
    let behavior = spec(json!({"behavior": {"scaleDown": {"stabilizationWindowSeconds": 5}}})).behavior;
    let expected = json!({
        "scaleUp": {"stabilizationWindowSeconds": 0, "selectPolicy": "Max", "policies": [
            {"type": "Pods", "value": 4, "periodSeconds": 15}, {"type": "Percent", "value": 100, "periodSeconds": 15},
        ]},
        "scaleDown": {"stabilizationWindowSeconds": 5, "selectPolicy": "Max", "policies": [
            {"type": "Percent", "value": 100, "periodSeconds": 15},
        ]},
    });
    assert_eq!(serde_json::to_value(behavior).expect("JSON"), expected);
}

#[test]
fn autoscalers_are_checked() {
    let rows = [
        (json!({}), ""),
        (
            json!({"minReplicas": 0, "maxReplicas": 0}),
            "spec.minReplicas: Invalid value: 0: must be greater than or equal to 1\n\
             spec.maxReplicas: Invalid value: 0: must be greater than 0\n\
             spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to \
             zero replicas",
        ),
        (
            json!({"minReplicas": 6, "scaleTargetRef": {"kind": "", "name": "a/b"}}),
            "spec.maxReplicas: Invalid value: 5: must be greater than or equal to `minReplicas`\n\
             spec.scaleTargetRef.kind: Required value\n\
             spec.scaleTargetRef.name: Invalid value: \"a/b\": may not contain '/'",
        ),
        (
            json!({"metrics": [{"type": "Resource"}, {"type": "Pods", "pods": {
                "metric": {"name": ""}, "target": {"type": "AverageValue", "averageValue": "0"},
            }}]}),
            "spec.metrics[0].resource: Required value: must populate information for the given metric source\n\
             spec.metrics[1].pods.metric.name: Required value: must specify a metric name\n\
             spec.metrics[1].pods.target.averageValue: Invalid value: \"0\": must be positive",
        ),
        (
            json!({"behavior": {"scaleUp": {"stabilizationWindowSeconds": 3601, "policies": [
                {"type": "Pods", "value": 0, "periodSeconds": 1801},
            ]}}}),
            "spec.behavior.scaleUp.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal to \
             3600\n\
             spec.behavior.scaleUp.policies[0].value: Invalid value: 0: must be greater than zero\n\
             spec.behavior.scaleUp.policies[0].periodSeconds: Invalid value: 1801: must be less than or equal to \
             1800",
        ),
    ];
    for (changes, expected) in rows {
        let errors = validate_create(&Meta::namespaced("ns", "a"), &spec(changes));
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(texts.join("\n"), expected);
    }
}
