use async_trait::async_trait;
use jiff::Timestamp;

use crate::{ContainerId, Result, SandboxMetadata};

/// What is used up at a moment (OBSERVE-06). What cannot be measured is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// Processor time since the start, in nanoseconds; never falls for one container instance.
    pub cpu_usage_core_nanos: Option<u64>,
    /// Memory that cannot be given back: usage less inactive file cache.
    pub memory_working_set_bytes: Option<u64>,
    /// Bytes written to the writable layer and the logs.
    pub ephemeral_storage_bytes: Option<u64>,
    /// Number of processes.
    pub processes: Option<u64>,
}

/// Use by one container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerStats {
    /// Which container.
    pub id: ContainerId,
    /// Its name in the pod.
    pub name: String,
    /// When it was measured.
    pub at: Timestamp,
    /// What it uses.
    pub usage: Usage,
}

/// Use by one pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodStats {
    /// Which pod.
    pub pod: SandboxMetadata,
    /// When it was measured.
    pub at: Timestamp,
    /// What the pod uses as a whole.
    pub usage: Usage,
    /// What each of its running containers uses.
    pub containers: Vec<ContainerStats>,
}

/// Use by the whole node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeStats {
    /// When it was measured.
    pub at: Timestamp,
    /// What is used.
    pub usage: Usage,
}

/// Measures what is used up, for the metrics API and for eviction.
#[async_trait]
pub trait StatsProvider: Send + Sync {
    /// The node as a whole.
    ///
    /// # Errors
    ///
    /// If it cannot be measured.
    async fn node(&self) -> Result<NodeStats>;

    /// All running pods, in no promised order.
    ///
    /// # Errors
    ///
    /// If they cannot be measured.
    async fn pods(&self) -> Result<Vec<PodStats>>;
}
