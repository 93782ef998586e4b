//! IngressClasses.

use k8s_openapi::api::networking::v1::{IngressClass, IngressClassParametersReference};

use super::absent::text;
use super::checks;
use super::normal_form::{NormalForm, Spelling};
use super::object_meta::{self, Scope};
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::object::Meta;

const CONTROLLER_BYTES_MAX: usize = 250;

/// Brings a class into its normal form. Parameters are the whole cluster's, if it does not say.
pub fn default(class: &mut IngressClass) {
    class.normalize(Spelling::Canonical);
    if let Some(parameters) = class.spec.as_mut().and_then(|spec| spec.parameters.as_mut()) {
        parameters.scope.get_or_insert_with(|| "Cluster".to_owned());
    }
}

/// All that is wrong with a new class.
pub fn validate_create(meta: &Meta, class: &IngressClass) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check(meta, Scope::Cluster, names::dns1123_subdomain, &mut errors);
    let path = Path::new("spec");
    let controller_path = path.child("controller");
    if controller(class).len() > CONTROLLER_BYTES_MAX {
        errors.push(FieldError::too_long(&controller_path, CONTROLLER_BYTES_MAX));
    }
    checks::domain_prefixed_path(controller(class), &controller_path, &mut errors);
    if let Some(parameters) = class.spec.as_ref().and_then(|spec| spec.parameters.as_ref()) {
        validate_parameters(parameters, &path.child("parameters"), &mut errors);
    }
    errors
}

/// All that is wrong with a changed class: its controller stays.
pub fn validate_update(
    new_meta: &Meta,
    new: &IngressClass,
    old_meta: &Meta,
    old: &IngressClass,
) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check_update(new_meta, old_meta, &mut errors);
    let path = Path::new("spec");
    checks::immutable(controller(new), controller(old), &path.child("controller"), &mut errors);
    errors.extend(validate_create(new_meta, new));
    errors
}

fn controller(class: &IngressClass) -> &str {
    class.spec.as_ref().map_or("", |spec| text(&spec.controller))
}

/// A reference to any object by group, kind and name.
pub(crate) fn validate_reference(
    group: Option<&str>,
    kind: &str,
    name: &str,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    if let Some(group) = group {
        checks::dns_subdomain(group, &path.child("apiGroup"), errors);
    }
    for (field, value) in [("kind", kind), ("name", name)] {
        let path = path.child(field);
        if value.is_empty() {
            errors.push(FieldError::required(&path, format!("{field} is required")));
        } else {
            checks::faults(value, names::path_segment(value), &path, errors);
        }
    }
}

fn validate_parameters(
    parameters: &IngressClassParametersReference,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    validate_reference(parameters.api_group.as_deref(), &parameters.kind, &parameters.name, path, errors);
    let (scope_path, namespace_path) = (path.child("scope"), path.child("namespace"));
    match (parameters.scope.as_deref(), parameters.namespace.as_deref()) {
        (None, _) => errors.push(FieldError::required(&scope_path, "")),
        (Some("Namespace"), None) => {
            let why = "`parameters.scope` is set to 'Namespace'";
            errors.push(FieldError::required(&namespace_path, why));
        }
        (Some("Namespace"), Some(namespace)) => checks::dns_label(namespace, &namespace_path, errors),
        (Some("Cluster"), Some(_)) => {
            errors.push(FieldError::forbidden(&namespace_path, "`parameters.scope` is set to 'Cluster'"));
        }
        (Some("Cluster"), None) => {}
        (Some(scope), _) => {
            errors.push(FieldError::not_supported(&scope_path, scope, &["Cluster", "Namespace"]));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};

    use super::*;

    fn class(spec: Value) -> IngressClass {
        let mut class = from_value(json!({"metadata": {}, "spec": spec})).expect("a class");
        default(&mut class);
        class
    }

    #[test]
    fn classes_are_checked() {
        let rows = [
            (json!({"controller": "example.com/ingress"}), ""),
            (json!({}), "spec.controller: Required value"),
            (
                json!({"controller": "plain"}),
                "spec.controller: Invalid value: \"plain\": must be a domain-prefixed path (such as \"acme.io/foo\")",
            ),
            (
                json!({"controller": "a/b", "parameters": {"kind": "K", "name": "", "scope": "Namespace"}}),
                "spec.parameters.name: Required value: name is required\n\
                 spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'",
            ),
            (
                json!({"controller": "a/b", "parameters": {"kind": "K", "name": "n", "namespace": "x"}}),
                "spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'",
            ),
        ];
        for (spec, expected) in rows {
            let errors = validate_create(&Meta::cluster("a"), &class(spec));
            let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
            assert_eq!(texts.join("\n"), expected);
        }
    }

    #[test]
    fn the_controller_stays() {
        let meta = Meta::cluster("a");
        let errors = validate_update(
            &meta,
            &class(json!({"controller": "a/c"})),
            &meta,
            &class(json!({"controller": "a/b"})),
        );
        assert_eq!(errors[0].to_string(), "spec.controller: Invalid value: \"a/c\": field is immutable");
    }
}
