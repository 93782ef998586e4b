//! ResourceQuotas: how much of what a namespace may use (ADM-16, OTHER-06).

use k8s_openapi::api::core::v1::{ResourceQuotaSpec, ResourceQuotaStatus, ScopedResourceSelectorRequirement};

use super::absent::items;
use super::normal_form::{NormalForm, Spelling};
use super::object_meta::{self, Scope};
use super::pod::{validate_amount, validate_resource_name};
use super::{checks, normal_form};
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::object::Meta;

/// Names without a domain that a quota may limit.
const STANDARD: [&str; 19] = [
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.storage",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "persistentvolumeclaims",
    "configmaps",
    "services.nodeports",
    "services.loadbalancers",
];
const SCOPES: [&str; 6] = [
    "Terminating",
    "NotTerminating",
    "BestEffort",
    "NotBestEffort",
    "PriorityClass",
    "CrossNamespacePodAffinity",
];
/// What a scope may go with; best-effort pods have nothing but a number.
const OF_SCOPED_PODS: [&str; 7] =
    ["pods", "cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory"];

/// Brings a spec into its normal form; there is nothing to fill in.
pub fn default(spec: &mut ResourceQuotaSpec) {
    spec.normalize(Spelling::Canonical);
}

/// Brings a status into its normal form.
pub fn default_status(status: &mut ResourceQuotaStatus) {
    status.normalize(Spelling::Canonical);
}

/// All that is wrong with a new quota.
pub fn validate_create(meta: &Meta, spec: &ResourceQuotaSpec) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check(meta, Scope::Namespaced, names::dns1123_subdomain, &mut errors);
    validate(spec, &mut errors);
    errors
}

/// All that is wrong with a changed quota, whose scopes stay.
pub fn validate_update(
    new_meta: &Meta,
    new: &ResourceQuotaSpec,
    old_meta: &Meta,
    old: &ResourceQuotaSpec,
) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check_update(new_meta, old_meta, &mut errors);
    validate(new, &mut errors);
    let sorted = |spec: &ResourceQuotaSpec| {
        let mut scopes = items(&spec.scopes).to_vec();
        scopes.sort();
        scopes.dedup();
        scopes
    };
    if sorted(new) != sorted(old) {
        errors.push(FieldError::invalid(&Path::new("scopes"), items(&new.scopes), checks::IMMUTABLE));
    }
    errors
}

/// All that is wrong with a written status (SUB-03).
pub fn validate_status_update(new_meta: &Meta, new: &ResourceQuotaStatus, old_meta: &Meta) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check_update(new_meta, old_meta, &mut errors);
    let path = Path::new("status");
    for (field, list) in [("hard", &new.hard), ("used", &new.used)] {
        let path = path.child(field);
        for (name, amount) in list.iter().flatten() {
            let path = path.key(name);
            validate_name(name, &path, &mut errors);
            validate_amount(name, amount, &path, &mut errors);
        }
    }
    errors
}

/// Whether two statuses say the same.
pub fn same_status(one: &ResourceQuotaStatus, other: &ResourceQuotaStatus) -> bool {
    normal_form::same(one, other)
}

fn validate(spec: &ResourceQuotaSpec, errors: &mut FieldErrors) {
    let path = Path::new("spec");
    let hard = path.child("hard");
    for (name, amount) in spec.hard.iter().flatten() {
        let path = hard.key(name);
        validate_name(name, &path, errors);
        validate_amount(name, amount, &path, errors);
    }
    validate_scopes(spec, &path.child("scopes"), errors);
    let selector = path.child("scopeSelector");
    let expressions = selector.child("matchExpressions");
    let requirements =
        spec.scope_selector.as_ref().map(|it| items(&it.match_expressions)).unwrap_or_default();
    for (index, requirement) in requirements.iter().enumerate() {
        validate_requirement(requirement, spec, &expressions.index(index), errors);
    }
}

fn validate_name(name: &str, path: &Path<'_>, errors: &mut FieldErrors) {
    validate_resource_name(name, path, errors);
    if !name.contains('/') && !is_standard(name) {
        errors.push(FieldError::invalid(path, name, "must be a standard resource for quota"));
    }
}

fn is_standard(name: &str) -> bool {
    STANDARD.contains(&name) || name.starts_with("hugepages-") || name.starts_with("requests.hugepages-")
}

fn validate_scopes(spec: &ResourceQuotaSpec, path: &Path<'_>, errors: &mut FieldErrors) {
    let scopes = items(&spec.scopes);
    let mut fault = |why: &str| errors.push(FieldError::invalid(path, scopes, why));
    for scope in scopes {
        if !SCOPES.contains(&scope.as_str()) {
            fault("unsupported scope");
        }
        for _ in spec.hard.iter().flatten().filter(|(name, _)| !goes_with(scope, name)) {
            fault("unsupported scope applied to resource");
        }
    }
    let has = |wanted: &str| scopes.iter().any(|scope| scope == wanted);
    for (one, other) in [("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating")] {
        if has(one) && has(other) {
            fault("conflicting scopes");
        }
    }
}

/// Whether a scope can be asked of what uses this resource; nobody knows of names that are not ours.
fn goes_with(scope: &str, name: &str) -> bool {
    match scope {
        _ if !is_standard(name) => true,
        "BestEffort" => name == "pods",
        scope if SCOPES.contains(&scope) => OF_SCOPED_PODS.contains(&name),
        _ => true,
    }
}

fn validate_requirement(
    requirement: &ScopedResourceSelectorRequirement,
    spec: &ResourceQuotaSpec,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let (scope, operator) = (requirement.scope_name.as_str(), requirement.operator.as_str());
    if !SCOPES.contains(&scope) {
        errors.push(FieldError::invalid(&path.child("scopeName"), scope, "unsupported scope"));
    }
    for _ in spec.hard.iter().flatten().filter(|(name, _)| !goes_with(scope, name)) {
        let why = "unsupported scope applied to resource";
        errors.push(FieldError::invalid(path, requirement, why));
    }
    let operator_path = path.child("operator");
    if SCOPES.contains(&scope) && scope != "PriorityClass" && operator != "Exists" {
        let why = "must be 'Exist' when scope is any of ResourceQuotaScopeTerminating, \
                   ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, \
                   ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
        errors.push(FieldError::invalid(&operator_path, operator, why));
    }
    let (values, values_path) = (items(&requirement.values), path.child("values"));
    match operator {
        "In" | "NotIn" if values.is_empty() => {
            let why = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
            errors.push(FieldError::required(&values_path, why));
        }
        "Exists" | "DoesNotExist" if !values.is_empty() => {
            let why = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
            errors.push(FieldError::invalid(&values_path, values, why));
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
        _ => errors.push(FieldError::invalid(&operator_path, operator, "not a valid selector operator")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn faults(value: Value) -> Vec<String> {
        let mut spec: ResourceQuotaSpec = serde_json::from_value(value).expect("a spec");
        default(&mut spec);
        let errors = validate_create(&Meta::namespaced("ns", "q"), &spec);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn names_amounts_and_scopes_are_checked() {
        let none: [&str; 0] = [];
        assert_eq!(
            faults(json!({"hard": {"pods": "3", "count/widgets.example.com": "1", "limits.cpu": "1"}})),
            none
        );
        assert_eq!(
            faults(json!({"hard": {"storage": "1"}})),
            [r#"spec.hard[storage]: Invalid value: "storage": must be a standard resource for quota"#]
        );
        assert_eq!(
            faults(json!({"hard": {"pods": "-1"}})),
            [r#"spec.hard[pods]: Invalid value: "-1": must be greater than or equal to 0"#]
        );
        assert_eq!(
            faults(json!({"hard": {"pods": "1"}, "scopes": ["BestEffort", "NotBestEffort"]})),
            [r#"spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes"#]
        );
        assert_eq!(
            faults(json!({"hard": {"cpu": "1"}, "scopes": ["BestEffort"]})),
            [r#"spec.scopes: Invalid value: ["BestEffort"]: unsupported scope applied to resource"#]
        );
        let selector = |operator: &str, values: Value| {
            let requirement = json!({"scopeName": "PriorityClass", "operator": operator, "values": values});
            json!({"hard": {"pods": "1"}, "scopeSelector": {"matchExpressions": [requirement]}})
        };
        assert_eq!(faults(selector("In", json!(["high"]))), none);
        assert_eq!(faults(selector("In", json!([]))).len(), 1);
        assert_eq!(faults(selector("Like", json!([]))).len(), 1);
    }

    #[test]
    fn scopes_stay() {
        let meta = Meta::namespaced("ns", "q");
        let spec = |scopes: &[&str]| ResourceQuotaSpec {
            scopes: Some(scopes.iter().map(|&scope| scope.to_owned()).collect()),
            ..ResourceQuotaSpec::default()
        };
        let (one, other) = (spec(&["Terminating", "BestEffort"]), spec(&["BestEffort", "Terminating"]));
        assert_eq!(validate_update(&meta, &one, &meta, &other), []);
        assert_eq!(validate_update(&meta, &one, &meta, &spec(&["BestEffort"])).len(), 1);
    }
}
