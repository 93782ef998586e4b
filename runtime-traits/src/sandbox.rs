use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{SandboxId, TransportProtocol};

/// Labels or annotations, shared so that a list of thousands copies nothing.
pub type Labels = Arc<BTreeMap<String, String>>;

/// Which pod a sandbox is for; (name, namespace, uid, attempt) is unused before and unique (RUNTIME-07).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SandboxMetadata {
    /// The pod's name.
    pub name: Arc<str>,
    /// The pod's namespace.
    pub namespace: Arc<str>,
    /// The pod's uid.
    pub uid: Arc<str>,
    /// How many sandboxes this pod had before.
    pub attempt: u32,
}

impl SandboxMetadata {
    /// The first sandbox of this pod.
    pub fn new(name: impl Into<Arc<str>>, namespace: impl Into<Arc<str>>, uid: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), namespace: namespace.into(), uid: uid.into(), attempt: 0 }
    }

    /// The sandbox after `attempt` others.
    #[must_use]
    pub fn with_attempt(mut self, attempt: u32) -> Self {
        self.attempt = attempt;
        self
    }

    /// The name of the pod's folder of logs: `<namespace>_<name>_<uid>` (RUNTIME-08).
    pub fn log_directory_name(&self) -> String {
        format!("{}_{}_{}", self.namespace, self.name, self.uid)
    }
}

/// What to make a sandbox of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PodSandboxConfig {
    /// Which pod it is for.
    pub metadata: SandboxMetadata,
    /// The host name inside; empty with host network.
    pub hostname: String,
    /// The folder under which its containers' logs go, see [`SandboxMetadata::log_directory_name`].
    pub log_directory: PathBuf,
    /// Name resolution inside; `None` leaves the runtime's own.
    pub dns: Option<DnsConfig>,
    /// Ports of the node that lead into the pod.
    pub port_mappings: Vec<PortMapping>,
    /// What it is found again by.
    pub labels: Labels,
    /// Carried, not looked at, except by runtimes that say so.
    pub annotations: Labels,
    /// Shares the node's network.
    pub host_network: bool,
    /// Shares the node's process ids.
    pub host_pid: bool,
    /// Shares the node's inter-process communication.
    pub host_ipc: bool,
    /// The control group made by the agent that it belongs into (AGENT-29).
    pub cgroup_parent: Option<String>,
}

impl PodSandboxConfig {
    /// A sandbox with its own network and nothing else set.
    pub fn new(metadata: SandboxMetadata) -> Self {
        Self {
            hostname: metadata.name.to_string(),
            metadata,
            log_directory: PathBuf::new(),
            dns: None,
            port_mappings: Vec::new(),
            labels: Labels::default(),
            annotations: Labels::default(),
            host_network: false,
            host_pid: false,
            host_ipc: false,
            cgroup_parent: None,
        }
    }
}

/// Name resolution inside a pod, as `resolv.conf` has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DnsConfig {
    /// Addresses of name servers.
    pub servers: Vec<String>,
    /// Search domains.
    pub searches: Vec<String>,
    /// Options, each `name` or `name:value`.
    pub options: Vec<String>,
}

/// A port of the node that leads into a pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PortMapping {
    /// Its transport.
    pub protocol: TransportProtocol,
    /// The port inside.
    pub container_port: u16,
    /// The port on the node.
    pub host_port: u16,
    /// The node's address; `None` for all.
    pub host_ip: Option<IpAddr>,
}

/// Whether a sandbox can hold running containers (RUNTIME-04).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SandboxState {
    /// It holds its network and can take containers.
    Ready,
    /// It was stopped or broke; it never becomes ready again.
    NotReady,
}

/// A sandbox as listed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PodSandbox {
    /// The runtime's name for it.
    pub id: SandboxId,
    /// Which pod it is for.
    pub metadata: SandboxMetadata,
    /// Whether it can hold running containers.
    pub state: SandboxState,
    /// When it was made.
    pub created_at: Timestamp,
    /// As configured.
    pub labels: Labels,
    /// As configured.
    pub annotations: Labels,
}

impl PodSandbox {
    /// A ready sandbox, without labels.
    pub fn new(id: SandboxId, metadata: SandboxMetadata, created_at: Timestamp) -> Self {
        Self {
            id,
            metadata,
            state: SandboxState::Ready,
            created_at,
            labels: Labels::default(),
            annotations: Labels::default(),
        }
    }
}

/// A sandbox in detail.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PodSandboxStatus {
    /// What a list shows of it.
    pub sandbox: PodSandbox,
    /// The pod's addresses, the primary one first; empty if it shares the node's or has lost its own.
    pub ips: Vec<IpAddr>,
    /// Whether it shares the node's network.
    pub host_network: bool,
}

impl PodSandboxStatus {
    /// The status of a sandbox with a network of its own, which still has no address.
    pub fn new(sandbox: PodSandbox) -> Self {
        Self { sandbox, ips: Vec::new(), host_network: false }
    }
}

/// Which sandboxes to list: those for which all that is set holds. The default lists all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SandboxFilter {
    /// Only this one.
    pub id: Option<SandboxId>,
    /// Only those in this state.
    pub state: Option<SandboxState>,
    /// Only those that carry all of these labels.
    pub labels: BTreeMap<String, String>,
}

impl SandboxFilter {
    /// Whether `sandbox` is to be listed.
    pub fn matches(&self, sandbox: &PodSandbox) -> bool {
        self.id.as_ref().is_none_or(|id| *id == sandbox.id)
            && self.state.is_none_or(|state| state == sandbox.state)
            && carries(&sandbox.labels, &self.labels)
    }
}

/// Whether `labels` has all of `wanted`.
pub(crate) fn carries(labels: &Labels, wanted: &BTreeMap<String, String>) -> bool {
    wanted.iter().all(|(key, value)| labels.get(key) == Some(value))
}
