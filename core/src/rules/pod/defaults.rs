//! Defaults of pod specs, in pods and in templates (ADM-04).

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    Container, ContainerPort, EnvVar, GRPCAction, HTTPGetAction, Lifecycle, LifecycleHandler,
    ObjectFieldSelector, PodSpec, PodStatus, PodTemplateSpec, Probe, ResourceFieldSelector,
    ResourceRequirements,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity as Text;

use super::{gates, image, requests, volume_defaults};
use crate::rules::absent::{is_set, number};
use crate::rules::normal_form::{NormalForm, Spelling};

/// Fills in what a pod's spec has that was not given.
pub fn default(spec: &mut PodSpec) {
    default_template_spec(spec);
    spec.enable_service_links.get_or_insert(true);
    if number(spec.termination_grace_period_seconds) < 0 {
        spec.termination_grace_period_seconds = Some(1);
    }
    let is_host_network = is_set(spec.host_network);
    for container in spec.containers.iter_mut().chain(spec.init_containers.iter_mut().flatten()) {
        default_requests(&mut container.resources);
        if is_host_network {
            default_host_ports(&mut container.ports);
        }
    }
    requests::default_pod_level(spec);
    spec.normalize(Spelling::Canonical);
}

/// Fills in what the pod template of a controller has that was not given.
pub fn default_template(template: &mut PodTemplateSpec) {
    default_template_spec(template.spec.get_or_insert_default());
    template.normalize(Spelling::Canonical);
}

/// Brings a pod's status into its normal form; `podIP` and `podIPs` follow each other.
pub fn default_status(status: &mut PodStatus) {
    status.normalize(Spelling::Canonical);
    match (&status.pod_ip, status.pod_ips.as_deref().and_then(<[_]>::first)) {
        (Some(ip), first) if first.is_none_or(|first| first.ip != *ip) => {
            status.pod_ips = Some(vec![k8s_openapi::api::core::v1::PodIP { ip: ip.clone() }]);
        }
        (None, Some(first)) => status.pod_ip = Some(first.ip.clone()),
        _ => {}
    }
}

/// What pods and templates have in common.
fn default_template_spec(spec: &mut PodSpec) {
    spec.normalize(Spelling::Canonical);
    insert(&mut spec.dns_policy, "ClusterFirst");
    insert(&mut spec.restart_policy, "Always");
    insert(&mut spec.scheduler_name, "default-scheduler");
    spec.security_context.get_or_insert_default();
    spec.termination_grace_period_seconds.get_or_insert(30);
    // The old name of the field is an alias of the new one, on the way in and out.
    if spec.service_account_name.is_none() {
        spec.service_account_name = spec.service_account.take();
    }
    spec.service_account.clone_from(&spec.service_account_name);
    gates::drop_disabled(spec);
    for volume in spec.volumes.iter_mut().flatten() {
        volume_defaults::default_volume(volume);
    }
    for container in spec.containers.iter_mut().chain(spec.init_containers.iter_mut().flatten()) {
        default_container(container);
    }
    default_ephemeral_containers(spec);
}

fn default_container(container: &mut Container) {
    let image = container.image.as_deref().unwrap_or_default();
    insert(&mut container.image_pull_policy, image::default_pull_policy(image));
    insert(&mut container.termination_message_path, "/dev/termination-log");
    insert(&mut container.termination_message_policy, "File");
    default_ports(&mut container.ports);
    default_env(&mut container.env);
    let probes =
        [&mut container.liveness_probe, &mut container.readiness_probe, &mut container.startup_probe];
    probes.into_iter().flatten().for_each(default_probe);
    container.lifecycle.iter_mut().for_each(default_lifecycle);
}

/// Ephemeral containers have the fields of containers, in a type of their own.
fn default_ephemeral_containers(spec: &mut PodSpec) {
    for container in spec.ephemeral_containers.iter_mut().flatten() {
        let image = container.image.as_deref().unwrap_or_default();
        insert(&mut container.image_pull_policy, image::default_pull_policy(image));
        insert(&mut container.termination_message_path, "/dev/termination-log");
        insert(&mut container.termination_message_policy, "File");
        default_ports(&mut container.ports);
        default_env(&mut container.env);
        let probes =
            [&mut container.liveness_probe, &mut container.readiness_probe, &mut container.startup_probe];
        probes.into_iter().flatten().for_each(default_probe);
        container.lifecycle.iter_mut().for_each(default_lifecycle);
    }
}

fn default_ports(ports: &mut Option<Vec<ContainerPort>>) {
    for port in ports.iter_mut().flatten() {
        insert(&mut port.protocol, "TCP");
    }
}

/// In the host's network a port is the host's.
fn default_host_ports(ports: &mut Option<Vec<ContainerPort>>) {
    for port in ports.iter_mut().flatten() {
        if number(port.host_port) == 0 {
            port.host_port = Some(port.container_port);
        }
    }
}

fn default_env(env: &mut Option<Vec<EnvVar>>) {
    for source in env.iter_mut().flatten().filter_map(|variable| variable.value_from.as_mut()) {
        source.field_ref.iter_mut().for_each(default_field_ref);
        source.resource_field_ref.iter_mut().for_each(default_resource_ref);
        if let Some(file) = &mut source.file_key_ref {
            file.optional.get_or_insert(false);
        }
    }
}

pub(super) fn default_field_ref(field: &mut ObjectFieldSelector) {
    insert(&mut field.api_version, "v1");
}

/// The wire shows the divisor of every reference.
pub(super) fn default_resource_ref(field: &mut ResourceFieldSelector) {
    field.divisor.get_or_insert_with(|| Text("0".to_owned()));
}

fn default_probe(probe: &mut Probe) {
    probe.timeout_seconds.get_or_insert(1);
    probe.period_seconds.get_or_insert(10);
    probe.success_threshold.get_or_insert(1);
    probe.failure_threshold.get_or_insert(3);
    probe.http_get.iter_mut().for_each(default_http_get);
    probe.grpc.iter_mut().for_each(|GRPCAction { service, .. }| {
        service.get_or_insert_default();
    });
}

fn default_http_get(action: &mut HTTPGetAction) {
    insert(&mut action.path, "/");
    insert(&mut action.scheme, "HTTP");
}

fn default_lifecycle(lifecycle: &mut Lifecycle) {
    let handlers = [&mut lifecycle.post_start, &mut lifecycle.pre_stop];
    for LifecycleHandler { http_get, .. } in handlers.into_iter().flatten() {
        http_get.iter_mut().for_each(default_http_get);
    }
}

/// What is limited and not requested is requested as far as it is limited (AGENT-28).
fn default_requests(resources: &mut Option<ResourceRequirements>) {
    let Some(ResourceRequirements { limits: Some(limits), requests, .. }) = resources else { return };
    let requests = requests.get_or_insert_with(BTreeMap::new);
    for (name, limit) in limits {
        requests.entry(name.clone()).or_insert_with(|| limit.clone());
    }
}

/// Sets what is absent; values are normalized, so that an empty text is absent.
pub(super) fn insert(field: &mut Option<String>, value: &str) {
    if field.is_none() {
        *field = Some(value.to_owned());
    }
}

#[cfg(test)]
mod tests;
