//! The planner's parts, row by row.

use k8s_openapi::api::policy::v1::PodDisruptionBudgetSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::super::selector_text::selector_text;
use super::super::status::counts;
use super::*;

/// OTHER-08: what is expected and what is desired.
#[test]
fn budgets_ask_for() {
    let rows = [
        (json!({"minAvailable": 2}), 5, 9, Ok((5, 2))),
        (json!({"minAvailable": "30%"}), 5, 9, Ok((9, 3))),
        (json!({"minAvailable": "0%"}), 5, 9, Ok((9, 0))),
        (json!({"maxUnavailable": 2}), 5, 9, Ok((9, 7))),
        (json!({"maxUnavailable": "30%"}), 5, 9, Ok((9, 6))),
        (json!({"maxUnavailable": 20}), 5, 9, Ok((9, 0))),
        (json!({}), 5, 9, Ok((0, 0))),
        (json!({"maxUnavailable": "many"}), 5, 9, Err(())),
    ];
    for (spec, pods, replicas, expected) in rows {
        let parsed: PodDisruptionBudgetSpec = serde_json::from_value(spec.clone()).expect("a spec");
        let scale = Scale { replicas, unmanaged: Vec::new() };
        let found = counts(&parsed, pods, &scale).map(|it| (it.expected, it.desired)).map_err(drop);
        assert_eq!(found, expected, "{spec}");
    }
}

#[test]
fn selectors_are_told_as_upstream_tells_them() {
    let selector: LabelSelector = serde_json::from_value(json!({
        "matchLabels": {"app": "a"},
        "matchExpressions": [{"key": "k", "operator": "In", "values": ["x", "y"]}],
    }))
    .expect("a selector");
    assert_eq!(
        selector_text(Some(&selector)),
        "&LabelSelector{MatchLabels:map[string]string{app: a,},MatchExpressions:[]LabelSelectorRequirement\
         {LabelSelectorRequirement{Key:k,Operator:In,Values:[x y],},},}"
    );
    assert_eq!(selector_text(None), "nil");
}
