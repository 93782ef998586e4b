//! The other kinds, and statuses.

use k8s_openapi::api::apps::v1 as apps;
use k8s_openapi::api::batch::v1 as batch;
use k8s_openapi::api::coordination::v1 as coordination;
use k8s_openapi::api::core::v1 as core;
use k8s_openapi::api::policy::v1 as policy;
use k8s_openapi::apimachinery::pkg::apis::meta::v1 as meta;

use super::{
    NormalForm, Spelling, amounts, each, filled, instant, list, micro_time, own, present, time, unknown,
    within, zero,
};

normal_forms! {
    core::PodStatus {
        unknown: volume_health;
        zero:
            host_ip, host_ips, message, nominated_node_name, observed_generation, phase, pod_ip, pod_ips,
            node_allocatable_resource_claim_statuses, qos_class, reason, resize, resource_claim_statuses;
        amounts: allocated_resources;
        time: start_time;
        within: resources;
        each:
            conditions, container_statuses, ephemeral_container_statuses, init_container_statuses;
    }
    core::PodCondition {
        zero: message, observed_generation, reason;
        time: last_probe_time, last_transition_time;
    }
    core::ContainerStatus {
        zero: container_id;
        amounts: allocated_resources;
        within: resources, user;
        present: last_state, state;
        each: allocated_resources_status, volume_mounts;
    }
    core::ResourceStatus {
        each: resources;
    }
    core::ResourceHealth {
        zero: health;
    }
    core::ContainerState {
        within: running, terminated, waiting;
    }
    core::ContainerStateRunning {
        time: started_at;
    }
    core::ContainerStateTerminated {
        zero: container_id, message, reason, signal;
        time: finished_at, started_at;
    }
    core::ContainerStateWaiting {
        zero: message, reason;
    }
    core::ContainerUser {
        within: linux;
    }
    core::LinuxContainerUser {
        zero: supplemental_groups;
    }
    core::VolumeMountStatus {
        zero: read_only;
    }
    core::NodeSpec {
        unknown: pod_preemption_policy;
        zero: external_id, pod_cidr, pod_cidrs, provider_id, unschedulable;
        within: config_source;
        each: taints;
    }
    core::NodeConfigSource {
        within: config_map;
    }
    core::ConfigMapNodeConfigSource {
        zero: resource_version, uid;
    }
    core::Taint {
        zero: value;
        time: time_added;
    }
    core::NodeStatus {
        zero: addresses, declared_features, phase, volumes_attached, volumes_in_use;
        amounts: allocatable, capacity;
        within: config;
        present: daemon_endpoints, node_info;
        each: conditions, images, runtime_handlers;
    }
    core::NodeCondition {
        zero: message, reason;
        time: last_heartbeat_time, last_transition_time;
    }
    core::NodeConfigStatus {
        zero: error;
        within: active, assigned, last_known_good;
    }
    core::NodeDaemonEndpoints {
        filled: kubelet_endpoint;
    }
    core::ContainerImage {
        zero: names, size_bytes;
    }
    core::NodeSystemInfo {
        unknown: running_in_user_namespace;
    }
    core::NodeRuntimeHandler {
        zero: name;
    }
    core::NamespaceSpec {
        zero: finalizers;
    }
    core::NamespaceStatus {
        zero: phase;
        each: conditions;
    }
    core::NamespaceCondition {
        zero: message, reason;
        time: last_transition_time;
    }
    core::ServiceSpec {
        zero:
            cluster_ip, cluster_ips, external_ips, external_name, external_traffic_policy,
            health_check_node_port, ip_families, load_balancer_ip, load_balancer_source_ranges,
            publish_not_ready_addresses, selector, session_affinity, type_;
        each: ports;
    }
    core::ServicePort {
        zero: name, node_port, protocol;
    }
    core::ServiceStatus {
        present: load_balancer;
        each: conditions;
    }
    meta::Condition {
        zero: observed_generation;
        instant: last_transition_time;
    }
    core::LoadBalancerStatus {
        each: ingress;
    }
    core::LoadBalancerIngress {
        zero: hostname, ip, ports;
    }
    core::Event {
        zero: action, count, message, reason, type_;
        filled: reporting_component, reporting_instance;
        time: first_timestamp, last_timestamp;
        micro_time: event_time;
        within: related, series;
        present: source;
        own: involved_object;
    }
    core::ObjectReference {
        zero: api_version, field_path, kind, name, namespace, resource_version, uid;
    }
    core::EventSeries {
        zero: count;
        micro_time: last_observed_time;
    }
    core::EventSource {
        zero: component, host;
    }
    core::Secret {
        zero: data, string_data, type_;
    }
    core::ConfigMap {
        zero: binary_data, data;
    }
    apps::DeploymentSpec {
        zero: min_ready_seconds, paused;
        present: strategy;
        own: selector, template;
    }
    apps::DeploymentStrategy {
        zero: type_;
    }
    apps::DeploymentStatus {
        zero:
            available_replicas, observed_generation, ready_replicas, replicas, unavailable_replicas,
            updated_replicas;
        each: conditions;
    }
    apps::DeploymentCondition {
        zero: message, reason, status, type_;
        time: last_transition_time, last_update_time;
    }
    apps::ReplicaSetSpec {
        zero: min_ready_seconds;
        present: template;
        own: selector;
    }
    apps::ReplicaSetStatus {
        zero: available_replicas, fully_labeled_replicas, observed_generation, ready_replicas;
        each: conditions;
    }
    apps::ReplicaSetCondition {
        zero: message, reason, status, type_;
        time: last_transition_time;
    }
    apps::ControllerRevision {
        filled: revision;
    }
    apps::StatefulSetSpec {
        zero: min_ready_seconds, pod_management_policy, service_name;
        within: persistent_volume_claim_retention_policy;
        present: update_strategy;
        each: volume_claim_templates;
        own: selector, template;
    }
    apps::StatefulSetPersistentVolumeClaimRetentionPolicy {
        zero: when_deleted, when_scaled;
    }
    apps::StatefulSetUpdateStrategy {
        zero: type_;
    }
    apps::StatefulSetStatus {
        zero:
            current_replicas, current_revision, observed_generation, ready_replicas, update_revision,
            updated_replicas;
        filled: available_replicas;
        each: conditions;
    }
    apps::StatefulSetCondition {
        zero: message, reason, status, type_;
        time: last_transition_time;
    }
    apps::DaemonSetSpec {
        zero: min_ready_seconds;
        present: update_strategy;
        own: selector, template;
    }
    apps::DaemonSetUpdateStrategy {
        zero: type_;
    }
    apps::DaemonSetStatus {
        zero: number_available, number_unavailable, observed_generation, updated_number_scheduled;
        each: conditions;
    }
    apps::DaemonSetCondition {
        zero: message, reason, status, type_;
        time: last_transition_time;
    }
    core::ReplicationControllerSpec {
        zero: min_ready_seconds, selector;
        within: template;
    }
    core::ReplicationControllerStatus {
        zero: available_replicas, fully_labeled_replicas, observed_generation, ready_replicas;
        each: conditions;
    }
    core::ReplicationControllerCondition {
        zero: message, reason;
        time: last_transition_time;
    }
    core::PersistentVolumeClaim {
        own: metadata;
        present: spec, status;
    }
    core::PersistentVolumeClaimStatus {
        unknown: health_status;
        zero: access_modes, allocated_resource_statuses, phase;
        amounts: allocated_resources, capacity;
        within: modify_volume_status;
        each: conditions;
    }
    core::ModifyVolumeStatus {
        zero: target_volume_attributes_class_name;
    }
    core::PersistentVolumeClaimCondition {
        zero: message, reason;
        time: last_probe_time, last_transition_time;
    }
    batch::JobSpec {
        unknown: scheduling;
        within: pod_failure_policy, selector;
        own: template;
    }
    batch::PodFailurePolicy {
        list: rules;
    }
    batch::PodFailurePolicyRule {
        each: on_pod_conditions;
    }
    batch::PodFailurePolicyOnPodConditionsPattern {
        zero: status;
    }
    batch::JobStatus {
        zero: active, completed_indexes, failed, succeeded;
        time: completion_time, start_time;
        within: uncounted_terminated_pods;
        each: conditions;
    }
    batch::UncountedTerminatedPods {
        zero: failed, succeeded;
    }
    batch::JobCondition {
        zero: message, reason;
        time: last_probe_time, last_transition_time;
    }
    batch::CronJobSpec {
        zero: concurrency_policy;
        own: job_template;
    }
    batch::JobTemplateSpec {
        present: metadata, spec;
    }
    batch::CronJobStatus {
        time: last_schedule_time, last_successful_time;
        each: active;
    }
    coordination::LeaseSpec {
        micro_time: acquire_time, renew_time;
    }
    policy::PodDisruptionBudgetSpec {
        within: selector;
    }
    policy::PodDisruptionBudgetStatus {
        zero: disrupted_pods, observed_generation;
        filled: current_healthy, desired_healthy, disruptions_allowed, expected_pods;
        each: conditions;
    }
    core::ResourceQuotaSpec {
        zero: scopes;
        amounts: hard;
        within: scope_selector;
    }
    core::ScopeSelector {
        each: match_expressions;
    }
    core::ScopedResourceSelectorRequirement {
        zero: values;
    }
    core::ResourceQuotaStatus {
        amounts: hard, used;
    }
    core::LimitRangeSpec {
        list: limits;
    }
    core::LimitRangeItem {
        amounts: default, default_request, max, max_limit_request_ratio, min;
    }
}
