//! What the runtime is asked to make of a pod: its sandbox and its containers.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{Container, PodSpec};
use setpoint_core::object::Meta;
use setpoint_core::quantity::Quantity;
use setpoint_runtime_traits::{
    ContainerConfig, ContainerMetadata, ImageId, Mount, PodSandboxConfig, PortMapping, Resources,
    SandboxMetadata, TransportProtocol,
};

use super::environment::{ConfigError, environment};
use super::expansion::expand;
use super::field_value::Fields;
use super::observed::{host_network, init_containers};
use super::sources::Sources;

/// The label that says which pod something in the runtime belongs to.
pub(super) const POD_UID: &str = "io.kubernetes.pod.uid";
const POD_NAME: &str = "io.kubernetes.pod.name";
const POD_NAMESPACE: &str = "io.kubernetes.pod.namespace";
const CONTAINER_NAME: &str = "io.kubernetes.container.name";

/// Where the volumes of a pod are on the node, by name.
pub(super) type VolumePaths = BTreeMap<String, PathBuf>;

/// What a pod's sandbox is made of.
pub(super) fn sandbox_config(
    meta: &Meta,
    spec: &PodSpec,
    hostname: Option<&str>,
    attempt: u32,
    log_directory: &std::path::Path,
) -> PodSandboxConfig {
    let uid = meta.uid.as_ref().map(ToString::to_string).unwrap_or_default();
    let namespace = meta.namespace.clone().unwrap_or_default();
    let metadata = SandboxMetadata::new(meta.name.clone(), namespace, uid).with_attempt(attempt);
    let mut config = PodSandboxConfig::new(metadata);
    config.log_directory = log_directory.join(config.metadata.log_directory_name());
    config.labels = Arc::new(own_labels(meta, None));
    config.annotations = Arc::new(meta.annotations.to_btree().unwrap_or_default());
    config.host_network = host_network(spec);
    config.host_pid = spec.host_pid == Some(true);
    config.host_ipc = spec.host_ipc == Some(true);
    if config.host_network {
        config.hostname = String::new();
    } else if let Some(hostname) = hostname {
        config.hostname = hostname.to_owned();
    } else {
        // A host name has at most 63 characters and does not end like this.
        let name: String = config.metadata.name.chars().take(63).collect();
        config.hostname = name.trim_end_matches(['-', '.']).to_owned();
    }
    config.port_mappings = port_mappings(spec);
    config
}

/// What a container is made of.
///
/// # Errors
///
/// What it refers to and is not there.
pub(super) fn container_config(
    container: &Container,
    attempt: u32,
    image_id: Option<ImageId>,
    fields: Fields<'_>,
    sources: &Sources,
    volumes: &VolumePaths,
) -> Result<ContainerConfig, ConfigError> {
    let metadata = ContainerMetadata::new(container.name.as_str(), attempt);
    let mut config = ContainerConfig::new(metadata, container.image.clone().unwrap_or_default());
    config.image_id = image_id;
    config.env = environment(container, fields, sources)?;
    let values: BTreeMap<&str, &str> =
        config.env.iter().map(|it| (it.name.as_str(), it.value.as_str())).collect();
    let expanded = |words: &Option<Vec<String>>| -> Vec<String> {
        let words = words.as_deref().unwrap_or_default();
        words.iter().map(|word| expand(word, |name| values.get(name).copied())).collect()
    };
    let (command, args) = (expanded(&container.command), expanded(&container.args));
    let mounts = mounts(container, |text| expand(text, |name| values.get(name).copied()), volumes)?;
    (config.command, config.args, config.mounts) = (command, args, mounts);
    config.working_dir = container.working_dir.clone().filter(|path| !path.is_empty()).map(PathBuf::from);
    config.labels = Arc::new(own_labels(fields.meta, Some(&container.name)));
    config.stdin = container.stdin == Some(true);
    config.stdin_once = container.stdin_once == Some(true);
    config.tty = container.tty == Some(true);
    config.resources = resources(container);
    config.stop_signal = container.lifecycle.as_ref().and_then(|it| it.stop_signal.clone());
    Ok(config)
}

/// The pod's labels and those it is found again by; they win.
fn own_labels(meta: &Meta, container: Option<&str>) -> BTreeMap<String, String> {
    let mut labels = match container {
        None => meta.labels.to_btree().unwrap_or_default(),
        Some(_) => BTreeMap::new(),
    };
    let uid = meta.uid.as_ref().map(ToString::to_string).unwrap_or_default();
    let own = [
        (POD_NAME, meta.name.to_string()),
        (POD_NAMESPACE, meta.namespace.as_deref().unwrap_or_default().to_owned()),
        (POD_UID, uid),
    ];
    labels.extend(own.map(|(key, value)| (key.to_owned(), value)));
    labels.extend(container.map(|name| (CONTAINER_NAME.to_owned(), name.to_owned())));
    labels
}

fn port_mappings(spec: &PodSpec) -> Vec<PortMapping> {
    let ports = spec.containers.iter().chain(init_containers(spec)).flat_map(|it| it.ports.iter().flatten());
    let mapping = |port: &k8s_openapi::api::core::v1::ContainerPort| {
        Some(PortMapping {
            protocol: match port.protocol.as_deref() {
                Some("UDP") => TransportProtocol::Udp,
                Some("SCTP") => TransportProtocol::Sctp,
                _ => TransportProtocol::Tcp,
            },
            container_port: u16::try_from(port.container_port).ok()?,
            host_port: u16::try_from(port.host_port?).ok().filter(|port| *port > 0)?,
            host_ip: port.host_ip.as_deref().and_then(|ip| ip.parse().ok()),
        })
    };
    ports.filter_map(mapping).collect()
}

fn mounts(
    container: &Container,
    expand: impl Fn(&str) -> String,
    volumes: &VolumePaths,
) -> Result<Vec<Mount>, ConfigError> {
    let one = |mount: &k8s_openapi::api::core::v1::VolumeMount| {
        let missing = || {
            ConfigError(format!(
                "cannot find volume \"{}\" to mount into container \"{}\"",
                mount.name, container.name
            ))
        };
        let mut path = volumes.get(&mount.name).cloned().ok_or_else(missing)?;
        let sub_path = match (&mount.sub_path_expr, &mount.sub_path) {
            (Some(expression), _) if !expression.is_empty() => expand(expression),
            (_, sub_path) => sub_path.clone().unwrap_or_default(),
        };
        if !sub_path.is_empty() {
            let leaves = std::path::Path::new(&sub_path)
                .components()
                .any(|part| !matches!(part, std::path::Component::Normal(_) | std::path::Component::CurDir));
            if leaves {
                return Err(ConfigError(format!("subPath \"{sub_path}\" must stay inside the volume")));
            }
            path.push(sub_path);
        }
        let made = Mount::new(path, &mount.mount_path);
        Ok(if mount.read_only == Some(true) { made.read_only() } else { made })
    };
    container.volume_mounts.iter().flatten().map(one).collect()
}

fn resources(container: &Container) -> Resources {
    let Some(given) = &container.resources else { return Resources::default() };
    let amount = |side: &Option<BTreeMap<String, _>>, name: &str| {
        side.as_ref().and_then(|it| it.get(name)).and_then(|text| Quantity::try_from(text).ok())
    };
    let number = |number: i64| u64::try_from(number).ok();
    let millis = |side| amount(side, "cpu").and_then(|it| number(it.milli_value()));
    let bytes = |side| amount(side, "memory").and_then(|it| number(it.value()));
    Resources {
        cpu_request_millis: millis(&given.requests),
        cpu_limit_millis: millis(&given.limits),
        memory_request_bytes: bytes(&given.requests),
        memory_limit_bytes: bytes(&given.limits),
        oom_score_adj: None,
    }
}
