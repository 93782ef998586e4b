use std::net::IpAddr;
use std::path::PathBuf;

use async_trait::async_trait;

use crate::{PortMapping, Result, SandboxId, SandboxMetadata};

/// What connects one sandbox to the pod network.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attachment {
    /// The sandbox.
    pub sandbox_id: SandboxId,
    /// Its pod.
    pub pod: SandboxMetadata,
    /// The network namespace to connect; `None` where there are none.
    pub network_namespace: Option<PathBuf>,
    /// Ports of the node that lead into it.
    pub port_mappings: Vec<PortMapping>,
}

impl Attachment {
    /// The attachment of a sandbox without a namespace and port mappings.
    pub fn new(sandbox_id: SandboxId, pod: SandboxMetadata) -> Self {
        Self { sandbox_id, pod, network_namespace: None, port_mappings: Vec::new() }
    }
}

/// What an attachment got.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NetworkResult {
    /// Its addresses, the primary one first.
    pub ips: Vec<IpAddr>,
    /// The interface inside; empty where there is none.
    pub interface: String,
}

/// Connects sandboxes to the pod network, with CNI's verbs, for runtimes that do not do it themselves.
#[async_trait]
pub trait PodNetwork: Send + Sync {
    /// Connects a sandbox. A second time for the same sandbox answers the same.
    ///
    /// # Errors
    ///
    /// `OutOfResources` if there is no address left.
    async fn add(&self, attachment: &Attachment) -> Result<NetworkResult>;

    /// Gives everything back. Idempotent, also for what never was.
    ///
    /// # Errors
    ///
    /// Only if the network fails.
    async fn del(&self, attachment: &Attachment) -> Result<()>;

    /// Whether the attachment still is as `previous` says.
    ///
    /// # Errors
    ///
    /// `Conflict` if it is not.
    async fn check(&self, attachment: &Attachment, previous: &NetworkResult) -> Result<()>;

    /// Whether pods can be connected: what the runtime reports as NetworkReady.
    ///
    /// # Errors
    ///
    /// `Unavailable`, with the reason, if not.
    async fn status(&self) -> Result<()>;
}
