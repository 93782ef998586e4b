//! The families of a Service's addresses, and what becomes of addresses and ports when its type changes (ADM-05).

use std::net::IpAddr;

use k8s_openapi::api::core::v1::{ServicePort, ServiceSpec};

use super::absent::{items, number, text};
use super::address;
use super::service::{NO_ADDRESS, has_node_ports};
use crate::field::{FieldError, FieldErrors, Path};

/// A family of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// `IPv4`
    V4,
    /// `IPv6`
    V6,
}

const SINGLE: &str = "SingleStack";
const PREFER: &str = "PreferDualStack";
const REQUIRE: &str = "RequireDualStack";
/// The most addresses a service has.
const ADDRESSES_MAX: usize = 2;

impl Family {
    /// That of an address.
    pub fn of(address: IpAddr) -> Self {
        if address.to_canonical().is_ipv4() { Self::V4 } else { Self::V6 }
    }

    /// The word of the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        }
    }

    const fn other(self) -> Self {
        match self {
            Self::V4 => Self::V6,
            Self::V6 => Self::V4,
        }
    }
}

/// Whether it has addresses, or the word for none.
pub fn is_internal(spec: &ServiceSpec) -> bool {
    text(&spec.type_) != "ExternalName"
}

/// Whether nodes answer for it to the checks of its load balancer.
pub fn has_health_check(spec: &ServiceSpec) -> bool {
    text(&spec.type_) == "LoadBalancer" && text(&spec.external_traffic_policy) == "Local"
}

/// Brings the first address and the list of all addresses to say the same.
pub fn align_addresses(new: &mut ServiceSpec, old: Option<&ServiceSpec>) {
    let address = text(&new.cluster_ip).to_owned();
    let Some(old) = old else {
        if !address.is_empty() && items(&new.cluster_ips).is_empty() {
            new.cluster_ips = Some(vec![address]);
        }
        return;
    };
    let is_list_unchanged = new.cluster_ips == old.cluster_ips;
    if address.is_empty() && !text(&old.cluster_ip).is_empty() && is_list_unchanged {
        new.cluster_ips = None;
    } else if !address.is_empty() && address != text(&old.cluster_ip) && is_list_unchanged
        || !address.is_empty() && items(&new.cluster_ips).is_empty()
    {
        new.cluster_ips = Some(vec![address]);
    }
}

/// Drops what was given to the service before and has no place in its new type, unless somebody changed it.
pub fn drop_dependents(new: &mut ServiceSpec, old: &ServiceSpec) {
    if is_internal(old) && !is_internal(new) {
        if new.cluster_ip == old.cluster_ip {
            new.cluster_ip = None;
        }
        if new.cluster_ips == old.cluster_ips {
            new.cluster_ips = None;
        }
        if new.ip_families == old.ip_families {
            new.ip_families = None;
        }
        if new.ip_family_policy == old.ip_family_policy {
            new.ip_family_policy = None;
        }
        if new.internal_traffic_policy == old.internal_traffic_policy {
            new.internal_traffic_policy = None;
        }
    }
    if has_node_ports(old) && !has_node_ports(new) && node_ports(new) == node_ports(old) {
        new.ports.iter_mut().flatten().for_each(|port| port.node_port = None);
    }
    if has_health_check(old)
        && !has_health_check(new)
        && new.health_check_node_port == old.health_check_node_port
    {
        new.health_check_node_port = None;
    }
    let is_balanced = |spec: &ServiceSpec| text(&spec.type_) == "LoadBalancer";
    if is_balanced(old) && !is_balanced(new) {
        if new.load_balancer_class == old.load_balancer_class {
            new.load_balancer_class = None;
        }
        if new.allocate_load_balancer_node_ports == old.allocate_load_balancer_node_ports {
            new.allocate_load_balancer_node_ports = None;
        }
    }
    let is_reached_from_outside = |spec: &ServiceSpec| {
        matches!(text(&spec.type_), "NodePort" | "LoadBalancer") || !items(&spec.external_ips).is_empty()
    };
    if is_reached_from_outside(old)
        && !is_reached_from_outside(new)
        && new.external_traffic_policy == old.external_traffic_policy
    {
        new.external_traffic_policy = None;
    }
}

fn node_ports(spec: &ServiceSpec) -> Vec<i32> {
    items(&spec.ports).iter().map(|port: &ServicePort| number(port.node_port)).collect()
}

/// Settles which families of addresses the service has, given those of the cluster, the preferred one first.
pub fn settle_families(spec: &mut ServiceSpec, cluster: &[Family]) -> FieldErrors {
    let mut errors = FieldErrors::new();
    let Some(&preferred) = cluster.first() else { return errors };
    if !is_internal(spec) {
        return errors;
    }
    check_counts(spec, &mut errors);
    let mut families = families_of(spec, &mut errors);
    if !errors.is_empty() {
        return errors;
    }
    let is_headless = text(&spec.cluster_ip) == NO_ADDRESS;
    let has_selector = spec.selector.as_ref().is_some_and(|selector| !selector.is_empty());
    if is_headless && !has_selector {
        // Whoever writes its endpoints may write any, also in a cluster with one family.
        if families.is_empty() {
            families.push(preferred);
        }
        let policy = spec.ip_family_policy.get_or_insert_with(|| REQUIRE.to_owned());
        if families.len() < ADDRESSES_MAX && policy != SINGLE {
            families.push(families[0].other());
        }
    } else {
        let is_double = families.len() > 1 || items(&spec.cluster_ips).len() > 1;
        let default = if is_double { REQUIRE } else { SINGLE };
        let policy = spec.ip_family_policy.get_or_insert_with(|| default.to_owned()).clone();
        let path = Path::new("spec");
        if policy == REQUIRE && cluster.len() < ADDRESSES_MAX {
            let why = "this cluster is not configured for dual-stack services";
            errors.push(FieldError::invalid(&path.child("ipFamilyPolicy"), &policy, why));
        }
        let families_path = path.child("ipFamilies");
        for (index, family) in families.iter().enumerate().filter(|(_, family)| !cluster.contains(family)) {
            let why = "not configured on this cluster";
            errors.push(FieldError::invalid(&families_path.index(index), family.as_str(), why));
        }
        if families.is_empty() {
            families.push(preferred);
        }
        let other = families[0].other();
        if families.len() < ADDRESSES_MAX && policy != SINGLE && cluster.contains(&other) {
            families.push(other);
        }
    }
    spec.ip_families = Some(families.iter().map(|family| family.as_str().to_owned()).collect());
    errors
}

/// One family cannot have two addresses.
fn check_counts(spec: &ServiceSpec, errors: &mut FieldErrors) {
    let path = Path::new("spec");
    let policy_path = path.child("ipFamilyPolicy");
    if let Some(policy) = &spec.ip_family_policy {
        if ![PREFER, REQUIRE, SINGLE].contains(&policy.as_str()) {
            errors.push(FieldError::not_supported(&policy_path, policy, &[PREFER, REQUIRE, SINGLE]));
        }
        for (count, noun) in
            [(items(&spec.ip_families).len(), "IP families"), (items(&spec.cluster_ips).len(), "cluster IPs")]
        {
            if policy == SINGLE && count > 1 {
                let why = format!("must be '{REQUIRE}' or '{PREFER}' when multiple {noun} are specified");
                errors.push(FieldError::invalid(&policy_path, policy, why));
            }
        }
    }
    let addresses = items(&spec.cluster_ips);
    if addresses.len() > ADDRESSES_MAX {
        let why = "may only hold up to 2 values";
        errors.push(FieldError::invalid(&path.child("clusterIPs"), addresses, why));
    }
}

/// The families that are asked for, by their words or by addresses.
fn families_of(spec: &ServiceSpec, errors: &mut FieldErrors) -> Vec<Family> {
    let path = Path::new("spec");
    let (families_path, addresses_path) = (path.child("ipFamilies"), path.child("clusterIPs"));
    let mut families = Vec::new();
    for (index, word) in items(&spec.ip_families).iter().enumerate() {
        let path = families_path.index(index);
        match word.as_str() {
            "IPv4" if !families.contains(&Family::V4) => families.push(Family::V4),
            "IPv6" if !families.contains(&Family::V6) => families.push(Family::V6),
            "IPv4" | "IPv6" => errors.push(FieldError::duplicate(&path, word)),
            _ => errors.push(FieldError::not_supported(&path, word, &["IPv4", "IPv6"])),
        }
    }
    for (index, value) in items(&spec.cluster_ips).iter().enumerate() {
        let Some(family) = address::parse_lenient(value).map(Family::of) else { continue };
        match families.get(index) {
            Some(wanted) if *wanted != family => {
                let why =
                    format!("expected an {} value as indicated by `ipFamilies[{index}]`", wanted.as_str());
                errors.push(FieldError::invalid(&addresses_path.index(index), value, why));
            }
            Some(_) => {}
            None if families.contains(&family) => {
                let why = "may specify no more than one IP for each IP family";
                errors.push(FieldError::invalid(&addresses_path, items(&spec.cluster_ips), why));
            }
            None => families.push(family),
        }
    }
    families
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};

    use super::*;

    fn settled(mut value: Value, cluster: &[Family]) -> Result<Value, String> {
        value["type"] = value.get("type").cloned().unwrap_or(json!("ClusterIP"));
        let mut spec: ServiceSpec = from_value(value).expect("a spec");
        align_addresses(&mut spec, None);
        let errors = settle_families(&mut spec, cluster);
        if errors.is_empty() {
            return Ok(json!([spec.ip_families, spec.ip_family_policy]));
        }
        Err(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn families_follow_from_what_is_asked_for() {
        let (single, dual) = (&[Family::V4][..], &[Family::V4, Family::V6][..]);
        let selector = json!({"a": "b"});
        let rows = [
            (json!({}), single, json!([["IPv4"], SINGLE])),
            (json!({}), dual, json!([["IPv4"], SINGLE])),
            (json!({"ipFamilyPolicy": PREFER}), single, json!([["IPv4"], PREFER])),
            (json!({"ipFamilyPolicy": PREFER}), dual, json!([["IPv4", "IPv6"], PREFER])),
            (json!({"clusterIP": "fd00::1"}), dual, json!([["IPv6"], SINGLE])),
            (json!({"ipFamilies": ["IPv6", "IPv4"]}), dual, json!([["IPv6", "IPv4"], REQUIRE])),
            (json!({"clusterIP": "None", "selector": selector}), single, json!([["IPv4"], SINGLE])),
            (json!({"clusterIP": "None"}), single, json!([["IPv4", "IPv6"], REQUIRE])),
            (json!({"type": "ExternalName"}), single, json!([null, null])),
        ];
        for (spec, cluster, expected) in rows {
            assert_eq!(settled(spec.clone(), cluster), Ok(expected), "{spec}");
        }
    }

    #[test]
    fn what_the_cluster_does_not_have_is_refused() {
        let single = &[Family::V4][..];
        let rows = [
            (
                json!({"ipFamilyPolicy": REQUIRE}),
                "spec.ipFamilyPolicy: Invalid value: \"RequireDualStack\": this cluster is not configured for \
                 dual-stack services",
            ),
            (
                json!({"ipFamilies": ["IPv6"]}),
                "spec.ipFamilies[0]: Invalid value: \"IPv6\": not configured on this cluster",
            ),
            (
                json!({"ipFamilies": ["IPv6"], "clusterIP": "10.0.0.1"}),
                "spec.clusterIPs[0]: Invalid value: \"10.0.0.1\": expected an IPv6 value as indicated by \
                 `ipFamilies[0]`",
            ),
            (
                json!({"ipFamilyPolicy": SINGLE, "ipFamilies": ["IPv4", "IPv6"]}),
                "spec.ipFamilyPolicy: Invalid value: \"SingleStack\": must be 'RequireDualStack' or \
                 'PreferDualStack' when multiple IP families are specified",
            ),
        ];
        for (spec, expected) in rows {
            assert_eq!(settled(spec.clone(), single), Err(expected.to_owned()), "{spec}");
        }
    }

    #[test]
    fn what_the_new_type_has_no_place_for_goes() {
        let old = json!({
            "type": "NodePort", "clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"], "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": SINGLE, "ports": [{"port": 80, "nodePort": 30000}],
            "externalTrafficPolicy": "Cluster", "internalTrafficPolicy": "Cluster",
        });
        let old: ServiceSpec = from_value(old).expect("a spec");
        let mut new = ServiceSpec { type_: Some("ExternalName".to_owned()), ..old.clone() };
        drop_dependents(&mut new, &old);
        let left = serde_json::to_value(&new).expect("JSON");
        assert_eq!(left, json!({"type": "ExternalName", "ports": [{"port": 80}]}));
        let mut new = ServiceSpec { type_: Some("ClusterIP".to_owned()), ..old.clone() };
        drop_dependents(&mut new, &old);
        assert_eq!(new.cluster_ip.as_deref(), Some("10.0.0.1"));
        assert_eq!(node_ports(&new), [0]);
    }
}
