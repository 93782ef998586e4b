//! EndpointSlices.

use std::collections::BTreeSet;

use k8s_openapi::api::discovery::v1::{Endpoint, EndpointHints, EndpointPort, EndpointSlice};

use super::absent::{items, text};
use super::endpoint_address::{PROTOCOLS, validate_app_protocol, validate_reachable};
use super::labels::validate_labels;
use super::normal_form::{NormalForm, Spelling};
use super::object_meta::{self, Scope};
use super::{address, checks};
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::object::Meta;

const ADDRESS_TYPES: [&str; 3] = ["FQDN", "IPv4", "IPv6"];
const ENDPOINTS_MAX: usize = 1000;
const ADDRESSES_MAX: usize = 100;
const PORTS_MAX: usize = 20_000;
const TOPOLOGY_MAX: usize = 16;
const HINTS_MAX: usize = 8;

/// Fills in names and protocols of ports.
pub fn default(slice: &mut EndpointSlice) {
    slice.normalize(Spelling::Canonical);
    for port in slice.ports.iter_mut().flatten() {
        port.name.get_or_insert_default();
        port.protocol.get_or_insert_with(|| "TCP".to_owned());
    }
}

/// All that is wrong with a new slice.
pub fn validate_create(meta: &Meta, slice: &EndpointSlice) -> FieldErrors {
    let mut errors = FieldErrors::new();
    validate(meta, slice, None, &mut errors);
    errors
}

/// All that is wrong with a changed slice: the type of its addresses stays.
pub fn validate_update(
    new_meta: &Meta,
    new: &EndpointSlice,
    _old_meta: &Meta,
    old: &EndpointSlice,
) -> FieldErrors {
    let mut errors = FieldErrors::new();
    validate(new_meta, new, Some(old), &mut errors);
    checks::immutable(&new.address_type, &old.address_type, &Path::new("addressType"), &mut errors);
    errors
}

fn validate(meta: &Meta, slice: &EndpointSlice, old: Option<&EndpointSlice>, errors: &mut FieldErrors) {
    object_meta::check(meta, Scope::Namespaced, names::dns1123_subdomain, errors);
    checks::required_one_of(&slice.address_type, &ADDRESS_TYPES, &Path::new("addressType"), errors);
    validate_ports(items(&slice.ports), &Path::new("ports"), errors);
    let endpoints = items(&slice.endpoints);
    // Addresses that were good under older rules stay so while nothing changes.
    if old.is_some_and(|old| old.endpoints == slice.endpoints) {
        return;
    }
    let path = Path::new("endpoints");
    if endpoints.len() > ENDPOINTS_MAX {
        return errors.push(FieldError::too_many(&path, endpoints.len(), ENDPOINTS_MAX));
    }
    for (index, endpoint) in endpoints.iter().enumerate() {
        validate_endpoint(endpoint, &slice.address_type, &path.index(index), errors);
    }
}

fn validate_endpoint(endpoint: &Endpoint, kind: &str, path: &Path<'_>, errors: &mut FieldErrors) {
    let addresses = path.child("addresses");
    match endpoint.addresses.len() {
        0 => errors.push(FieldError::required(&addresses, "must contain at least 1 address")),
        count if count > ADDRESSES_MAX => {
            errors.push(FieldError::too_many(&addresses, count, ADDRESSES_MAX));
        }
        _ => {}
    }
    for (index, address) in endpoint.addresses.iter().enumerate() {
        validate_address(address, kind, &addresses.index(index), errors);
    }
    if let Some(node) = &endpoint.node_name {
        checks::dns_subdomain(node, &path.child("nodeName"), errors);
    }
    if let Some(topology) = &endpoint.deprecated_topology {
        let path = path.child("deprecatedTopology");
        if topology.len() > TOPOLOGY_MAX {
            errors.push(FieldError::too_many(&path, topology.len(), TOPOLOGY_MAX));
        }
        validate_labels(topology, &path, errors);
    }
    if let Some(hostname) = &endpoint.hostname {
        checks::dns_label(hostname, &path.child("hostname"), errors);
    }
    if let Some(hints) = &endpoint.hints {
        validate_hints(hints, &path.child("hints"), errors);
    }
}

fn validate_address(value: &str, kind: &str, path: &Path<'_>, errors: &mut FieldErrors) {
    let family = address::parse_lenient(value).map(|address| address.to_canonical().is_ipv4());
    match kind {
        "IPv4" | "IPv6" => {
            if family != Some(kind == "IPv4") {
                errors.push(FieldError::invalid(path, value, format!("must be a valid {kind} address")));
            }
            validate_reachable(value, path, errors);
        }
        "FQDN" => checks::faults(value, names::qualified_domain(value), path, errors),
        _ => {}
    }
}

fn validate_ports(ports: &[EndpointPort], path: &Path<'_>, errors: &mut FieldErrors) {
    if ports.len() > PORTS_MAX {
        return errors.push(FieldError::too_many(path, ports.len(), PORTS_MAX));
    }
    let mut seen = BTreeSet::new();
    for (index, port) in ports.iter().enumerate() {
        let path = path.index(index);
        let (name, name_path) = (text(&port.name), path.child("name"));
        if !name.is_empty() {
            checks::dns_label(name, &name_path, errors);
        }
        if !seen.insert(name) {
            errors.push(FieldError::duplicate(&name_path, name));
        }
        checks::required_one_of(text(&port.protocol), &PROTOCOLS, &path.child("protocol"), errors);
        validate_app_protocol(port.app_protocol.as_deref(), &path, errors);
    }
}

fn validate_hints(hints: &EndpointHints, path: &Path<'_>, errors: &mut FieldErrors) {
    let zones: Vec<&str> = items(&hints.for_zones).iter().map(|zone| zone.name.as_str()).collect();
    validate_names(&zones, &path.child("forZones"), errors, names::label_value);
    let nodes: Vec<&str> = items(&hints.for_nodes).iter().map(|node| node.name.as_str()).collect();
    validate_names(&nodes, &path.child("forNodes"), errors, names::dns1123_subdomain);
}

fn validate_names(names: &[&str], path: &Path<'_>, errors: &mut FieldErrors, faults: object_meta::NameRule) {
    if names.len() > HINTS_MAX {
        return errors.push(FieldError::too_many(path, names.len(), HINTS_MAX));
    }
    let mut seen = BTreeSet::new();
    for (index, name) in names.iter().enumerate() {
        let path = path.index(index);
        let path = path.child("name");
        if !seen.insert(name) {
            errors.push(FieldError::duplicate(&path, name));
        }
        checks::faults(*name, faults(name), &path, errors);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};

    use super::*;

    fn slice(mut value: Value) -> EndpointSlice {
        value["metadata"] = json!({});
        let mut slice = from_value(value).expect("a slice");
        default(&mut slice);
        slice
    }

    #[test]
    fn slices_are_checked() {
        let rows = [
            (
                json!({"addressType": "IPv4", "endpoints": [{"addresses": ["10.0.0.1"]}], "ports": [{"port": 1}]}),
                "",
            ),
            (json!({"endpoints": []}), "addressType: Required value"),
            (
                json!({"addressType": "IPX", "endpoints": []}),
                "addressType: Unsupported value: \"IPX\": supported values: \"FQDN\", \"IPv4\", \"IPv6\"",
            ),
            (
                json!({"addressType": "IPv6", "endpoints": [{"addresses": ["10.0.0.1"]}, {"addresses": []}]}),
                "endpoints[0].addresses[0]: Invalid value: \"10.0.0.1\": must be a valid IPv6 address\n\
                 endpoints[1].addresses: Required value: must contain at least 1 address",
            ),
            (
                json!({"addressType": "FQDN", "endpoints": [{"addresses": ["a"]}], "ports": [{}, {}]}),
                "ports[1].name: Duplicate value: \"\"\n\
                 endpoints[0].addresses[0]: Invalid value: \"a\": should be a domain with at least two segments \
                 separated by dots",
            ),
        ];
        for (value, expected) in rows {
            let errors = validate_create(&Meta::namespaced("ns", "a"), &slice(value));
            let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
            assert_eq!(texts.join("\n"), expected);
        }
    }

    #[test]
    fn the_type_stays() {
        let meta = Meta::namespaced("ns", "a");
        let v4 = slice(json!({"addressType": "IPv4", "endpoints": []}));
        let v6 = slice(json!({"addressType": "IPv6", "endpoints": []}));
        let errors = validate_update(&meta, &v6, &meta, &v4);
        assert_eq!(errors[0].to_string(), "addressType: Invalid value: \"IPv6\": field is immutable");
    }
}
