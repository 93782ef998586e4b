//! Autoscalers, and what is asked of pods by accounts, templates and runtime classes.

use k8s_openapi::api::autoscaling::v2 as autoscaling;
use k8s_openapi::api::core::v1 as core;
use k8s_openapi::api::node::v1 as node;

use super::{NormalForm, Spelling, amount, amounts, each, own, present, time, unknown, within, zero};

normal_forms! {
    core::ServiceAccount {
        zero: image_pull_secrets;
        each: secrets;
    }
    core::PodTemplate {
        present: template;
    }
    node::RuntimeClass {
        within: overhead, scheduling;
    }
    node::Overhead {
        amounts: pod_fixed;
    }
    node::Scheduling {
        zero: node_selector;
        each: tolerations;
    }
    autoscaling::HorizontalPodAutoscalerSpec {
        within: behavior;
        each: metrics;
        own: scale_target_ref;
    }
    autoscaling::CrossVersionObjectReference {
        zero: api_version;
    }
    autoscaling::HorizontalPodAutoscalerBehavior {
        within: scale_down, scale_up;
    }
    autoscaling::HPAScalingRules {
        zero: policies;
        amount: tolerance;
    }
    autoscaling::MetricSpec {
        within: container_resource, external, object, pods, resource;
    }
    autoscaling::ContainerResourceMetricSource {
        own: target;
    }
    autoscaling::ExternalMetricSource {
        own: metric, target;
    }
    autoscaling::ObjectMetricSource {
        own: described_object, metric, target;
    }
    autoscaling::PodsMetricSource {
        own: metric, target;
    }
    autoscaling::ResourceMetricSource {
        own: target;
    }
    autoscaling::MetricIdentifier {
        within: selector;
    }
    autoscaling::MetricTarget {
        amount: average_value, value;
    }
    autoscaling::HorizontalPodAutoscalerStatus {
        zero: current_replicas;
        time: last_scale_time;
        each: conditions, current_metrics;
    }
    autoscaling::HorizontalPodAutoscalerCondition {
        unknown: observed_generation;
        zero: message, reason;
        time: last_transition_time;
    }
    autoscaling::MetricStatus {
        within: container_resource, external, object, pods, resource;
    }
    autoscaling::ContainerResourceMetricStatus {
        own: current;
    }
    autoscaling::ExternalMetricStatus {
        own: current, metric;
    }
    autoscaling::ObjectMetricStatus {
        own: current, described_object, metric;
    }
    autoscaling::PodsMetricStatus {
        own: current, metric;
    }
    autoscaling::ResourceMetricStatus {
        own: current;
    }
    autoscaling::MetricValueStatus {
        amount: average_value, value;
    }
}
