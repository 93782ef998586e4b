//! Validation of a pod's spec as a whole, in upstream's order (ADM-08).

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{PodResourceClaim, PodSpec, Volume};

use super::containers::Context;
use super::options::Options;
use super::{affinity, containers, dns, resources, security, spread, tolerations, volumes, windows};
use crate::field::{FieldError, FieldErrors, Path};
use crate::rules::absent::{is_set, items, number, text};
use crate::rules::labels::validate_labels;
use crate::rules::{checks, internal_form};

/// What a pod, but not a template, is known by.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Identity<'a> {
    /// Its name; empty for a template.
    pub(super) name: &'a str,
    /// Whether it stands for a pod a node has from its own disk.
    pub(super) is_mirror: bool,
}

/// Checks everything in a spec.
pub(super) fn validate(
    spec: &PodSpec,
    identity: Identity<'_>,
    options: &Options,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    if spec.termination_grace_period_seconds.is_none() {
        errors.push(FieldError::required(&path.child("terminationGracePeriodSeconds"), ""));
    }
    let volumes = volumes::validate(&spec.volumes, identity.name, options, &path.child("volumes"), errors);
    validate_claims(items(&spec.resource_claims), identity, &path.child("resourceClaims"), errors);
    let context = Context {
        spec,
        options,
        volumes,
        claims: items(&spec.resource_claims)
            .iter()
            .map(|claim| claim.name.as_str())
            .filter(|name| !name.is_empty())
            .collect(),
        has_host_users: spec.host_users != Some(false),
    };
    containers::validate(&context, &path.child("containers"), errors);
    containers::validate_init(&context, &path.child("initContainers"), errors);
    containers::validate_ephemeral(&context, &path.child("ephemeralContainers"), errors);
    resources::validate_pod(spec, options, path, errors);
    validate_host_network(spec, options, &path.child("containers"), errors);
    let policies = ["Always", "OnFailure", "Never"];
    checks::required_one_of(text(&spec.restart_policy), &policies, &path.child("restartPolicy"), errors);
    dns::validate_policy(spec, &path.child("dnsPolicy"), errors);
    validate_labels(&spec.node_selector, &path.child("nodeSelector"), errors);
    security::validate_pod(spec, options, path, errors);
    validate_scheduling(spec, options, path, errors);
    windows::validate_host_process(spec, path, errors);
    validate_host_users(spec, options, path, errors);
    dns::validate_override(spec, path, errors);
    validate_names(spec, options, path, errors);
    if let Some(policy) = &spec.preemption_policy {
        validate_preemption(policy, &path.child("preemptionPolicy"), errors);
    }
    resources::validate_overhead(spec, options, &path.child("overhead"), errors);
    windows::validate_os(spec, path, errors);
    validate_file_refs(spec, path, errors);
}

fn validate_claims(
    claims: &[PodResourceClaim],
    identity: Identity<'_>,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let mut seen = BTreeSet::new();
    for (index, claim) in claims.iter().enumerate() {
        if identity.is_mirror {
            let why = "static pods do not support resource claims";
            errors.push(FieldError::forbidden(&Path::ROOT, why));
            continue;
        }
        let path = path.index(index);
        let name_path = path.child("name");
        if claim.name.is_empty() {
            errors.push(FieldError::required(&name_path, ""));
        } else if seen.insert(claim.name.as_str()) {
            checks::dns_label(&claim.name, &name_path, errors);
        } else {
            errors.push(FieldError::duplicate(&name_path, &claim.name));
        }
        let names = [
            ("resourceClaimName", &claim.resource_claim_name),
            ("resourceClaimTemplateName", &claim.resource_claim_template_name),
        ];
        let why = match (&claim.resource_claim_name, &claim.resource_claim_template_name) {
            (Some(_), Some(_)) => {
                Some("at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified")
            }
            (None, None) => Some("must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"),
            _ => None,
        };
        if let Some(why) = why {
            errors.push(internal_form::invalid(&path, "PodResourceClaim", claim, why));
        }
        for (field, name) in names.into_iter().filter_map(|(field, name)| Some((field, name.as_ref()?))) {
            checks::dns_subdomain(name, &path.child(field), errors);
        }
    }
}

/// In the host's network a port is the host's.
fn validate_host_network(spec: &PodSpec, options: &Options, path: &Path<'_>, errors: &mut FieldErrors) {
    if !is_set(spec.host_network) {
        return;
    }
    for (index, container) in spec.containers.iter().enumerate() {
        let path = path.index(index);
        let path = path.child("ports");
        for (index, port) in items(&container.ports).iter().enumerate() {
            let host_port = number(port.host_port);
            if (options.is_pod || host_port != 0) && host_port != port.container_port {
                let path = path.index(index);
                let why = "must match `containerPort` when `hostNetwork` is true";
                errors.push(FieldError::invalid(&path.child("hostPort"), &host_port, why));
            }
        }
    }
}

fn validate_scheduling(spec: &PodSpec, options: &Options, path: &Path<'_>, errors: &mut FieldErrors) {
    if let Some(affinity) = &spec.affinity {
        affinity::validate(affinity, options, &path.child("affinity"), errors);
    }
    dns::validate_config(spec, &path.child("dnsConfig"), errors);
    let gates_path = path.child("readinessGates");
    for (index, gate) in items(&spec.readiness_gates).iter().enumerate() {
        let path = gates_path.index(index);
        checks::qualified_name(&gate.condition_type, &path.child("conditionType"), errors);
    }
    let gates_path = path.child("schedulingGates");
    let mut seen = BTreeSet::new();
    for (index, gate) in items(&spec.scheduling_gates).iter().enumerate() {
        checks::qualified_name(&gate.name, &gates_path.index(index), errors);
        if !seen.insert(gate.name.as_str()) {
            errors.push(FieldError::duplicate(&gates_path.index(index), &gate.name));
        }
    }
    let constraints = items(&spec.topology_spread_constraints);
    spread::validate(constraints, options, &path.child("topologySpreadConstraints"), errors);
}

/// A pod with users of its own cannot be in other namespaces of the host.
fn validate_host_users(spec: &PodSpec, options: &Options, path: &Path<'_>, errors: &mut FieldErrors) {
    if spec.host_users != Some(false) {
        return;
    }
    let why = "when `hostUsers` is false";
    let given = [
        ("hostNetwork", is_set(spec.host_network) && !options.keeps_user_namespace_network),
        ("HostPID", is_set(spec.host_pid)),
        ("HostIPC", is_set(spec.host_ipc)),
    ];
    for (field, _) in given.into_iter().filter(|(_, is_given)| *is_given) {
        errors.push(FieldError::forbidden(&path.child(field), why));
    }
    if !options.keeps_user_namespace_devices {
        containers::for_each(spec, path, |container, path| {
            if !items(&container.volume_devices).is_empty() {
                errors.push(FieldError::forbidden(&path.child("volumeDevices"), why));
            }
        });
    }
}

fn validate_names(spec: &PodSpec, options: &Options, path: &Path<'_>, errors: &mut FieldErrors) {
    let given = |field: &Option<String>| field.as_deref().filter(|text| !text.is_empty()).map(str::to_owned);
    for (field, name) in [("serviceAccountName", &spec.service_account_name), ("nodeName", &spec.node_name)] {
        if let Some(name) = given(name) {
            checks::dns_subdomain(&name, &path.child(field), errors);
        }
    }
    if let Some(seconds) = spec.active_deadline_seconds {
        checks::in_range(seconds, 1, i32::MAX.into(), &path.child("activeDeadlineSeconds"), errors);
    }
    for (field, name) in [("hostname", &spec.hostname), ("subdomain", &spec.subdomain)] {
        if let Some(name) = given(name) {
            checks::dns_label(&name, &path.child(field), errors);
        }
    }
    tolerations::validate_with(items(&spec.tolerations), options, &path.child("tolerations"), errors);
    dns::validate_aliases(items(&spec.host_aliases), &path.child("hostAliases"), errors);
    if let Some(name) = given(&spec.priority_class_name) {
        checks::dns_subdomain(&name, &path.child("priorityClassName"), errors);
    }
    if let Some(name) = &spec.runtime_class_name {
        checks::dns_subdomain(name, &path.child("runtimeClassName"), errors);
    }
}

/// Checks the word for whom a pod may displace.
pub(crate) fn validate_preemption(policy: &str, path: &Path<'_>, errors: &mut FieldErrors) {
    checks::required_one_of(policy, &["PreemptLowerPriority", "Never"], path, errors);
}

/// Variables of files are read from `emptyDir` volumes.
fn validate_file_refs(spec: &PodSpec, path: &Path<'_>, errors: &mut FieldErrors) {
    containers::for_each(spec, path, |container, path| {
        let path = path.child("env");
        for (index, variable) in items(&container.env).iter().enumerate() {
            let source = variable.value_from.as_ref().and_then(|source| source.file_key_ref.as_ref());
            let Some(source) = source else { continue };
            let path = path.index(index);
            let path = path.child("valueFrom");
            let path = path.child("fileKeyRef");
            let path = path.child("volumeName");
            let is_named = |volume: &&Volume| volume.name == source.volume_name;
            match items(&spec.volumes).iter().rfind(is_named) {
                None => errors.push(FieldError::not_found(&path, &source.volume_name)),
                Some(volume) if volume.empty_dir.is_none() => {
                    let why = "referenced volume must be of type emptyDir";
                    errors.push(FieldError::invalid(&path, &source.volume_name, why));
                }
                Some(_) => {}
            }
        }
    });
}
