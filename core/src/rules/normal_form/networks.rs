//! Endpoints, ingresses and network policies.

use k8s_openapi::api::core::v1 as core;
use k8s_openapi::api::discovery::v1 as discovery;
use k8s_openapi::api::networking::v1 as networking;

use super::{NormalForm, Spelling, each, filled, list, own, present, within, zero};

normal_forms! {
    core::Endpoints {
        each: subsets;
    }
    core::EndpointSubset {
        each: addresses, not_ready_addresses, ports;
    }
    core::EndpointAddress {
        zero: hostname;
        within: target_ref;
    }
    core::EndpointPort {
        zero: name, protocol;
    }
    discovery::EndpointSlice {
        each: endpoints;
        zero: ports;
    }
    discovery::Endpoint {
        zero: deprecated_topology;
        within: hints, target_ref;
        filled: conditions;
    }
    discovery::EndpointHints {
        zero: for_nodes, for_zones;
    }
    networking::IngressSpec {
        within: default_backend;
        each: rules, tls;
    }
    networking::IngressTLS {
        zero: hosts, secret_name;
    }
    networking::IngressRule {
        zero: host;
        within: http;
    }
    networking::HTTPIngressRuleValue {
        list: paths;
    }
    networking::HTTPIngressPath {
        zero: path;
        own: backend;
    }
    networking::IngressBackend {
        within: service;
    }
    networking::IngressServiceBackend {
        present: port;
    }
    networking::ServiceBackendPort {
        zero: name, number;
    }
    networking::IngressStatus {
        present: load_balancer;
    }
    networking::IngressLoadBalancerStatus {
        each: ingress;
    }
    networking::IngressLoadBalancerIngress {
        zero: hostname, ip, ports;
    }
    networking::IngressClass {
        present: spec;
    }
    networking::IngressClassSpec {
        zero: controller;
    }
    networking::NetworkPolicy {
        present: spec;
    }
    networking::NetworkPolicySpec {
        present: pod_selector;
        zero: policy_types;
        each: egress, ingress;
    }
    networking::NetworkPolicyIngressRule {
        zero: ports;
        each: from;
    }
    networking::NetworkPolicyEgressRule {
        zero: ports;
        each: to;
    }
    networking::NetworkPolicyPeer {
        within: ip_block, namespace_selector, pod_selector;
    }
    networking::IPBlock {
        zero: except;
    }
}
