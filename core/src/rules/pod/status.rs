//! What may change in a pod's status (SUB-02, SUB-03).

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{
    Container, ContainerStatus, LinuxContainerUser, PodCondition, PodSpec, PodStatus, ResourceStatus,
};

use super::{restart, update};
use crate::field::{FieldError, FieldErrors, Path};
use crate::object::Meta;
use crate::rules::absent::{items, number, text};
use crate::rules::{address, checks, internal_form, object_meta};

/// The longest message about the health of a resource.
const HEALTH_MESSAGE_BYTES_MAX: usize = 1024;

/// A list of statuses by its field, and the containers they are of; ephemeral ones are not needed.
type Statuses<'a> = (&'a str, &'a [ContainerStatus], Option<&'a [Container]>);

/// Restores what a write to a pod's status keeps: owners, deletion, class and, where none is given, the
/// generations that were observed.
pub fn prepare_status_update(new_meta: &mut Meta, new: &mut PodStatus, old_meta: &Meta, old: &PodStatus) {
    new_meta.owner_references.clone_from(&old_meta.owner_references);
    new_meta.deletion_timestamp = old_meta.deletion_timestamp;
    if text(&new.qos_class).is_empty() {
        new.qos_class.clone_from(&old.qos_class);
    }
    if number(new.observed_generation) == 0 {
        new.observed_generation = old.observed_generation;
    }
    let mut observed: BTreeMap<&str, Vec<Option<i64>>> = BTreeMap::new();
    for condition in items(&old.conditions).iter().rev() {
        observed.entry(&condition.type_).or_default().push(condition.observed_generation);
    }
    for condition in new.conditions.iter_mut().flatten() {
        let before = observed.get_mut(condition.type_.as_str()).and_then(Vec::pop).flatten();
        if number(condition.observed_generation) == 0 {
            condition.observed_generation = before;
        }
    }
}

/// All that is wrong with a write to a pod's status.
pub fn validate_status_update(
    new_meta: &Meta,
    new: &PodStatus,
    old_meta: &Meta,
    old: &PodStatus,
    spec: &PodSpec,
) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check_update(new_meta, old_meta, &mut errors);
    update::validate_annotations(new_meta, spec, old_meta, spec, &mut errors);
    let path = Path::new("status");
    validate_conditions(items(&new.conditions), &path.child("conditions"), &mut errors);
    validate_nomination(new, old, spec, &path.child("nominatedNodeName"), &mut errors);
    let generation = number(new.observed_generation);
    if generation < 0 {
        let path = path.child("observedGeneration");
        errors.push(FieldError::invalid(&path, &generation, "must be a non-negative integer"));
    }
    checks::immutable(text(&new.qos_class), text(&old.qos_class), &path.child("qosClass"), &mut errors);
    validate_transitions(new, old, spec, &path, &mut errors);
    validate_claims(new, spec, &path.child("resourceClaimStatuses"), &mut errors);
    validate_addresses(new, old, &path, &mut errors);
    let lists: [Statuses<'_>; 3] = [
        ("containerStatuses", items(&new.container_statuses), Some(&spec.containers)),
        ("initContainerStatuses", items(&new.init_container_statuses), Some(items(&spec.init_containers))),
        ("ephemeralContainerStatuses", items(&new.ephemeral_container_statuses), None),
    ];
    for (field, statuses, _) in &lists {
        validate_users(statuses, spec, &path.child(field), &mut errors);
    }
    for (field, statuses, containers) in &lists {
        validate_resources(statuses, *containers, &path.child(field), &mut errors);
    }
    errors
}

fn validate_conditions(conditions: &[PodCondition], path: &Path<'_>, errors: &mut FieldErrors) {
    for (index, condition) in conditions.iter().enumerate() {
        let path = path.index(index);
        let generation = number(condition.observed_generation);
        if generation < 0 {
            let path = path.child("observedGeneration");
            errors.push(FieldError::invalid(&path, &generation, "must be a non-negative integer"));
        }
        if !matches!(condition.type_.as_str(), "PodScheduled" | "Ready" | "Initialized") {
            checks::qualified_name(&condition.type_, &path.child("Type"), errors);
        }
    }
}

fn validate_nomination(
    new: &PodStatus,
    old: &PodStatus,
    spec: &PodSpec,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let node = text(&new.nominated_node_name);
    if node.is_empty() || node == text(&old.nominated_node_name) {
        return;
    }
    checks::dns_subdomain(node, path, errors);
    if !text(&spec.node_name).is_empty() {
        let why = "may not be set on pods that are already bound to a node";
        errors.push(FieldError::forbidden(path, why));
    }
}

/// A container that has ended for good does not run again.
fn validate_transitions(
    new: &PodStatus,
    old: &PodStatus,
    spec: &PodSpec,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let restarts = |containers: &[Container], name: &str, exit_code: i32| {
        let container = containers.iter().find(|container| container.name == name);
        let policy = text(&spec.restart_policy);
        container.is_some_and(|container| restart::is_restarted(container, policy, exit_code))
    };
    let mut check =
        |field, new: &[ContainerStatus], old: &[ContainerStatus], restarts: &dyn Fn(&str, i32) -> bool| {
            let path = path.child(field);
            for (index, old) in old.iter().enumerate() {
                let Some(terminated) = old.state.as_ref().and_then(|state| state.terminated.as_ref()) else {
                    continue;
                };
                let new = new.iter().find(|new| new.name == old.name);
                let runs_again =
                    new.is_some_and(|new| new.state.as_ref().is_none_or(|state| state.terminated.is_none()));
                if runs_again && !restarts(&old.name, terminated.exit_code) {
                    let path = path.index(index);
                    let why = "may not be transitioned to non-terminated state";
                    errors.push(FieldError::forbidden(&path.child("state"), why));
                }
            }
        };
    if !restart::can_restart_all(spec) {
        check(
            "containerStatuses",
            items(&new.container_statuses),
            items(&old.container_statuses),
            &|name, exit_code| restarts(&spec.containers, name, exit_code),
        );
        check(
            "initContainerStatuses",
            items(&new.init_container_statuses),
            items(&old.init_container_statuses),
            &|name, exit_code| restarts(items(&spec.init_containers), name, exit_code),
        );
    }
    check(
        "ephemeralContainerStatuses",
        items(&new.ephemeral_container_statuses),
        items(&old.ephemeral_container_statuses),
        &|_, _| false,
    );
}

fn validate_claims(status: &PodStatus, spec: &PodSpec, path: &Path<'_>, errors: &mut FieldErrors) {
    let mut seen = BTreeSet::new();
    for (index, claim) in items(&status.resource_claim_statuses).iter().enumerate() {
        let path = path.index(index);
        let name_path = path.child("name");
        if !items(&spec.resource_claims).iter().any(|known| known.name == claim.name) {
            let why = "must match the name of an entry in `spec.resourceClaims`";
            errors.push(FieldError::invalid(&name_path, &claim.name, why));
        }
        if !seen.insert(&claim.name) {
            errors.push(FieldError::duplicate(&name_path, &claim.name));
        }
        if let Some(name) = &claim.resource_claim_name {
            checks::dns_subdomain(name, &path.child("resourceClaimName"), errors);
        }
    }
}

fn validate_addresses(new: &PodStatus, old: &PodStatus, path: &Path<'_>, errors: &mut FieldErrors) {
    let why = "may specify no more than one IP for each IP family";
    let pod_ips: Vec<&str> = items(&new.pod_ips).iter().map(|ip| ip.ip.as_str()).collect();
    let known: Vec<&str> = items(&old.pod_ips).iter().map(|ip| ip.ip.as_str()).collect();
    let ips_path = path.child("podIPs");
    if !validate_ips(&pod_ips, &known, &ips_path, errors) {
        let shown = internal_form::compact_list("PodIP", items(&new.pod_ips));
        errors.push(FieldError { value: Some(shown), ..FieldError::invalid(&ips_path, "", why) });
    }
    let host_ips: Vec<&str> = items(&new.host_ips).iter().map(|ip| ip.ip.as_str()).collect();
    let known: Vec<&str> = items(&old.host_ips).iter().map(|ip| ip.ip.as_str()).collect();
    let ips_path = path.child("hostIPs");
    if let Some(first) = host_ips.first().filter(|first| **first != text(&new.host_ip)) {
        let path = ips_path.index(0);
        errors.push(FieldError::invalid(&path.child("ip"), *first, "must be equal to `hostIP`"));
    }
    if !validate_ips(&host_ips, &known, &ips_path, errors) {
        let shown = internal_form::compact_list("HostIP", items(&new.host_ips));
        errors.push(FieldError { value: Some(shown), ..FieldError::invalid(&ips_path, "", why) });
    }
}

/// Checks each address; whether there is no more than one of each family.
fn validate_ips(ips: &[&str], known: &[&str], path: &Path<'_>, errors: &mut FieldErrors) -> bool {
    for (index, ip) in ips.iter().enumerate() {
        address::validate_ip(ip, known, &path.index(index), errors);
    }
    ips.len() < 2 || (ips.len() == 2 && address::is_dual_stack(ips.iter().copied()))
}

fn validate_users(statuses: &[ContainerStatus], spec: &PodSpec, path: &Path<'_>, errors: &mut FieldErrors) {
    let os = spec.os.as_ref().map_or("linux", |os| os.name.as_str());
    for (index, status) in statuses.iter().enumerate() {
        let Some(user) = status.user.as_ref().and_then(|user| user.linux.as_ref()) else { continue };
        let path = path.index(index);
        let path = path.child("user");
        let path = path.child("linux");
        match os {
            "windows" => errors.push(FieldError::forbidden(&path, "cannot be set for a windows pod")),
            "linux" => validate_user(user, &path, errors),
            _ => {}
        }
    }
}

fn validate_user(user: &LinuxContainerUser, path: &Path<'_>, errors: &mut FieldErrors) {
    checks::in_range(user.uid, 0, i32::MAX.into(), &path.child("uid"), errors);
    checks::in_range(user.gid, 0, i32::MAX.into(), &path.child("gid"), errors);
    let path = path.child("supplementalGroups");
    for (index, group) in items(&user.supplemental_groups).iter().enumerate() {
        checks::in_range(*group, 0, i32::MAX.into(), &path.index(index), errors);
    }
}

/// The health of a container's devices; ephemeral containers have none.
fn validate_resources(
    statuses: &[ContainerStatus],
    containers: Option<&[Container]>,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    for (index, status) in statuses.iter().enumerate() {
        let path = path.index(index);
        let path = path.child("allocatedResourcesStatus");
        let resources = items(&status.allocated_resources_status);
        let Some(containers) = containers else {
            if !resources.is_empty() {
                errors.push(FieldError::forbidden(&path, "must not be specified in container status"));
            }
            continue;
        };
        let container = containers.iter().find(|container| container.name == status.name);
        for (index, resource) in resources.iter().enumerate() {
            let path = path.index(index);
            if let Some(container) = container {
                validate_known(resource, container, &path, errors);
            }
            validate_health(resource, &path.child("resources"), errors);
        }
    }
}

fn validate_known(
    resource: &ResourceStatus,
    container: &Container,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let resources = container.resources.clone().unwrap_or_default();
    let name = resource.name.as_str();
    let (is_known, why) = if name.starts_with("claim:") {
        let is_known = items(&resources.claims).iter().any(|claim| match text(&claim.request) {
            "" => name == format!("claim:{}", claim.name),
            request => name == format!("claim:{}/{request}", claim.name),
        });
        let why = "must match one of the container's resource claims in a format \
                   'claim:<claimName>/<request>' or 'claim:<claimName>' if request is empty";
        (is_known, why)
    } else {
        let is_known = resources.requests.is_some_and(|requests| requests.contains_key(name));
        (is_known, "must match one of the container's resource requests")
    };
    if !is_known {
        errors.push(FieldError::invalid(&path.child("name"), name, why));
    }
}

fn validate_health(resource: &ResourceStatus, path: &Path<'_>, errors: &mut FieldErrors) {
    let mut seen = BTreeSet::new();
    for (index, device) in items(&resource.resources).iter().enumerate() {
        let path = path.index(index);
        let supported = ["Healthy", "Unhealthy", "Unknown"];
        checks::one_of(text(&device.health), &supported, &path.child("health"), errors);
        let message_path = path.child("message");
        match device.message.as_deref() {
            Some("") => errors.push(FieldError::required(&message_path, "must be non-empty if specified")),
            Some(message) if message.len() > HEALTH_MESSAGE_BYTES_MAX => {
                errors.push(FieldError::too_long(&message_path, HEALTH_MESSAGE_BYTES_MAX));
            }
            _ => {}
        }
        if !seen.insert(&device.resource_id) {
            errors.push(FieldError::duplicate(&path.child("resourceID"), &device.resource_id));
        }
    }
}
