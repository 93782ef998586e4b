//! NetworkPolicies.

use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::absent::items;
use super::labels::{self, SelectorValues};
use super::normal_form::{NormalForm, Spelling};
use super::object_meta::{self, Scope};
use super::{address, checks};
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::object::Meta;

/// Fills in protocols, and which directions the policy is about.
pub fn default(policy: &mut NetworkPolicy) {
    policy.normalize(Spelling::Canonical);
    let Some(spec) = &mut policy.spec else { return };
    let ingress = spec.ingress.iter_mut().flatten().flat_map(|rule| rule.ports.iter_mut().flatten());
    let egress = spec.egress.iter_mut().flatten().flat_map(|rule| rule.ports.iter_mut().flatten());
    for port in ingress.chain(egress) {
        port.protocol.get_or_insert_with(|| "TCP".to_owned());
    }
    if spec.policy_types.is_none() {
        let both = ["Ingress", "Egress"];
        let count = if items(&spec.egress).is_empty() { 1 } else { 2 };
        spec.policy_types = Some(both[..count].iter().map(|&kind| kind.to_owned()).collect());
    }
}

/// All that is wrong with a new policy.
pub fn validate_create(meta: &Meta, policy: &NetworkPolicy) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check(meta, Scope::Namespaced, names::dns1123_subdomain, &mut errors);
    validate(policy, SelectorValues::Strict, &mut errors);
    errors
}

/// All that is wrong with a changed policy.
pub fn validate_update(
    new_meta: &Meta,
    new: &NetworkPolicy,
    old_meta: &Meta,
    old: &NetworkPolicy,
) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check_update(new_meta, old_meta, &mut errors);
    let selector = old.spec.as_ref().and_then(|spec| spec.pod_selector.as_ref());
    let keeps = labels::has_impossible_value(selector);
    validate(new, if keeps { SelectorValues::Lenient } else { SelectorValues::Strict }, &mut errors);
    errors
}

fn validate(policy: &NetworkPolicy, values: SelectorValues, errors: &mut FieldErrors) {
    let none = NetworkPolicySpec::default();
    let spec = policy.spec.as_ref().unwrap_or(&none);
    let path = Path::new("spec");
    labels::validate_selector(spec.pod_selector.as_ref(), values, &path.child("podSelector"), errors);
    let (ingress, egress) = (path.child("ingress"), path.child("egress"));
    for (index, rule) in items(&spec.ingress).iter().enumerate() {
        let path = ingress.index(index);
        validate_rule(items(&rule.ports), ("from", items(&rule.from)), values, &path, errors);
    }
    for (index, rule) in items(&spec.egress).iter().enumerate() {
        let path = egress.index(index);
        validate_rule(items(&rule.ports), ("to", items(&rule.to)), values, &path, errors);
    }
    let (types, path) = (items(&spec.policy_types), path.child("policyTypes"));
    if types.len() > 2 {
        return errors.push(FieldError::invalid(&path, types, "may not specify more than two policyTypes"));
    }
    for (index, kind) in types.iter().enumerate() {
        checks::one_of(kind, &["Ingress", "Egress"], &path.index(index), errors);
    }
}

fn validate_rule(
    ports: &[NetworkPolicyPort],
    (field, peers): (&str, &[NetworkPolicyPeer]),
    values: SelectorValues,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let (ports_path, peers_path) = (path.child("ports"), path.child(field));
    for (index, port) in ports.iter().enumerate() {
        validate_port(port, &ports_path.index(index), errors);
    }
    for (index, peer) in peers.iter().enumerate() {
        validate_peer(peer, values, &peers_path.index(index), errors);
    }
}

fn validate_port(port: &NetworkPolicyPort, path: &Path<'_>, errors: &mut FieldErrors) {
    if let Some(protocol) = &port.protocol {
        checks::one_of(protocol, &["TCP", "UDP", "SCTP"], &path.child("protocol"), errors);
    }
    let (port_path, end_path) = (path.child("port"), path.child("endPort"));
    match (&port.port, port.end_port) {
        (Some(IntOrString::Int(first)), end) => {
            checks::port_number(*first, &port_path, errors);
            let Some(end) = end else { return };
            if end < *first {
                let why = "must be greater than or equal to `port`";
                errors.push(FieldError::invalid(&end_path, first, why));
            }
            checks::port_number(end, &end_path, errors);
        }
        (Some(IntOrString::String(name)), end) => {
            if let Some(end) = end {
                let why = "may not be specified when `port` is non-numeric";
                errors.push(FieldError::invalid(&end_path, &end, why));
            }
            checks::faults(name, names::port_name(name), &port_path, errors);
        }
        (None, Some(end)) => {
            let why = "may not be specified when `port` is not specified";
            errors.push(FieldError::invalid(&end_path, &end, why));
        }
        (None, None) => {}
    }
}

fn validate_peer(
    peer: &NetworkPolicyPeer,
    values: SelectorValues,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let (pods, namespaces) = (peer.pod_selector.as_ref(), peer.namespace_selector.as_ref());
    labels::validate_selector(pods, values, &path.child("podSelector"), errors);
    labels::validate_selector(namespaces, values, &path.child("namespaceSelector"), errors);
    if let Some(block) = &peer.ip_block {
        validate_block(block, &path.child("ipBlock"), errors);
    }
    let has_selector = pods.is_some() || namespaces.is_some();
    match (&peer.ip_block, has_selector) {
        (None, false) => errors.push(FieldError::required(path, "must specify a peer")),
        (Some(_), true) => {
            errors.push(FieldError::forbidden(path, "may not specify both ipBlock and another peer"));
        }
        _ => {}
    }
}

fn validate_block(block: &IPBlock, path: &Path<'_>, errors: &mut FieldErrors) {
    let cidr_path = path.child("cidr");
    if block.cidr.is_empty() {
        return errors.push(FieldError::required(&cidr_path, ""));
    }
    address::validate_cidr(&block.cidr, &[], &cidr_path, errors);
    let except_path = path.child("except");
    for (index, except) in items(&block.except).iter().enumerate() {
        let path = except_path.index(index);
        address::validate_cidr(except, &[], &path, errors);
        if address::is_strictly_within(except, &block.cidr) == Some(false) {
            errors.push(FieldError::invalid(&path, except, "must be a strict subset of `cidr`"));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};

    use super::*;

    fn policy(spec: Value) -> NetworkPolicy {
        let mut policy = from_value(json!({"metadata": {}, "spec": spec})).expect("a policy");
        default(&mut policy);
        policy
    }

    #[test]
    fn directions_and_protocols_are_filled_in() {
        let types = |spec| policy(spec).spec.and_then(|spec| spec.policy_types).unwrap_or_default();
        assert_eq!(types(json!({})), ["Ingress"]);
        assert_eq!(types(json!({"egress": [{"ports": [{"port": 1}]}]})), ["Ingress", "Egress"]);
    }

    #[test]
    fn policies_are_checked() {
        let rows = [
            (json!({"podSelector": {}, "ingress": [{}]}), ""),
            (
                json!({"ingress": [{"ports": [{"endPort": 5}], "from": [{}]}]}),
                "spec.ingress[0].ports[0].endPort: Invalid value: 5: may not be specified when `port` is not \
                 specified\n\
                 spec.ingress[0].from[0]: Required value: must specify a peer",
            ),
            (
                json!({"egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.0.0.0/8", "10.1.0.0/16"]},
                                           "podSelector": {}}]}]}),
                "spec.egress[0].to[0].ipBlock.except[0]: Invalid value: \"10.0.0.0/8\": must be a strict subset of \
                 `cidr`\n\
                 spec.egress[0].to[0]: Forbidden: may not specify both ipBlock and another peer",
            ),
            (
                json!({"policyTypes": ["Both"]}),
                "spec.policyTypes[0]: Unsupported value: \"Both\": supported values: \"Ingress\", \"Egress\"",
            ),
        ];
        for (spec, expected) in rows {
            let errors = validate_create(&Meta::namespaced("ns", "a"), &policy(spec));
            let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
            assert_eq!(texts.join("\n"), expected);
        }
    }
}
