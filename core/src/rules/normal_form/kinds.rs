//! The other kinds, and statuses.

use k8s_openapi::api::apps::v1 as apps;
use k8s_openapi::api::coordination::v1 as coordination;
use k8s_openapi::api::core::v1 as core;
use k8s_openapi::apimachinery::pkg::apis::meta::v1 as meta;

use super::{
    NormalForm, Spelling, amounts, each, filled, instant, micro_time, own, present, time, unknown, within,
    zero,
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
    coordination::LeaseSpec {
        micro_time: acquire_time, renew_time;
    }
}
