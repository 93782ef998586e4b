use serde_json::{Value, json};

use super::versions::AutoscalerVersions;
use crate::kind::{Conversion, ServedVersion};

fn v1() -> ServedVersion {
    ServedVersion { group: "autoscaling".into(), version: "v1".into() }
}

fn stored(metrics: Value) -> Value {
    json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "web"},
        "spec": {
            "scaleTargetRef": {"kind": "Deployment", "name": "web"}, "minReplicas": 1, "maxReplicas": 5,
            "metrics": metrics,
        },
        "status": {"currentReplicas": 2, "desiredReplicas": 3},
    })
}

#[test]
fn cpu_has_a_field_of_its_own() {
    let cpu = json!({"type": "Resource", "resource": {
        "name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70},
    }});
    let object = stored(json!([cpu]));
    let served = AutoscalerVersions.serve(object.clone(), &v1());
    assert_eq!(served["apiVersion"], "autoscaling/v1");
    assert_eq!(served["spec"]["targetCPUUtilizationPercentage"], 70);
    assert_eq!(served["metadata"], json!({"name": "web"}));
    assert_eq!(AutoscalerVersions.store(served, &v1()), Ok(object));
}

#[test]
fn everything_else_is_in_annotations() {
    let mut object = stored(json!([
        {"type": "Pods", "pods": {
            "metric": {"name": "hits"}, "target": {"type": "AverageValue", "averageValue": "10"},
        }},
        {"type": "Resource", "resource": {
            "name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70},
        }},
    ]));
    object["spec"]["behavior"] = json!({"scaleDown": {"selectPolicy": "Disabled"}});
    object["status"]["conditions"] = json!([{"type": "AbleToScale", "status": "True"}]);
    object["status"]["currentMetrics"] =
        json!([{"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 5}}}]);
    let served = AutoscalerVersions.serve(object.clone(), &v1());
    let annotations = &served["metadata"]["annotations"];
    assert_eq!(
        annotations["autoscaling.alpha.kubernetes.io/metrics"],
        r#"[{"pods":{"metricName":"hits","targetAverageValue":"10"},"type":"Pods"}]"#
    );
    assert_eq!(served["status"]["currentCPUUtilizationPercentage"], 5);
    assert_eq!(served["spec"].get("behavior"), None);
    assert_eq!(AutoscalerVersions.store(served, &v1()), Ok(object));
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let mut object = stored(json!([]));
    object["spec"]["targetCPUUtilizationPercentage"] = json!("many");
    let error = AutoscalerVersions.store(object, &v1()).expect_err("it is no number");
    assert_eq!(error.field, "spec.targetCPUUtilizationPercentage");
    let odd = AutoscalerVersions.store(json!({"metadata": {}, "spec": 5}), &v1());
    assert_eq!(odd.expect_err("it is no object").field, "spec");
}
