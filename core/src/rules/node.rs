//! Nodes.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{NodeSpec, NodeStatus, Taint};

use super::absent::{items, text};
use super::normal_form::{NormalForm, Spelling};
use super::object_meta::{self, Scope};
use super::{address, checks, internal_form, pod};
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::object::Meta;

const TAINTS: &str = "scheduler.alpha.kubernetes.io/taints";

/// Brings a node's spec into its normal form; `podCIDR` and `podCIDRs` follow each other.
pub fn default(spec: &mut NodeSpec) {
    spec.normalize(Spelling::Canonical);
    match (&spec.pod_cidr, items(&spec.pod_cidrs).first()) {
        (Some(range), first) if first != Some(range) => spec.pod_cidrs = Some(vec![range.clone()]),
        (None, Some(first)) => spec.pod_cidr = Some(first.clone()),
        _ => {}
    }
}

/// Fills in a node's status: what is not said to be reserved can be allocated.
pub fn default_status(status: &mut NodeStatus) {
    status.normalize(Spelling::Canonical);
    if status.allocatable.is_none() {
        status.allocatable.clone_from(&status.capacity);
    }
}

/// Drops what new nodes cannot have any more. The status of a new node is the client's.
pub fn prepare_create(spec: &mut NodeSpec, status: &mut NodeStatus) {
    (spec.config_source, status.config) = (None, None);
}

/// Drops what nodes cannot get any more.
pub fn prepare_update(spec: &mut NodeSpec, old: &NodeSpec) {
    if old.config_source.is_none() {
        spec.config_source = None;
    }
}

/// All that is wrong with a new node.
pub fn validate_create(meta: &Meta, spec: &NodeSpec, status: &NodeStatus) -> FieldErrors {
    let mut errors = FieldErrors::new();
    validate(meta, spec, status, &mut errors);
    errors
}

/// All that is wrong with a changed node, on either side.
pub fn validate_update(
    new_meta: &Meta,
    new: &NodeSpec,
    status: &NodeStatus,
    old_meta: &Meta,
    old: &NodeSpec,
) -> FieldErrors {
    let mut errors = FieldErrors::new();
    validate(new_meta, new, status, &mut errors);
    object_meta::check_update(new_meta, old_meta, &mut errors);
    let path = Path::new("metadata");
    validate_annotations(new_meta, &path.child("annotations"), &mut errors);
    validate_amounts(status, &mut errors);
    let status_path = Path::new("status");
    validate_features(status, &status_path.child("declaredFeatures"), &mut errors);
    validate_addresses(status, &status_path.child("addresses"), &mut errors);
    validate_fixed(new, old, &mut errors);
    validate_taints(items(&new.taints), &path.child("taints"), &mut errors);
    errors
}

/// What is given once for all.
fn validate_fixed(new: &NodeSpec, old: &NodeSpec, errors: &mut FieldErrors) {
    let path = Path::new("spec");
    let (ranges, old_ranges) = (items(&new.pod_cidrs), items(&old.pod_cidrs));
    let changes = if ranges.len() == old_ranges.len() {
        ranges.iter().zip(old_ranges).filter(|(new, old)| new != old).count()
    } else {
        usize::from(!old_ranges.is_empty())
    };
    for _ in 0..changes {
        let why = "node updates may not change podCIDR except from \"\" to valid";
        errors.push(FieldError::forbidden(&path.child("podCIDRs"), why));
    }
    let provider = text(&old.provider_id);
    if !provider.is_empty() && provider != text(&new.provider_id) {
        let why = "node updates may not change providerID except from \"\" to valid";
        errors.push(FieldError::forbidden(&path.child("providerID"), why));
    }
    if text(&new.external_id) != text(&old.external_id) {
        errors.push(FieldError::forbidden(&path.child("externalID"), "may not be updated"));
    }
}

fn validate(meta: &Meta, spec: &NodeSpec, status: &NodeStatus, errors: &mut FieldErrors) {
    object_meta::check(meta, Scope::Cluster, names::dns1123_subdomain, errors);
    let path = Path::new("metadata");
    validate_annotations(meta, &path.child("annotations"), errors);
    validate_taints(items(&spec.taints), &path.child("taints"), errors);
    validate_amounts(status, errors);
    let swap = status.node_info.as_ref().and_then(|info| info.swap.as_ref());
    if let Some(capacity) = swap.and_then(|swap| swap.capacity) {
        let path = path.child("nodeSwapStatus");
        checks::positive(capacity, &path.child("capacity"), errors);
    }
    let path = Path::new("status");
    validate_features(status, &path.child("declaredFeatures"), errors);
    let path = Path::new("spec");
    validate_ranges(items(&spec.pod_cidrs), &path.child("podCIDRs"), errors);
}

fn validate_annotations(meta: &Meta, path: &Path<'_>, errors: &mut FieldErrors) {
    if let Some(list) = meta.annotations.get(TAINTS).filter(|list| !list.is_empty()) {
        match serde_json::from_str::<Vec<Taint>>(list) {
            Ok(taints) => validate_taints(&taints, &path.child(TAINTS), errors),
            Err(error) => errors.push(FieldError::invalid(path, TAINTS, error.to_string())),
        }
    }
}

/// Upstream reports taints under `metadata`, where they once were.
fn validate_taints(taints: &[Taint], path: &Path<'_>, errors: &mut FieldErrors) {
    let mut seen = BTreeSet::new();
    for (index, taint) in taints.iter().enumerate() {
        let path = path.index(index);
        checks::qualified_name(&taint.key, &path.child("key"), errors);
        let value = text(&taint.value);
        let faults = names::label_value(value);
        if !faults.is_empty() {
            errors.push(FieldError::invalid(&path.child("value"), value, faults.join(";")));
        }
        pod::validate_effect(&taint.effect, &path.child("effect"), errors);
        if !seen.insert((&taint.effect, &taint.key)) {
            errors.push(FieldError {
                value: Some(internal_form::compact("Taint", taint)),
                detail: "taints must be unique by key and effect pair".to_owned(),
                ..FieldError::duplicate(&path, "")
            });
        }
    }
}

fn validate_amounts(status: &NodeStatus, errors: &mut FieldErrors) {
    let path = Path::new("status");
    for (field, amounts) in [("capacity", &status.capacity), ("allocatable", &status.allocatable)] {
        let path = path.child(field);
        for (name, amount) in amounts.iter().flatten() {
            pod::validate_amount(name, amount, &path.child(name), errors);
        }
    }
}

/// Features are sorted words in camel case with slashes between.
fn validate_features(status: &NodeStatus, path: &Path<'_>, errors: &mut FieldErrors) {
    let features = items(&status.declared_features);
    for (index, feature) in features.iter().enumerate() {
        if let Some(why) = feature_fault(feature) {
            errors.push(FieldError::invalid(&path.index(index), feature, why));
        }
        let Some(next) = features.get(index + 1) else { continue };
        if next == feature {
            errors.push(FieldError::duplicate(&path.index(index + 1), next));
        } else if next < feature {
            let why = "list must be sorted alphabetically";
            errors.push(FieldError::invalid(&path.index(index + 1), next, why));
        }
    }
}

fn feature_fault(feature: &str) -> Option<String> {
    if feature.len() > names::SUBDOMAIN_BYTES_MAX {
        let max = names::SUBDOMAIN_BYTES_MAX;
        return Some(format!("invalid feature name {feature:?}: must be no more than {max} characters"));
    }
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_valid =
        feature.starts_with(|first: char| first.is_ascii_uppercase()) && feature.split('/').all(is_word);
    (!is_valid).then(|| {
        format!(
            "invalid feature name {feature:?}: must start with an UpperCamelCase segment, with subsequent segments \
             separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters \
             and slashes"
        )
    })
}

fn validate_addresses(status: &NodeStatus, path: &Path<'_>, errors: &mut FieldErrors) {
    let mut seen = BTreeSet::new();
    for (index, address) in items(&status.addresses).iter().enumerate() {
        if !seen.insert((&address.type_, &address.address)) {
            let shown = Some(internal_form::compact("NodeAddress", address));
            let error = FieldError::duplicate(&path.index(index), "");
            errors.push(FieldError { value: shown, ..error });
        }
    }
}

fn validate_ranges(ranges: &[String], path: &Path<'_>, errors: &mut FieldErrors) {
    for (index, range) in ranges.iter().enumerate() {
        address::validate_cidr(range, &[], &path.index(index), errors);
    }
    let is_dual = || address::is_dual_stack_cidr(ranges.iter().map(String::as_str));
    if ranges.len() > 2 || (ranges.len() == 2 && !is_dual()) {
        let why = "may specify no more than one CIDR for each IP family";
        errors.push(FieldError::invalid(path, ranges, why));
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::NodeAddress;
    use serde_json::json;

    use super::*;

    fn faults(errors: &FieldErrors) -> Vec<String> {
        errors.iter().map(ToString::to_string).collect()
    }

    fn spec(value: serde_json::Value) -> NodeSpec {
        let mut spec = serde_json::from_value(value).expect("a node's spec");
        default(&mut spec);
        spec
    }

    #[test]
    fn defaults_follow_what_is_there() {
        let both = spec(json!({"podCIDR": "10.0.0.0/24"}));
        assert_eq!(both, spec(json!({"podCIDRs": ["10.0.0.0/24"]})));
        let status = json!({"capacity": {"cpu": "1000m"}});
        let mut status: NodeStatus = serde_json::from_value(status).expect("a status");
        default_status(&mut status);
        assert_eq!(status.allocatable, status.capacity);
        assert_eq!(status.capacity.as_ref().expect("capacity")["cpu"].0, "1");
        let once = status.clone();
        default_status(&mut status);
        assert_eq!(status, once);
    }

    #[test]
    fn taints_are_unique_by_key_and_effect() {
        let taint = json!({"key": "a", "effect": "NoSchedule"});
        let spec = spec(json!({"taints": [taint, taint, {"key": "a", "effect": "Never"}]}));
        let errors = validate_create(&Meta::cluster("n"), &spec, &NodeStatus::default());
        assert_eq!(
            faults(&errors),
            [
                r#"metadata.taints[1]: Duplicate value: {"Key":"a","Value":"","Effect":"NoSchedule","TimeAdded":null}: taints must be unique by key and effect pair"#,
                r#"metadata.taints[2].effect: Unsupported value: "Never": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute""#,
            ]
        );
    }

    #[test]
    fn some_fields_are_given_once() {
        let old = spec(json!({"podCIDR": "10.0.0.0/24", "providerID": "a"}));
        let new = spec(json!({"podCIDR": "10.0.1.0/24", "providerID": "b"}));
        let (meta, status) = (Meta::cluster("n"), NodeStatus::default());
        assert_eq!(validate_update(&meta, &old, &status, &meta, &NodeSpec::default()), []);
        assert_eq!(
            faults(&validate_update(&meta, &new, &status, &meta, &old)),
            [
                "spec.podCIDRs: Forbidden: node updates may not change podCIDR except from \"\" to valid",
                "spec.providerID: Forbidden: node updates may not change providerID except from \"\" to valid",
            ]
        );
    }

    #[test]
    fn a_status_is_looked_at_too() {
        let address = NodeAddress { address: "1.2.3.4".into(), type_: "InternalIP".into() };
        let status = json!({"capacity": {"cpu": "-1", "pods": "1500m"}, "declaredFeatures": ["B", "A", "c"]});
        let mut status: NodeStatus = serde_json::from_value(status).expect("a status");
        status.addresses = Some(vec![address.clone(), address]);
        let (meta, spec) = (Meta::cluster("n"), NodeSpec::default());
        let created = faults(&validate_create(&meta, &spec, &status));
        assert_eq!(created.len(), 4, "{created:?}");
        let updated = faults(&validate_update(&meta, &spec, &status, &meta, &spec));
        let duplicate = r#"status.addresses[1]: Duplicate value: {"Type":"InternalIP","Address":"1.2.3.4"}"#;
        assert!(updated.contains(&duplicate.to_owned()), "{updated:?}");
    }
}
