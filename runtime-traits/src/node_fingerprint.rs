use std::collections::BTreeMap;

use async_trait::async_trait;
use futures::StreamExt;

use crate::{EventStream, Result};

/// One address of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeAddress {
    /// `InternalIP`, `ExternalIP`, `Hostname`, as in a node's status.
    pub kind: String,
    /// The address.
    pub address: String,
}

/// What a node is and has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeInfo {
    /// Resources by name (`cpu`, `memory`, `pods`, `ephemeral-storage`, extended ones), as quantities.
    pub capacity: BTreeMap<String, String>,
    /// The part of the capacity that pods do not get.
    pub reserved: BTreeMap<String, String>,
    /// How it is reached.
    pub addresses: Vec<NodeAddress>,
    /// Labels it gives itself.
    pub labels: BTreeMap<String, String>,
    /// Changes with each boot (NodeRebooted is told by it).
    pub boot_id: String,
    /// Names the machine, over boots.
    pub machine_id: String,
    /// `linux`, `windows`.
    pub operating_system: String,
    /// `amd64`, `arm64`.
    pub architecture: String,
    /// As `uname -r` says.
    pub kernel_version: String,
    /// For people.
    pub os_image: String,
}

/// Says what the node is (RUNTIME-16).
#[async_trait]
pub trait NodeFingerprint: Send + Sync {
    /// The node now.
    ///
    /// # Errors
    ///
    /// If it cannot be told.
    async fn snapshot(&self) -> Result<NodeInfo>;

    /// The node each time it changed, beginning with the next change. A node that never changes has a stream
    /// that never yields.
    fn watch(&self) -> EventStream<NodeInfo> {
        futures::stream::pending().boxed()
    }
}
