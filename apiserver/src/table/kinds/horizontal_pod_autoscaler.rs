use jiff::Timestamp;
use k8s_openapi::api::autoscaling::v2::{
    HorizontalPodAutoscalerSpec, HorizontalPodAutoscalerStatus, MetricSpec, MetricStatus, MetricTarget,
    MetricValueStatus,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use setpoint_core::object::Meta;

use crate::table::about::About;
use crate::table::cell::{Cell, cells};
use crate::table::column::Column;
use crate::table::duration::since;
use crate::table::printer::{Printer, divided};

/// How HorizontalPodAutoscalers are printed.
pub(super) const PRINTER: Printer = Printer::new(
    &[
        Column::NAME,
        Column::text(
            "Reference",
            About::Field("io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerSpec", "scaleTargetRef"),
        ),
        Column::text(
            "Targets",
            About::Field("io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerSpec", "metrics"),
        ),
        Column::text(
            "MinPods",
            About::Field("io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerSpec", "minReplicas"),
        ),
        Column::text(
            "MaxPods",
            About::Field("io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerSpec", "maxReplicas"),
        ),
        Column::text(
            "Replicas",
            About::Field("io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerStatus", "currentReplicas"),
        ),
        Column::AGE,
    ],
    |object, now| divided(object, now, row),
);

pub(super) fn row(
    meta: &Meta,
    spec: &HorizontalPodAutoscalerSpec,
    status: &HorizontalPodAutoscalerStatus,
    now: Timestamp,
) -> Vec<Cell> {
    let specs = spec.metrics.as_deref().unwrap_or_default();
    let statuses = status.current_metrics.as_deref().unwrap_or_default();
    cells![
        &*meta.name,
        format!("{}/{}", spec.scale_target_ref.kind, spec.scale_target_ref.name),
        metrics(specs, statuses),
        spec.min_replicas.map_or_else(|| "<unset>".to_owned(), |count| count.to_string()),
        spec.max_replicas,
        status.current_replicas,
        since(meta.creation_timestamp, now),
    ]
}

/// How many metrics are shown before the rest is counted.
const METRICS_MAX: usize = 2;

fn metrics(specs: &[MetricSpec], statuses: &[MetricStatus]) -> String {
    let list: Vec<String> =
        specs.iter().enumerate().map(|(index, spec)| metric(spec, statuses.get(index))).collect();
    match list.len() {
        0 => "<none>".to_owned(),
        count if count > METRICS_MAX => {
            format!("{} + {} more...", list[..METRICS_MAX].join(", "), count - METRICS_MAX)
        }
        _ => list.join(", "),
    }
}

/// One metric, as current value and target. Statuses are in the order of specs.
fn metric(spec: &MetricSpec, status: Option<&MetricStatus>) -> String {
    let text = match &*spec.type_ {
        "External" => spec.external.as_ref().map(|external| {
            let current = status.and_then(|status| status.external.as_ref()).map(|found| &found.current);
            value_or_average(&external.target, current)
        }),
        "Object" => spec.object.as_ref().map(|object| {
            let current = status.and_then(|status| status.object.as_ref()).map(|found| &found.current);
            value_or_average(&object.target, current)
        }),
        "Pods" => spec.pods.as_ref().map(|pods| {
            let current = status.and_then(|status| status.pods.as_ref()).map(|found| &found.current);
            let current = current.map_or("<unknown>", |current| quantity(&current.average_value));
            format!("{current}/{}", quantity(&pods.target.average_value))
        }),
        "Resource" => spec.resource.as_ref().map(|resource| {
            let current = status.and_then(|status| status.resource.as_ref()).map(|found| &found.current);
            format!("{}: {}", resource.name, average_or_utilization(&resource.target, current))
        }),
        "ContainerResource" => spec.container_resource.as_ref().map(|resource| {
            let found = status.and_then(|status| status.container_resource.as_ref());
            let current = found.map(|found| &found.current);
            format!("{}: {}", resource.name, average_or_utilization(&resource.target, current))
        }),
        _ => None,
    };
    text.unwrap_or_else(|| "<unknown type>".to_owned())
}

fn value_or_average(target: &MetricTarget, current: Option<&MetricValueStatus>) -> String {
    match &target.average_value {
        Some(average) => {
            let current = current.and_then(|current| current.average_value.as_ref());
            format!("{}/{} (avg)", current.map_or("<unknown>", |current| &*current.0), average.0)
        }
        None => {
            let current = current.map_or("<unknown>", |current| quantity(&current.value));
            format!("{current}/{}", quantity(&target.value))
        }
    }
}

fn average_or_utilization(target: &MetricTarget, current: Option<&MetricValueStatus>) -> String {
    if let Some(average) = &target.average_value {
        let current = current.map_or("<unknown>", |current| quantity(&current.average_value));
        return format!("{current}/{}", average.0);
    }
    let percent =
        |value: Option<i32>, word: &str| value.map_or_else(|| word.to_owned(), |value| format!("{value}%"));
    let current = percent(current.and_then(|current| current.average_utilization), "<unknown>");
    format!("{current}/{}", percent(target.average_utilization, "<auto>"))
}

fn quantity(quantity: &Option<Quantity>) -> &str {
    quantity.as_ref().map_or("<nil>", |quantity| &*quantity.0)
}
