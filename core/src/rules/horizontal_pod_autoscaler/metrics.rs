//! Validation of what an autoscaler looks at.

use k8s_openapi::api::autoscaling::v2::{MetricIdentifier, MetricSpec, MetricTarget};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity as Text;

use super::spec::validate_reference;
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::quantity::Quantity;
use crate::rules::checks;

const TYPES: [&str; 5] = ["ContainerResource", "External", "Object", "Pods", "Resource"];

/// Checks all metrics. Only those of other objects are there when no pod is.
pub(super) fn validate(
    metrics: &[MetricSpec],
    min_replicas: Option<i32>,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    for (index, metric) in metrics.iter().enumerate() {
        validate_metric(metric, &path.index(index), errors);
    }
    let is_outside = |metric: &MetricSpec| matches!(metric.type_.as_str(), "Object" | "External");
    if min_replicas == Some(0) && !metrics.iter().any(is_outside) {
        let why = "must specify at least one Object or External metric to support scaling to zero replicas";
        errors.push(FieldError::forbidden(path, why));
    }
}

fn validate_metric(metric: &MetricSpec, path: &Path<'_>, errors: &mut FieldErrors) {
    let type_path = path.child("type");
    if metric.type_.is_empty() {
        errors.push(FieldError::required(&type_path, "must specify a metric source type"));
    }
    checks::one_of(&metric.type_, &TYPES, &type_path, errors);
    let present = [
        ("object", metric.object.is_some()),
        ("external", metric.external.is_some()),
        ("pods", metric.pods.is_some()),
        ("resource", metric.resource.is_some()),
        ("containerResource", metric.container_resource.is_some()),
    ];
    let mut present = present.into_iter().filter(|(_, is)| *is).map(|(field, _)| field).collect::<Vec<_>>();
    // Upstream looks into the first one only.
    if let Some(first) = present.first() {
        validate_source(metric, first, &path.child(first), errors);
    }
    let expected = match metric.type_.as_str() {
        "Object" => "object",
        "Pods" => "pods",
        "Resource" => "resource",
        "External" => "external",
        "ContainerResource" => "containerResource",
        other => return errors.push(FieldError::not_supported(&type_path, other, &TYPES)),
    };
    if !present.contains(&expected) {
        let why = "must populate information for the given metric source";
        errors.push(FieldError::required(&path.child(expected), why));
    }
    if present.len() != 1 {
        present.retain(|field| *field != expected);
        present.sort_unstable();
        for field in present {
            let why = "must populate the given metric source only";
            errors.push(FieldError::forbidden(&path.child(field), why));
        }
    }
}

fn validate_source(metric: &MetricSpec, field: &str, path: &Path<'_>, errors: &mut FieldErrors) {
    match field {
        "object" => metric.object.iter().for_each(|source| {
            validate_reference(&source.described_object, &path.child("describedObject"), errors);
            validate_identifier(&source.metric, &path.child("metric"), errors);
            validate_target(&source.target, path, errors);
            if source.target.value.is_none() {
                requires_average(
                    &source.target,
                    "must set either a target value or averageValue",
                    path,
                    errors,
                );
            }
        }),
        "external" => metric.external.iter().for_each(|source| {
            validate_identifier(&source.metric, &path.child("metric"), errors);
            validate_target(&source.target, path, errors);
            let path = path.child("target");
            match (&source.target.value, &source.target.average_value) {
                (None, None) => {
                    let why = "must set either a target value for metric or a per-pod target";
                    errors.push(FieldError::required(&path.child("averageValue"), why));
                }
                (Some(_), Some(_)) => {
                    let why = "may not set both a target value for metric and a per-pod target";
                    errors.push(FieldError::forbidden(&path.child("value"), why));
                }
                _ => {}
            }
        }),
        "pods" => metric.pods.iter().for_each(|source| {
            validate_identifier(&source.metric, &path.child("metric"), errors);
            validate_target(&source.target, path, errors);
            requires_average(&source.target, "must specify a positive target averageValue", path, errors);
        }),
        "resource" => metric.resource.iter().for_each(|source| {
            validate_resource(&source.name, &source.target, path, errors);
        }),
        _ => metric.container_resource.iter().for_each(|source| {
            let container_path = path.child("container");
            if source.container.is_empty() {
                errors.push(FieldError::required(&container_path, "must specify a container"));
            } else {
                checks::dns_label(&source.container, &container_path, errors);
            }
            validate_resource(&source.name, &source.target, path, errors);
        }),
    }
}

fn requires_average(target: &MetricTarget, why: &str, path: &Path<'_>, errors: &mut FieldErrors) {
    if target.average_value.is_none() {
        let path = path.child("target");
        errors.push(FieldError::required(&path.child("averageValue"), why));
    }
}

/// A resource is measured in itself or against what was requested.
fn validate_resource(name: &str, target: &MetricTarget, path: &Path<'_>, errors: &mut FieldErrors) {
    if name.is_empty() {
        errors.push(FieldError::required(&path.child("name"), "must specify a resource name"));
    }
    validate_target(target, path, errors);
    let path = path.child("target");
    match (target.average_utilization, &target.average_value) {
        (None, None) => {
            let why = "must set either a target raw value or a target utilization";
            errors.push(FieldError::required(&path.child("averageUtilization"), why));
        }
        (Some(_), Some(_)) => {
            let why = "may not set both a target raw value and a target utilization";
            errors.push(FieldError::forbidden(&path.child("averageValue"), why));
        }
        _ => {}
    }
}

fn validate_target(target: &MetricTarget, path: &Path<'_>, errors: &mut FieldErrors) {
    let path = path.child("target");
    let type_path = path.child("type");
    if target.type_.is_empty() {
        errors.push(FieldError::required(&type_path, "must specify a metric target type"));
    }
    if !matches!(target.type_.as_str(), "Utilization" | "Value" | "AverageValue") {
        let why = "must be either Utilization, Value, or AverageValue";
        errors.push(FieldError::invalid(&type_path, &target.type_, why));
    }
    validate_positive(target.value.as_ref(), &path.child("value"), errors);
    validate_positive(target.average_value.as_ref(), &path.child("averageValue"), errors);
    if let Some(percent) = target.average_utilization.filter(|percent| *percent < 1) {
        let path = path.child("averageUtilization");
        errors.push(FieldError::invalid(&path, &percent, "must be greater than 0"));
    }
}

fn validate_positive(amount: Option<&Text>, path: &Path<'_>, errors: &mut FieldErrors) {
    let Some(text) = amount else { return };
    let is_positive = Quantity::try_from(text).is_ok_and(|amount| !amount.is_zero() && !amount.is_negative());
    if !is_positive {
        errors.push(FieldError::invalid(path, &text.0, "must be positive"));
    }
}

fn validate_identifier(metric: &MetricIdentifier, path: &Path<'_>, errors: &mut FieldErrors) {
    let path = path.child("name");
    if metric.name.is_empty() {
        errors.push(FieldError::required(&path, "must specify a metric name"));
    } else {
        checks::faults(&metric.name, names::path_segment(&metric.name), &path, errors);
    }
}
