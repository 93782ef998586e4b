//! Defaults of autoscalers: 80 % of the requested CPU, and how fast to go up and down.

use k8s_openapi::api::autoscaling::v2::{
    HPAScalingPolicy, HPAScalingRules, HorizontalPodAutoscalerSpec, HorizontalPodAutoscalerStatus,
    MetricSpec, MetricTarget, ResourceMetricSource,
};

use crate::rules::absent::items;
use crate::rules::normal_form::{NormalForm, Spelling};

/// The share of the requested CPU that is aimed at, in percent.
const CPU_UTILIZATION: i32 = 80;
/// How often a direction is looked at, in seconds.
const PERIOD_SECONDS: i32 = 15;

/// Fills in defaults and brings the spec into its normal form.
pub fn default(spec: &mut HorizontalPodAutoscalerSpec) {
    spec.normalize(Spelling::Canonical);
    spec.min_replicas.get_or_insert(1);
    if items(&spec.metrics).is_empty() {
        spec.metrics = Some(vec![cpu(CPU_UTILIZATION)]);
    }
    if let Some(behavior) = &mut spec.behavior {
        fill(&mut behavior.scale_up, true);
        fill(&mut behavior.scale_down, false);
    }
}

/// The same for a status.
pub fn default_status(status: &mut HorizontalPodAutoscalerStatus) {
    status.normalize(Spelling::Canonical);
}

/// A share of the requested CPU.
fn cpu(percent: i32) -> MetricSpec {
    let target = MetricTarget {
        type_: "Utilization".to_owned(),
        average_utilization: Some(percent),
        ..MetricTarget::default()
    };
    let resource = ResourceMetricSource { name: "cpu".to_owned(), target };
    MetricSpec { type_: "Resource".to_owned(), resource: Some(resource), ..MetricSpec::default() }
}

/// Up at once, by the larger of four pods and as many as there are; down by as many as there are.
fn fill(rules: &mut Option<HPAScalingRules>, is_up: bool) {
    let rules = rules.get_or_insert_default();
    rules.select_policy.get_or_insert_with(|| "Max".to_owned());
    if is_up {
        rules.stabilization_window_seconds.get_or_insert(0);
    }
    if items(&rules.policies).is_empty() {
        let policy = |type_: &str, value| HPAScalingPolicy {
            type_: type_.to_owned(),
            value,
            period_seconds: PERIOD_SECONDS,
        };
        let mut policies = vec![policy("Percent", 100)];
        if is_up {
            policies.insert(0, policy("Pods", 4));
        }
        rules.policies = Some(policies);
    }
}
