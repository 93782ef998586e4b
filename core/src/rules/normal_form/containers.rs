//! Containers and what is in them.

use k8s_openapi::api::core::v1 as core;

use super::{NormalForm, Spelling, amount, amounts, each, present, unknown, within, zero};

normal_forms! {
    core::Container {
        zero:
            args, command, image, image_pull_policy, resize_policy, stdin, stdin_once,
            termination_message_path, termination_message_policy, tty, volume_devices, working_dir;
        within: lifecycle, liveness_probe, readiness_probe, security_context, startup_probe;
        present: resources;
        each: env, env_from, ports, restart_policy_rules, volume_mounts;
    }
    core::EphemeralContainer {
        zero:
            args, command, image, image_pull_policy, resize_policy, stdin, stdin_once,
            target_container_name, termination_message_path, termination_message_policy, tty,
            volume_devices, working_dir;
        within: lifecycle, liveness_probe, readiness_probe, security_context, startup_probe;
        present: resources;
        each: env, env_from, ports, restart_policy_rules, volume_mounts;
    }
    core::EnvVar {
        zero: value;
        within: value_from;
    }
    core::EnvVarSource {
        within: field_ref, resource_field_ref;
    }
    core::ObjectFieldSelector {
        zero: api_version;
    }
    core::ResourceFieldSelector {
        zero: container_name;
        amount: divisor;
    }
    core::EnvFromSource {
        zero: prefix;
    }
    core::Lifecycle {
        within: post_start, pre_stop;
    }
    core::LifecycleHandler {
        within: exec, http_get, tcp_socket;
    }
    core::ExecAction {
        zero: command;
    }
    core::HTTPGetAction {
        unknown: protocol;
        zero: host, http_headers, path, scheme;
    }
    core::TCPSocketAction {
        zero: host;
    }
    core::Probe {
        zero:
            failure_threshold, initial_delay_seconds, period_seconds, success_threshold, timeout_seconds;
        within: exec, grpc, http_get, tcp_socket;
    }
    core::GRPCAction {
        unknown: mode;
    }
    core::ContainerPort {
        zero: host_ip, host_port, name, protocol;
    }
    core::ResourceRequirements {
        amounts: limits, requests;
        each: claims;
    }
    core::ResourceClaim {
        zero: request;
    }
    core::ContainerRestartRule {
        within: exit_codes;
    }
    core::ContainerRestartRuleOnExitCodes {
        zero: values;
    }
    core::SecurityContext {
        within: capabilities, se_linux_options;
    }
    core::Capabilities {
        zero: add, drop;
    }
    core::SELinuxOptions {
        zero: level, role, type_, user;
    }
    core::VolumeMount {
        unknown: bind_mount_options;
        zero: read_only, sub_path, sub_path_expr;
    }
}
