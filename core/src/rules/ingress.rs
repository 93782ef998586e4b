//! Ingresses.

use k8s_openapi::api::networking::v1::{
    HTTPIngressPath, IngressBackend, IngressRule, IngressServiceBackend, IngressSpec, IngressStatus,
    IngressTLS,
};

use super::absent::{items, number, text};
use super::entries::Entries;
use super::ingress_class::validate_reference;
use super::normal_form::{NormalForm, Spelling};
use super::object_meta::{self, Scope};
use super::{address, checks};
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::object::Meta;

/// Where the class was named before there was a field for it.
const CLASS_ANNOTATION: &str = "kubernetes.io/ingress.class";
const NO_ADDRESS: &str = "must be a DNS name, not an IP address";
const PATH_TYPES: [&str; 3] = ["Exact", "ImplementationSpecific", "Prefix"];

/// Brings the spec into its normal form.
pub fn default(spec: &mut IngressSpec) {
    spec.normalize(Spelling::Canonical);
}

/// The same for a status.
pub fn default_status(status: &mut IngressStatus) {
    status.normalize(Spelling::Canonical);
}

/// A new ingress has no address yet.
pub fn prepare_create(_meta: &Meta) -> IngressStatus {
    IngressStatus { load_balancer: Some(Default::default()) }
}

/// All that is wrong with a new ingress.
pub fn validate_create(meta: &Meta, spec: &IngressSpec) -> FieldErrors {
    let mut errors = FieldErrors::new();
    validate(meta, spec, Leniency::default(), &mut errors);
    let annotation = meta.annotations.value(CLASS_ANNOTATION);
    if let (Some(annotation), Some(class)) = (annotation, &spec.ingress_class_name)
        && annotation != class
    {
        let path = Path::new("annotations");
        let why = "must match `ingressClassName` when both are specified";
        errors.push(FieldError::invalid(&path.child(CLASS_ANNOTATION), annotation, why));
    }
    errors
}

/// All that is wrong with a changed ingress.
pub fn validate_update(
    new_meta: &Meta,
    new: &IngressSpec,
    old_meta: &Meta,
    old: &IngressSpec,
) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check_update(new_meta, old_meta, &mut errors);
    validate(new_meta, new, Leniency::of(old), &mut errors);
    errors
}

/// All that is wrong with a written status.
pub fn validate_status_update(
    new_meta: &Meta,
    status: &IngressStatus,
    old_meta: &Meta,
    _old: &IngressStatus,
) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check_update(new_meta, old_meta, &mut errors);
    let path = Path::new("status");
    let path = path.child("loadBalancer");
    let path = path.child("ingress");
    let points = status.load_balancer.as_ref().map_or(&[][..], |balancer| items(&balancer.ingress));
    for (index, point) in points.iter().enumerate() {
        let path = path.index(index);
        let (ip, host, host_path) = (text(&point.ip), text(&point.hostname), path.child("hostname"));
        if !ip.is_empty() {
            address::validate_ip(ip, &[], &path.child("ip"), &mut errors);
        }
        if !host.is_empty() {
            checks::dns_subdomain(host, &host_path, &mut errors);
            if address::parse_lenient(host).is_some() {
                errors.push(FieldError::invalid(&host_path, host, NO_ADDRESS));
            }
        }
    }
    errors
}

/// That the class is named in the old way.
pub fn create_warnings(meta: &Meta, _spec: &IngressSpec) -> Vec<String> {
    let is_old = meta.annotations.value(CLASS_ANNOTATION).is_some();
    let warning =
        format!("annotation {CLASS_ANNOTATION:?} is deprecated, please use 'spec.ingressClassName' instead");
    is_old.then_some(warning).into_iter().collect()
}

/// What a changed ingress may keep because it has it already.
#[derive(Debug, Clone, Copy, Default)]
struct Leniency {
    secret_names: bool,
    wildcard_rules: bool,
}

impl Leniency {
    fn of(old: &IngressSpec) -> Self {
        let is_bad = |tls: &IngressTLS| {
            let name = text(&tls.secret_name);
            !name.is_empty() && !names::dns1123_subdomain(name).is_empty()
        };
        let is_bad_rule = |rule: &IngressRule| {
            let mut errors = FieldErrors::new();
            validate_paths(rule, &Path::ROOT, &mut errors);
            text(&rule.host).contains('*') && !errors.is_empty()
        };
        Self {
            secret_names: items(&old.tls).iter().any(is_bad),
            wildcard_rules: items(&old.rules).iter().any(is_bad_rule),
        }
    }
}

fn validate(meta: &Meta, spec: &IngressSpec, leniency: Leniency, errors: &mut FieldErrors) {
    object_meta::check(meta, Scope::Namespaced, names::dns1123_subdomain, errors);
    let path = Path::new("spec");
    let rules = items(&spec.rules);
    if rules.is_empty() && spec.default_backend.is_none() {
        let why = "either `defaultBackend` or `rules` must be specified";
        errors.push(FieldError::invalid(&path, rules, why));
    }
    if let Some(backend) = &spec.default_backend {
        validate_backend(backend, &path.child("defaultBackend"), errors);
    }
    let rules_path = path.child("rules");
    for (index, rule) in rules.iter().enumerate() {
        let path = rules_path.index(index);
        let host = text(&rule.host);
        validate_host(host, &path.child("host"), errors);
        if !(host.contains('*') && leniency.wildcard_rules) {
            validate_paths(rule, &path, errors);
        }
    }
    let tls_path = path.child("tls");
    for (index, tls) in items(&spec.tls).iter().enumerate() {
        validate_tls(tls, leniency, &tls_path.index(index), errors);
    }
    if let Some(class) = &spec.ingress_class_name {
        checks::dns_subdomain(class, &path.child("ingressClassName"), errors);
    }
}

fn validate_host(host: &str, path: &Path<'_>, errors: &mut FieldErrors) {
    if host.is_empty() {
        return;
    }
    if address::parse_lenient(host).is_some() {
        errors.push(FieldError::invalid(path, host, NO_ADDRESS));
    }
    let faults =
        if host.contains('*') { names::wildcard_subdomain(host) } else { names::dns1123_subdomain(host) };
    checks::faults(host, faults, path, errors);
}

fn validate_tls(tls: &IngressTLS, leniency: Leniency, path: &Path<'_>, errors: &mut FieldErrors) {
    let hosts = path.child("hosts");
    for (index, host) in items(&tls.hosts).iter().enumerate() {
        let faults =
            if host.contains('*') { names::wildcard_subdomain(host) } else { names::dns1123_subdomain(host) };
        checks::faults(host, faults, &hosts.index(index), errors);
    }
    let secret = text(&tls.secret_name);
    if !secret.is_empty() && !leniency.secret_names {
        checks::dns_subdomain(secret, &path.child("secretName"), errors);
    }
}

fn validate_paths(rule: &IngressRule, path: &Path<'_>, errors: &mut FieldErrors) {
    let Some(http) = &rule.http else { return };
    let path = path.child("http");
    let path = path.child("paths");
    if http.paths.is_empty() {
        errors.push(FieldError::required(&path, ""));
    }
    for (index, http) in http.paths.iter().enumerate() {
        validate_path(http, &path.index(index), errors);
    }
}

fn validate_path(http: &HTTPIngressPath, path: &Path<'_>, errors: &mut FieldErrors) {
    let type_path = path.child("pathType");
    if http.path_type.is_empty() {
        return errors.push(FieldError::required(&type_path, "pathType must be specified"));
    }
    checks::one_of(&http.path_type, &PATH_TYPES, &type_path, errors);
    let (value, value_path) = (text(&http.path), path.child("path"));
    let is_plain = matches!(http.path_type.as_str(), "Exact" | "Prefix");
    let is_known = PATH_TYPES.contains(&http.path_type.as_str());
    if is_known && !value.starts_with('/') && (is_plain || !value.is_empty()) {
        errors.push(FieldError::invalid(&value_path, value, "must be an absolute path"));
    }
    if is_plain {
        for part in ["//", "/./", "/../", "%2f", "%2F"].into_iter().filter(|part| value.contains(part)) {
            errors.push(FieldError::invalid(&value_path, value, format!("must not contain '{part}'")));
        }
        for end in ["/..", "/."].into_iter().filter(|end| value.ends_with(end)) {
            errors.push(FieldError::invalid(&value_path, value, format!("cannot end with '{end}'")));
        }
    }
    validate_backend(&http.backend, &path.child("backend"), errors);
}

fn validate_backend(backend: &IngressBackend, path: &Path<'_>, errors: &mut FieldErrors) {
    match (&backend.resource, &backend.service) {
        (Some(_), Some(_)) => {
            errors.push(FieldError::invalid(path, "", "cannot set both resource and service backends"));
        }
        (Some(resource), None) => {
            let path = path.child("resource");
            validate_reference(resource.api_group.as_deref(), &resource.kind, &resource.name, &path, errors);
        }
        (None, Some(service)) => validate_service(service, path, errors),
        (None, None) => {
            errors.push(FieldError::invalid(path, "", "resource or service backend is required"));
        }
    }
}

fn validate_service(service: &IngressServiceBackend, path: &Path<'_>, errors: &mut FieldErrors) {
    let service_path = path.child("service");
    let name_path = service_path.child("name");
    if service.name.is_empty() {
        errors.push(FieldError::required(&name_path, ""));
    } else {
        checks::faults(&service.name, names::dns1035_label(&service.name), &name_path, errors);
    }
    let port = service.port.as_ref();
    let (name, value) = (port.map_or("", |port| text(&port.name)), number(port.and_then(|port| port.number)));
    let port_path = service_path.child("port");
    match (name, value) {
        ("", 0) => errors.push(FieldError::required(path, "port name or number is required")),
        ("", _) => checks::port_number(value, &port_path.child("number"), errors),
        (_, 0) => checks::faults(name, names::port_name(name), &port_path.child("name"), errors),
        _ => errors.push(FieldError::invalid(path, "", "cannot set both port name & port number")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};

    use super::*;

    fn spec(value: Value) -> IngressSpec {
        let mut spec = from_value(value).expect("a spec");
        default(&mut spec);
        spec
    }

    fn texts(errors: &FieldErrors) -> String {
        errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    fn rule(path: Value) -> Value {
        json!({"rules": [{"host": "a.example.com", "http": {"paths": [path]}}]})
    }

    #[test]
    fn ingresses_are_checked() {
        let service = json!({"service": {"name": "web", "port": {"number": 80}}});
        let rows = [
            (rule(json!({"path": "/", "pathType": "Prefix", "backend": service})), ""),
            (json!({}), "spec: Invalid value: []: either `defaultBackend` or `rules` must be specified"),
            (
                json!({"defaultBackend": {}}),
                "spec.defaultBackend: Invalid value: \"\": resource or service backend is required",
            ),
            (
                json!({"defaultBackend": {"service": {"name": "web", "port": {}}}}),
                "spec.defaultBackend: Required value: port name or number is required",
            ),
            (
                rule(json!({"path": "a//b", "pathType": "Exact", "backend": service})),
                "spec.rules[0].http.paths[0].path: Invalid value: \"a//b\": must be an absolute path\n\
                 spec.rules[0].http.paths[0].path: Invalid value: \"a//b\": must not contain '//'",
            ),
            (
                rule(json!({"path": "/", "pathType": "Other", "backend": service})),
                "spec.rules[0].http.paths[0].pathType: Unsupported value: \"Other\": supported values: \"Exact\", \
                 \"ImplementationSpecific\", \"Prefix\"",
            ),
            (
                json!({"rules": [{"host": "10.0.0.1"}], "tls": [{"hosts": ["*.a"], "secretName": "A"}]}),
                "spec.rules[0].host: Invalid value: \"10.0.0.1\": must be a DNS name, not an IP address",
            ),
        ];
        for (value, expected) in rows {
            let found = texts(&validate_create(&Meta::namespaced("ns", "a"), &spec(value)));
            assert!(
                found == expected || !expected.is_empty() && found.starts_with(&format!("{expected}\n")),
                "{found}"
            );
        }
    }

    #[test]
    fn bad_hosts_are_told_from_wildcards() {
        for (host, is_good) in [("*.example.com", true), ("a.*.com", false), ("*", false), ("a.b", true)] {
            let errors =
                validate_create(&Meta::namespaced("ns", "a"), &spec(json!({"rules": [{"host": host}]})));
            assert_eq!(errors.is_empty(), is_good, "{host}");
        }
    }

    #[test]
    fn addresses_of_balancers_are_checked() {
        let meta = Meta::namespaced("ns", "a");
        let status = json!({"loadBalancer": {"ingress": [{"ip": "x"}, {"hostname": "10.0.0.1"}]}});
        let status: IngressStatus = from_value(status).expect("a status");
        let errors = validate_status_update(&meta, &status, &meta, &IngressStatus::default());
        let fields: Vec<&str> = errors.iter().map(|error| &*error.field).collect();
        assert_eq!(fields, ["status.loadBalancer.ingress[0].ip", "status.loadBalancer.ingress[1].hostname"]);
    }
}
