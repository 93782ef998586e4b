//! Validation of containers of all sorts (ADM-08).

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{Container, ContainerPort, EphemeralContainer, PodSpec, Volume};

use super::options::Options;
use super::requests::is_sidecar;
use super::{env, handlers, mounts, resources, restart, security};
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::rules::absent::{items, number, text};
use crate::rules::checks;

/// What containers are validated against.
#[derive(Debug)]
pub(super) struct Context<'a> {
    pub(super) spec: &'a PodSpec,
    pub(super) options: &'a Options,
    /// The valid volumes by name.
    pub(super) volumes: BTreeMap<&'a str, &'a Volume>,
    /// The names of the pod's resource claims.
    pub(super) claims: BTreeSet<&'a str>,
    /// Whether users in the pod are the host's.
    pub(super) has_host_users: bool,
}

/// Checks the app containers.
pub(super) fn validate(context: &Context<'_>, path: &Path<'_>, errors: &mut FieldErrors) {
    let containers = &context.spec.containers;
    if containers.is_empty() {
        return errors.push(FieldError::required(path, ""));
    }
    let mut names = BTreeSet::new();
    for (index, container) in containers.iter().enumerate() {
        let path = path.index(index);
        validate_common(container, context, &path, errors);
        if !names.insert(container.name.as_str()) {
            errors.push(FieldError::duplicate(&path.child("name"), &container.name));
        }
        handlers::validate(container, context, &path, errors);
        restart::validate(container, &path, errors);
    }
    validate_host_ports(containers, path, errors);
}

/// Checks plain init containers and sidecars.
pub(super) fn validate_init(context: &Context<'_>, path: &Path<'_>, errors: &mut FieldErrors) {
    let mut names: BTreeSet<&str> =
        context.spec.containers.iter().map(|container| container.name.as_str()).collect();
    for (index, container) in items(&context.spec.init_containers).iter().enumerate() {
        let item = path.index(index);
        validate_common(container, context, &item, errors);
        restart::validate(container, &item, errors);
        if names.contains(container.name.as_str()) {
            errors.push(FieldError::duplicate(&item.child("name"), &container.name));
        } else if !container.name.is_empty() {
            names.insert(&container.name);
        }
        validate_host_ports(std::slice::from_ref(container), path, errors);
        if is_sidecar(container) {
            handlers::validate(container, context, &item, errors);
        } else {
            validate_runs_once(container, context.options, &item, errors);
        }
    }
}

/// What a container that runs to its end before the others cannot have.
fn validate_runs_once(container: &Container, options: &Options, path: &Path<'_>, errors: &mut FieldErrors) {
    let given = [
        ("lifecycle", container.lifecycle.is_some()),
        ("livenessProbe", container.liveness_probe.is_some()),
        ("readinessProbe", container.readiness_probe.is_some()),
        ("startupProbe", container.startup_probe.is_some()),
    ];
    for (field, _) in given.into_iter().filter(|(_, is_given)| *is_given) {
        let why = "may not be set for init containers without restartPolicy=Always";
        errors.push(FieldError::forbidden(&path.child(field), why));
    }
    if options.keeps_init_resize_restart {
        return;
    }
    let path = path.child("resizePolicy");
    for (index, policy) in items(&container.resize_policy).iter().enumerate() {
        if policy.restart_policy == "RestartContainer" {
            let path = path.index(index);
            let why = "must not be set to 'RestartContainer' for non-sidecar initContainers";
            errors.push(FieldError::invalid(&path.child("restartPolicy"), &policy.restart_policy, why));
        }
    }
}

/// Checks ephemeral containers, which only pods have.
pub(super) fn validate_ephemeral(context: &Context<'_>, path: &Path<'_>, errors: &mut FieldErrors) {
    let others: BTreeSet<&str> = context
        .spec
        .containers
        .iter()
        .chain(items(&context.spec.init_containers))
        .map(|container| container.name.as_str())
        .collect();
    let mut names = others.clone();
    for (index, ephemeral) in items(&context.spec.ephemeral_containers).iter().enumerate() {
        let path = path.index(index);
        let container = as_container(ephemeral);
        validate_common(&container, context, &path, errors);
        validate_image_blanks(&container, &path, errors);
        if !names.insert(&ephemeral.name) {
            errors.push(FieldError::duplicate(&path.child("name"), &ephemeral.name));
        }
        let target = text(&ephemeral.target_container_name);
        if !target.is_empty() && !others.contains(target) {
            errors.push(FieldError::not_found(&path.child("targetContainerName"), target));
        }
        validate_ephemeral_fields(ephemeral, &path, errors);
    }
}

fn validate_ephemeral_fields(container: &EphemeralContainer, path: &Path<'_>, errors: &mut FieldErrors) {
    let has_resources =
        container.resources.as_ref().is_some_and(|resources| *resources != Default::default());
    let given = [
        ("ports", container.ports.is_some()),
        ("resources", has_resources),
        ("resizePolicy", container.resize_policy.is_some()),
        ("restartPolicy", container.restart_policy.is_some()),
        ("restartPolicyRules", container.restart_policy_rules.is_some()),
        ("livenessProbe", container.liveness_probe.is_some()),
        ("readinessProbe", container.readiness_probe.is_some()),
        ("startupProbe", container.startup_probe.is_some()),
        ("lifecycle", container.lifecycle.is_some()),
    ];
    let why = "cannot be set for an Ephemeral Container";
    for (field, _) in given.into_iter().filter(|(_, is_given)| *is_given) {
        errors.push(FieldError::forbidden(&path.child(field), why));
    }
    let mounts = path.child("volumeMounts");
    for (index, mount) in items(&container.volume_mounts).iter().enumerate() {
        for (field, value) in [("subPath", &mount.sub_path), ("subPathExpr", &mount.sub_path_expr)] {
            if !text(value).is_empty() {
                errors.push(FieldError::forbidden(&mounts.index(index).child(field), why));
            }
        }
    }
}

/// What ephemeral containers have in common with others, as one.
pub(super) fn as_container(ephemeral: &EphemeralContainer) -> Container {
    let ephemeral = ephemeral.clone();
    Container {
        env: ephemeral.env,
        env_from: ephemeral.env_from,
        image: ephemeral.image,
        image_pull_policy: ephemeral.image_pull_policy,
        name: ephemeral.name,
        ports: ephemeral.ports,
        resize_policy: ephemeral.resize_policy,
        resources: ephemeral.resources,
        security_context: ephemeral.security_context,
        termination_message_policy: ephemeral.termination_message_policy,
        volume_devices: ephemeral.volume_devices,
        volume_mounts: ephemeral.volume_mounts,
        ..Container::default()
    }
}

/// What holds for containers of every sort.
fn validate_common(container: &Container, context: &Context<'_>, path: &Path<'_>, errors: &mut FieldErrors) {
    let name_path = path.child("name");
    if container.name.is_empty() {
        errors.push(FieldError::required(&name_path, ""));
    } else {
        checks::dns_label(&container.name, &name_path, errors);
    }
    checks::required(text(&container.image), &path.child("image"), errors);
    checks::required_one_of(
        text(&container.termination_message_policy),
        &["File", "FallbackToLogsOnError"],
        &path.child("terminationMessagePolicy"),
        errors,
    );
    validate_ports(items(&container.ports), &path.child("ports"), errors);
    env::validate(items(&container.env), &path.child("env"), errors);
    env::validate_from(items(&container.env_from), &path.child("envFrom"), errors);
    mounts::validate(container, context, &path.child("volumeMounts"), errors);
    mounts::validate_devices(container, context, &path.child("volumeDevices"), errors);
    let policy = text(&container.image_pull_policy);
    validate_pull_policy(policy, &path.child("imagePullPolicy"), errors);
    let resources = container.resources.as_ref();
    resources::validate(resources, &context.claims, context.options, &path.child("resources"), errors);
    let policies = items(&container.resize_policy);
    let restart_policy = text(&context.spec.restart_policy);
    restart::validate_resize(policies, restart_policy, &path.child("resizePolicy"), errors);
    if let Some(security_context) = &container.security_context {
        let path = path.child("securityContext");
        security::validate_container(security_context, context.has_host_users, &path, errors);
    }
}

pub(super) fn validate_pull_policy(policy: &str, path: &Path<'_>, errors: &mut FieldErrors) {
    checks::required_one_of(policy, &["Always", "IfNotPresent", "Never"], path, errors);
}

/// What a pod's containers, but not a template's, must have.
pub(super) fn validate_image_blanks(container: &Container, path: &Path<'_>, errors: &mut FieldErrors) {
    let image = text(&container.image);
    if image.trim() != image {
        let why = "must not have leading or trailing whitespace";
        errors.push(FieldError::invalid(&path.child("image"), image, why));
    }
}

fn validate_ports(ports: &[ContainerPort], path: &Path<'_>, errors: &mut FieldErrors) {
    let mut seen = BTreeSet::new();
    for (index, port) in ports.iter().enumerate() {
        let path = path.index(index);
        let name = text(&port.name);
        if !name.is_empty() {
            let path = path.child("name");
            let faults = names::port_name(name);
            if !faults.is_empty() {
                checks::faults(name, faults, &path, errors);
            } else if !seen.insert(name) {
                errors.push(FieldError::duplicate(&path, name));
            }
        }
        if port.container_port == 0 {
            errors.push(FieldError::required(&path.child("containerPort"), ""));
        } else {
            checks::port_number(port.container_port, &path.child("containerPort"), errors);
        }
        if number(port.host_port) != 0 {
            checks::port_number(number(port.host_port), &path.child("hostPort"), errors);
        }
        validate_protocol(text(&port.protocol), &path.child("protocol"), errors);
    }
}

/// Checks the protocol of a container's or a Service's port.
pub(crate) fn validate_protocol(protocol: &str, path: &Path<'_>, errors: &mut FieldErrors) {
    checks::required_one_of(protocol, &["SCTP", "TCP", "UDP"], path, errors);
}

/// No two containers can have the same port of the host.
fn validate_host_ports(containers: &[Container], path: &Path<'_>, errors: &mut FieldErrors) {
    let mut taken = BTreeSet::new();
    for (index, container) in containers.iter().enumerate() {
        let path = path.index(index);
        let path = path.child("ports");
        for (index, port) in items(&container.ports).iter().enumerate() {
            let host_port = number(port.host_port);
            if host_port == 0 {
                continue;
            }
            let key = format!("{}/{}/{host_port}", text(&port.protocol), text(&port.host_ip));
            if taken.contains(&key) {
                errors.push(FieldError::duplicate(&path.index(index).child("hostPort"), &key));
            }
            taken.insert(key);
        }
    }
}

/// Calls `visit` with every container of a pod and its path: init containers first, then the others.
pub(super) fn for_each(spec: &PodSpec, path: &Path<'_>, mut visit: impl FnMut(&Container, &Path<'_>)) {
    let init_containers = path.child("initContainers");
    for (index, container) in items(&spec.init_containers).iter().enumerate() {
        visit(container, &init_containers.index(index));
    }
    let containers = path.child("containers");
    for (index, container) in spec.containers.iter().enumerate() {
        visit(container, &containers.index(index));
    }
    let ephemeral_containers = path.child("ephemeralContainers");
    for (index, container) in items(&spec.ephemeral_containers).iter().enumerate() {
        visit(&as_container(container), &ephemeral_containers.index(index));
    }
}
