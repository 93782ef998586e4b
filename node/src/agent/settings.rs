use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use k8s_openapi::api::core::v1::Taint;
use setpoint_core::quantity::Quantity;

use super::{Growth, Shutdown};

/// How an agent works. [`AgentSettings::new`] has upstream's values.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AgentSettings {
    /// The name of its Node.
    pub node_name: String,
    /// Labels of the Node beside host name, operating system and architecture.
    pub labels: BTreeMap<String, String>,
    /// Taints the Node is created with.
    pub taints: Vec<Taint>,
    /// Addresses of the node if the runtime does not tell them; the first is its pods' host IP.
    pub addresses: Vec<String>,
    /// What the node has if the runtime does not tell: `cpu`, `memory`, `pods`, `ephemeral-storage`, others.
    pub capacity: BTreeMap<String, Quantity>,
    /// The part of the capacity that pods do not get (NODE-06).
    pub reserved: BTreeMap<String, Quantity>,
    /// How many pods the node takes, if its capacity does not say.
    pub pods_max: u32,
    /// How long the lease is good for (NODE-03). It is renewed each quarter of that.
    pub lease_duration: Duration,
    /// How often the node's status is computed (NODE-04).
    pub status_interval: Duration,
    /// How often it is reported if it has not changed (NODE-04).
    pub status_report_interval: Duration,
    /// How often the runtime is looked at in whole, without events (AGENT-04).
    pub relist_interval: Duration,
    /// The same for a runtime that tells of events.
    pub relist_interval_with_events: Duration,
    /// How restarts are delayed (AGENT-09).
    pub restart_backoff: Growth,
    /// How pulls are delayed after failures (AGENT-30).
    pub pull_backoff: Growth,
    /// How many images are pulled at once (AGENT-30).
    pub pulls_at_once: usize,
    /// The folder below which pods have their logs.
    pub log_directory: PathBuf,
    /// The folder below which pods have their volumes.
    pub volume_directory: PathBuf,
    /// What becomes of its pods when it ends as a part of something else.
    pub shutdown: Shutdown,
    /// How long that may take.
    pub shutdown_limit: Duration,
}

impl AgentSettings {
    /// Upstream's values, for a node with this name and nothing known of what it has.
    pub fn new(node_name: impl Into<String>) -> Self {
        Self {
            node_name: node_name.into(),
            labels: BTreeMap::new(),
            taints: Vec::new(),
            addresses: Vec::new(),
            capacity: BTreeMap::new(),
            reserved: BTreeMap::new(),
            pods_max: 110,
            lease_duration: Duration::from_secs(40),
            status_interval: Duration::from_secs(10),
            status_report_interval: Duration::from_secs(300),
            relist_interval: Duration::from_secs(1),
            relist_interval_with_events: Duration::from_secs(300),
            restart_backoff: Growth::STANDARD,
            pull_backoff: Growth::STANDARD,
            pulls_at_once: 1,
            log_directory: PathBuf::from("/var/log/pods"),
            volume_directory: PathBuf::from("/var/lib/kubelet/pods"),
            shutdown: Shutdown::LeavePods,
            shutdown_limit: Duration::from_secs(40),
        }
    }

    /// The same with logs and volumes below this folder.
    #[must_use]
    pub fn with_directory(mut self, directory: impl Into<PathBuf>) -> Self {
        let directory = directory.into();
        self.log_directory = directory.join("logs");
        self.volume_directory = directory.join("pods");
        self
    }

    /// The same with something the node has.
    #[must_use]
    pub fn with_capacity(mut self, resource: impl Into<String>, amount: Quantity) -> Self {
        self.capacity.insert(resource.into(), amount);
        self
    }
}
