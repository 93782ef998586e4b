//! Services (ADM-05). Their addresses and node ports are given out by the store.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{
    ClientIPConfig, ServicePort, ServiceSpec, ServiceStatus, SessionAffinityConfig,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::absent::{items, number, text};
use super::labels::validate_labels;
use super::normal_form::{NormalForm, Spelling};
use super::object_meta::{self, Scope};
use super::service_addresses::{align_addresses, drop_dependents, has_health_check};
use super::{address, checks};
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::object::Meta;

/// The address of a service that has none.
pub const NO_ADDRESS: &str = "None";

/// How long a client stays with its endpoint, in seconds.
const AFFINITY_SECONDS: i32 = 10_800;
/// The longest that may be asked for.
const AFFINITY_SECONDS_MAX: i32 = 86_400;

const TYPES: [&str; 4] = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];

/// Fills in defaults and brings the spec into its normal form.
pub fn default(spec: &mut ServiceSpec) {
    spec.normalize(Spelling::Canonical);
    let affinity = spec.session_affinity.get_or_insert_with(|| "None".to_owned());
    match affinity.as_str() {
        "None" => spec.session_affinity_config = None,
        "ClientIP" => {
            let client =
                spec.session_affinity_config.get_or_insert_default().client_ip.get_or_insert_default();
            client.timeout_seconds.get_or_insert(AFFINITY_SECONDS);
        }
        _ => {}
    }
    let kind = spec.type_.get_or_insert_with(|| "ClusterIP".to_owned()).clone();
    for port in spec.ports.iter_mut().flatten() {
        port.protocol.get_or_insert_with(|| "TCP".to_owned());
        let is_absent = match &port.target_port {
            None | Some(IntOrString::Int(0)) => true,
            Some(IntOrString::String(name)) => name.is_empty(),
            Some(IntOrString::Int(_)) => false,
        };
        if is_absent {
            port.target_port = Some(IntOrString::Int(port.port));
        }
    }
    let is_external = matches!(kind.as_str(), "NodePort" | "LoadBalancer")
        || (kind == "ClusterIP" && !items(&spec.external_ips).is_empty());
    if is_external {
        spec.external_traffic_policy.get_or_insert_with(|| "Cluster".to_owned());
    }
    if kind != "ExternalName" {
        spec.internal_traffic_policy.get_or_insert_with(|| "Cluster".to_owned());
    }
    if kind == "LoadBalancer" {
        spec.allocate_load_balancer_node_ports.get_or_insert(true);
    }
}

/// What a new service has been given: nothing yet.
pub fn prepare_create() -> ServiceStatus {
    ServiceStatus { load_balancer: Some(Default::default()), ..ServiceStatus::default() }
}

/// What was given out before stays with a change that does not mention it, unless the new type has no place for it.
pub fn prepare_update(spec: &mut ServiceSpec, old: &ServiceSpec) {
    keep_given(spec, old);
    align_addresses(spec, Some(old));
    drop_dependents(spec, old);
}

fn keep_given(spec: &mut ServiceSpec, old: &ServiceSpec) {
    let keeps_address = text(&spec.type_) != "ExternalName" && text(&old.type_) != "ExternalName";
    if keeps_address && text(&spec.cluster_ip).is_empty() && items(&spec.cluster_ips).is_empty() {
        spec.cluster_ip.clone_from(&old.cluster_ip);
        spec.cluster_ips.clone_from(&old.cluster_ips);
    }
    if keeps_address && items(&spec.ip_families).is_empty() {
        spec.ip_families.clone_from(&old.ip_families);
    }
    if keeps_address && spec.ip_family_policy.is_none() {
        spec.ip_family_policy.clone_from(&old.ip_family_policy);
    }
    if has_health_check(spec) && has_health_check(old) && number(spec.health_check_node_port) == 0 {
        spec.health_check_node_port = old.health_check_node_port;
    }
    if !has_node_ports(spec) || !has_node_ports(old) {
        return;
    }
    for port in spec.ports.iter_mut().flatten().filter(|port| number(port.node_port) == 0) {
        let same = |old: &&ServicePort| old.port == port.port && old.protocol == port.protocol;
        port.node_port = items(&old.ports).iter().find(same).and_then(|old| old.node_port);
    }
}

/// Whether its ports are open on nodes.
pub fn has_node_ports(spec: &ServiceSpec) -> bool {
    match text(&spec.type_) {
        "NodePort" => true,
        "LoadBalancer" => spec.allocate_load_balancer_node_ports != Some(false),
        _ => false,
    }
}

/// Whether it is to have an address of its own.
pub fn wants_address(spec: &ServiceSpec) -> bool {
    text(&spec.type_) != "ExternalName" && text(&spec.cluster_ip) != NO_ADDRESS
}

/// All that is wrong with a new service.
pub fn validate_create(meta: &Meta, spec: &ServiceSpec) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check(meta, Scope::Namespaced, names::dns1035_label, &mut errors);
    validate(spec, &mut errors);
    errors
}

/// All that is wrong with a changed service: an address stays.
pub fn validate_update(
    new_meta: &Meta,
    new: &ServiceSpec,
    old_meta: &Meta,
    old: &ServiceSpec,
) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check_update(new_meta, old_meta, &mut errors);
    let (was, is) = (text(&old.cluster_ip), text(&new.cluster_ip));
    if text(&new.type_) != "ExternalName" && !was.is_empty() && was != is {
        let path = Path::new("spec");
        let path = path.child("clusterIPs");
        let why = "may not change once set";
        errors.push(FieldError::invalid(&path.index(0), &[is], why));
    }
    validate(new, &mut errors);
    errors
}

/// All that is wrong with a written status.
pub fn validate_status_update(new_meta: &Meta, old_meta: &Meta) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check_update(new_meta, old_meta, &mut errors);
    errors
}

fn validate(spec: &ServiceSpec, errors: &mut FieldErrors) {
    let path = Path::new("spec");
    let kind = text(&spec.type_);
    let is_headless = text(&spec.cluster_ip) == NO_ADDRESS;
    let ports_path = path.child("ports");
    if items(&spec.ports).is_empty() && !is_headless && kind != "ExternalName" {
        errors.push(FieldError::required(&ports_path, ""));
    }
    validate_ports(spec, &ports_path, errors);
    match kind {
        "LoadBalancer" | "NodePort" if is_headless => {
            let why = format!("may not be set to 'None' for {kind} services");
            errors.push(FieldError::invalid(&path.child("clusterIPs").index(0), NO_ADDRESS, why));
        }
        "ExternalName" => validate_external_name(spec, &path, errors),
        _ => {}
    }
    if let Some(selector) = &spec.selector {
        validate_labels(selector, &path.child("selector"), errors);
    }
    let affinity_path = path.child("sessionAffinity");
    checks::required_one_of(text(&spec.session_affinity), &["ClientIP", "None"], &affinity_path, errors);
    if text(&spec.session_affinity) == "ClientIP" {
        validate_affinity(
            spec.session_affinity_config.as_ref(),
            &path.child("sessionAffinityConfig"),
            errors,
        );
    }
    checks::required_one_of(kind, &TYPES, &path.child("type"), errors);
    validate_addresses(spec, &path.child("clusterIPs"), errors);
    for (index, external) in items(&spec.external_ips).iter().enumerate() {
        let path = path.child("externalIPs");
        address::validate_ip(external, &[], &path.index(index), errors);
    }
    let policies = [
        ("externalTrafficPolicy", &spec.external_traffic_policy),
        ("internalTrafficPolicy", &spec.internal_traffic_policy),
    ];
    for (field, policy) in policies {
        if let Some(policy) = policy {
            checks::one_of(policy, &["Cluster", "Local"], &path.child(field), errors);
        }
    }
}

/// The list of addresses begins with the one that is named by itself.
fn validate_addresses(spec: &ServiceSpec, path: &Path<'_>, errors: &mut FieldErrors) {
    let (first, all) = (text(&spec.cluster_ip), items(&spec.cluster_ips));
    if first.is_empty() && !all.is_empty() {
        errors.push(FieldError::forbidden(path, "must be empty when `clusterIP` is not specified"));
    } else if all.first().is_some_and(|listed| listed != first) {
        errors.push(FieldError::invalid(path, all, "first value must match `clusterIP`"));
    }
    let alone = [first.to_owned()];
    for (index, value) in if all.is_empty() { &alone[..] } else { all }.iter().enumerate() {
        let path = path.index(index);
        if value == NO_ADDRESS {
            if all.len() > 1 {
                let why = "'None' must be the first and only value";
                errors.push(FieldError::invalid(&path, value, why));
            }
        } else if !value.is_empty() {
            address::validate_ip(value, &[], &path, errors);
        }
    }
}

fn validate_external_name(spec: &ServiceSpec, path: &Path<'_>, errors: &mut FieldErrors) {
    if !text(&spec.cluster_ip).is_empty() {
        let why = "may not be set for ExternalName services";
        errors.push(FieldError::forbidden(&path.child("clusterIPs"), why));
    }
    let name_path = path.child("externalName");
    let name = text(&spec.external_name).trim_end_matches('.');
    if name.is_empty() {
        errors.push(FieldError::required(&name_path, ""));
    } else {
        checks::dns_subdomain(name, &name_path, errors);
    }
}

fn validate_affinity(config: Option<&SessionAffinityConfig>, path: &Path<'_>, errors: &mut FieldErrors) {
    let seconds = config
        .and_then(|config| config.client_ip.as_ref())
        .and_then(|ClientIPConfig { timeout_seconds }| *timeout_seconds);
    let client_path = path.child("clientIP");
    let path = client_path.child("timeoutSeconds");
    match seconds {
        None => errors.push(FieldError::required(&path, "")),
        Some(seconds) if !(1..=AFFINITY_SECONDS_MAX).contains(&seconds) => {
            let why = format!("must be greater than 0 and less than {AFFINITY_SECONDS_MAX}");
            errors.push(FieldError::invalid(&path, &seconds, why));
        }
        Some(_) => {}
    }
}

fn validate_ports(spec: &ServiceSpec, path: &Path<'_>, errors: &mut FieldErrors) {
    let ports = items(&spec.ports);
    let (mut seen_names, mut seen_ports, mut seen_node_ports) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (index, port) in ports.iter().enumerate() {
        let path = path.index(index);
        let name = text(&port.name);
        let name_path = path.child("name");
        if name.is_empty() {
            if ports.len() > 1 {
                errors.push(FieldError::required(&name_path, ""));
            }
        } else {
            checks::dns_label(name, &name_path, errors);
            if !seen_names.insert(name) {
                errors.push(FieldError::duplicate(&name_path, name));
            }
        }
        checks::port_number(port.port, &path.child("port"), errors);
        let protocol = text(&port.protocol);
        checks::required_one_of(protocol, &["SCTP", "TCP", "UDP"], &path.child("protocol"), errors);
        let target_path = path.child("targetPort");
        match &port.target_port {
            Some(IntOrString::Int(number)) => checks::port_number(*number, &target_path, errors),
            Some(IntOrString::String(name)) => {
                checks::faults(name.as_str(), names::port_name(name), &target_path, errors);
            }
            None => {}
        }
        let node_port = number(port.node_port);
        if !seen_ports.insert((port.port, protocol)) {
            errors.push(FieldError::duplicate(&path, port));
        }
        if node_port != 0 {
            let node_path = path.child("nodePort");
            if !has_node_ports(spec) {
                let why = "may not be used when `type` is 'ClusterIP'";
                errors.push(FieldError::forbidden(&node_path, why));
            } else if !seen_node_ports.insert((node_port, protocol)) {
                errors.push(FieldError::duplicate(&node_path, &node_port));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn service(value: Value) -> ServiceSpec {
        let mut spec = serde_json::from_value(value).expect("a service's spec");
        default(&mut spec);
        spec
    }

    fn check(value: Value, expected: &[&str]) {
        let errors = validate_create(&Meta::namespaced("ns", "a"), &service(value));
        assert_eq!(errors.iter().map(ToString::to_string).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn defaults_are_upstreams() {
        // ADM-05
        let spec = service(json!({"ports": [{"port": 80}]}));
        assert_eq!(
            serde_json::to_value(&spec).expect("a value"),
            json!({
                "type": "ClusterIP", "sessionAffinity": "None", "internalTrafficPolicy": "Cluster",
                "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}],
            })
        );
        let again = {
            let mut again = spec.clone();
            default(&mut again);
            again
        };
        assert_eq!(again, spec);
        let sticky = service(json!({"type": "LoadBalancer", "sessionAffinity": "ClientIP"}));
        assert_eq!(sticky.external_traffic_policy.as_deref(), Some("Cluster"));
        assert_eq!(sticky.allocate_load_balancer_node_ports, Some(true));
        let client = sticky.session_affinity_config.and_then(|config| config.client_ip).expect("filled in");
        assert_eq!(client.timeout_seconds, Some(10_800));
    }

    #[test]
    fn ports_are_named_and_apart() {
        check(json!({"ports": [{"port": 80}]}), &[]);
        check(json!({}), &["spec.ports: Required value"]);
        check(json!({"clusterIP": "None"}), &[]);
        check(
            json!({"ports": [{"port": 80}, {"port": 0, "name": "b"}]}),
            &[
                "spec.ports[0].name: Required value",
                "spec.ports[1].port: Invalid value: 0: must be between 1 and 65535, inclusive",
                "spec.ports[1].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive",
            ],
        );
        check(
            json!({"ports": [{"port": 80, "nodePort": 30080}]}),
            &["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
        );
    }

    #[test]
    fn external_names_are_names() {
        check(json!({"type": "ExternalName"}), &["spec.externalName: Required value"]);
        check(json!({"type": "ExternalName", "externalName": "example.com."}), &[]);
        check(
            json!({"type": "Other", "ports": [{"port": 1}]}),
            &["spec.type: Unsupported value: \"Other\": supported values: \"ClusterIP\", \"ExternalName\", \
             \"LoadBalancer\", \"NodePort\""],
        );
    }

    #[test]
    fn addresses_stay() {
        let meta = Meta::namespaced("ns", "a");
        let old =
            service(json!({"ports": [{"port": 80}], "clusterIP": "10.96.0.7", "clusterIPs": ["10.96.0.7"]}));
        let mut silent = service(json!({"ports": [{"port": 81}]}));
        prepare_update(&mut silent, &old);
        assert_eq!(silent.cluster_ip.as_deref(), Some("10.96.0.7"));
        assert_eq!(validate_update(&meta, &silent, &meta, &old), []);
        let moved = service(json!({"ports": [{"port": 80}], "clusterIP": "10.96.0.8"}));
        let errors = validate_update(&meta, &moved, &meta, &old);
        assert_eq!(
            errors[0].to_string(),
            "spec.clusterIPs[0]: Invalid value: [\"10.96.0.8\"]: may not change once set"
        );
    }
}
