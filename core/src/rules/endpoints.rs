//! Endpoints, the older of the two kinds that say where a Service's pods are.

use k8s_openapi::api::core::v1::{EndpointAddress, EndpointPort, Endpoints};

use super::absent::{items, text};
use super::endpoint_address::{PROTOCOLS, validate_app_protocol, validate_reachable};
use super::normal_form::{NormalForm, Spelling};
use super::object_meta::{self, Scope};
use super::{address, checks};
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::object::Meta;

/// Fills in the protocol of ports.
pub fn default(endpoints: &mut Endpoints) {
    endpoints.normalize(Spelling::Canonical);
    let subsets = endpoints.subsets.iter_mut().flatten();
    for port in subsets.flat_map(|subset| subset.ports.iter_mut().flatten()) {
        port.protocol.get_or_insert_with(|| "TCP".to_owned());
    }
}

/// All that is wrong with new Endpoints.
pub fn validate_create(meta: &Meta, endpoints: &Endpoints) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check(meta, Scope::Namespaced, names::dns1123_subdomain, &mut errors);
    validate(endpoints, &[], &mut errors);
    errors
}

/// All that is wrong with changed Endpoints. An address that was there stays good.
pub fn validate_update(new_meta: &Meta, new: &Endpoints, old_meta: &Meta, old: &Endpoints) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check_update(new_meta, old_meta, &mut errors);
    object_meta::check(new_meta, Scope::Namespaced, names::dns1123_subdomain, &mut errors);
    let known: Vec<&str> = addresses(old).map(|address| address.ip.as_str()).collect();
    validate(new, &known, &mut errors);
    errors
}

/// That the kind is on its way out.
pub fn warnings(_meta: &Meta, _endpoints: &Endpoints) -> Vec<String> {
    vec!["v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice".to_owned()]
}

fn addresses(endpoints: &Endpoints) -> impl Iterator<Item = &EndpointAddress> {
    items(&endpoints.subsets)
        .iter()
        .flat_map(|subset| items(&subset.addresses).iter().chain(items(&subset.not_ready_addresses)))
}

fn validate(endpoints: &Endpoints, known: &[&str], errors: &mut FieldErrors) {
    let subsets = Path::new("subsets");
    for (index, subset) in items(&endpoints.subsets).iter().enumerate() {
        let path = subsets.index(index);
        let (ready, not_ready) = (items(&subset.addresses), items(&subset.not_ready_addresses));
        if ready.is_empty() && not_ready.is_empty() {
            let why = "must specify `addresses` or `notReadyAddresses`";
            errors.push(FieldError::required(&path, why));
        }
        for (field, addresses) in [("addresses", ready), ("notReadyAddresses", not_ready)] {
            let path = path.child(field);
            for (index, address) in addresses.iter().enumerate() {
                validate_address(address, known, &path.index(index), errors);
            }
        }
        let (ports, path) = (items(&subset.ports), path.child("ports"));
        for (index, port) in ports.iter().enumerate() {
            validate_port(port, ports.len() > 1, &path.index(index), errors);
        }
    }
}

fn validate_address(address: &EndpointAddress, known: &[&str], path: &Path<'_>, errors: &mut FieldErrors) {
    let ip_path = path.child("ip");
    address::validate_ip(&address.ip, known, &ip_path, errors);
    if !text(&address.hostname).is_empty() {
        checks::dns_label(text(&address.hostname), &path.child("hostname"), errors);
    }
    if let Some(node) = &address.node_name {
        checks::dns_subdomain(node, &path.child("nodeName"), errors);
    }
    validate_reachable(&address.ip, &ip_path, errors);
}

fn validate_port(port: &EndpointPort, needs_name: bool, path: &Path<'_>, errors: &mut FieldErrors) {
    let name = text(&port.name);
    if !name.is_empty() {
        checks::dns_label(name, &path.child("name"), errors);
    } else if needs_name {
        errors.push(FieldError::required(&path.child("name"), ""));
    }
    checks::port_number(port.port, &path.child("port"), errors);
    checks::required_one_of(text(&port.protocol), &PROTOCOLS, &path.child("protocol"), errors);
    validate_app_protocol(port.app_protocol.as_deref(), path, errors);
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};

    use super::*;

    fn endpoints(subset: Value) -> Endpoints {
        let mut value = from_value(json!({"metadata": {}, "subsets": [subset]})).expect("endpoints");
        default(&mut value);
        value
    }

    #[test]
    fn subsets_are_checked() {
        let rows = [
            (json!({"addresses": [{"ip": "10.0.0.1"}], "ports": [{"port": 80}]}), ""),
            (json!({}), "subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`"),
            (
                json!({"addresses": [{"ip": "127.0.0.1"}]}),
                "subsets[0].addresses[0].ip: Invalid value: \"127.0.0.1\": may not be in the loopback range \
                 (127.0.0.0/8, ::1/128)",
            ),
            (
                json!({"notReadyAddresses": [{"ip": "169.254.1.1"}]}),
                "subsets[0].notReadyAddresses[0].ip: Invalid value: \"169.254.1.1\": may not be in the link-local \
                 range (169.254.0.0/16, fe80::/10)",
            ),
            (
                json!({"addresses": [{"ip": "10.0.0.1"}], "ports": [{"port": 80}, {"port": 0, "name": "b"}]}),
                "subsets[0].ports[0].name: Required value\n\
                 subsets[0].ports[1].port: Invalid value: 0: must be between 1 and 65535, inclusive",
            ),
        ];
        for (subset, expected) in rows {
            let errors = validate_create(&Meta::namespaced("ns", "a"), &endpoints(subset));
            let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
            assert_eq!(texts.join("\n"), expected);
        }
    }

    #[test]
    fn what_was_stored_stays_good() {
        let meta = Meta::namespaced("ns", "a");
        let old = endpoints(json!({"addresses": [{"ip": "010.0.0.1"}]}));
        assert_eq!(validate_create(&meta, &old).len(), 1);
        assert_eq!(validate_update(&meta, &old, &meta, &old), []);
    }
}
