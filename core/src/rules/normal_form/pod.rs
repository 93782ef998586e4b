//! Pod specs and templates, affinity, metadata of templates.

use k8s_openapi::api::core::v1 as core;
use k8s_openapi::apimachinery::pkg::apis::meta::v1 as meta;

use super::{NormalForm, Spelling, amounts, each, list, own, present, time, unknown, within, zero};

normal_forms! {
    core::PodTemplateSpec {
        present: metadata, spec;
    }
    core::PodSpec {
        unknown: eviction_responders;
        zero:
            dns_policy, host_ipc, host_network, host_pid, hostname, image_pull_secrets, node_name,
            node_selector, priority_class_name, readiness_gates, resource_claims, restart_policy,
            scheduler_name, scheduling_gates, service_account, service_account_name, subdomain;
        amounts: overhead;
        within: affinity, dns_config, resources, security_context;
        each:
            ephemeral_containers, host_aliases, init_containers, tolerations,
            topology_spread_constraints, volumes;
        list: containers;
    }
    core::PodSecurityContext {
        zero: supplemental_groups, sysctls;
        within: se_linux_options;
    }
    core::PodDNSConfig {
        zero: nameservers, searches;
        each: options;
    }
    core::PodDNSConfigOption {
        zero: name;
    }
    core::HostAlias {
        zero: hostnames;
    }
    core::Toleration {
        zero: effect, key, operator, value;
    }
    core::TopologySpreadConstraint {
        zero: match_label_keys;
        within: label_selector;
    }
    core::Affinity {
        within: node_affinity, pod_affinity, pod_anti_affinity;
    }
    core::NodeAffinity {
        within: required_during_scheduling_ignored_during_execution;
        each: preferred_during_scheduling_ignored_during_execution;
    }
    core::PreferredSchedulingTerm {
        own: preference;
    }
    core::NodeSelectorTerm {
        each: match_expressions, match_fields;
    }
    core::NodeSelectorRequirement {
        zero: values;
    }
    core::NodeSelector {
        list: node_selector_terms;
    }
    core::PodAffinity {
        each:
            preferred_during_scheduling_ignored_during_execution,
            required_during_scheduling_ignored_during_execution;
    }
    core::PodAntiAffinity {
        each:
            preferred_during_scheduling_ignored_during_execution,
            required_during_scheduling_ignored_during_execution;
    }
    core::WeightedPodAffinityTerm {
        own: pod_affinity_term;
    }
    core::PodAffinityTerm {
        zero: match_label_keys, mismatch_label_keys, namespaces;
        within: label_selector, namespace_selector;
    }
    meta::ObjectMeta {
        zero:
            annotations, finalizers, generate_name, generation, labels, managed_fields, name, namespace,
            owner_references, resource_version, self_link, uid;
        time: creation_timestamp, deletion_timestamp;
    }
    meta::LabelSelector {
        zero: match_labels;
        each: match_expressions;
    }
    meta::LabelSelectorRequirement {
        zero: values;
    }
}
