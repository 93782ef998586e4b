use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::{AccessMode, Result, RuntimeError, VolumeId};

/// What a volume to be made must be like.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CreateVolume {
    /// The caller's name for it; the same name again answers the same volume.
    pub name: String,
    /// The least it must hold.
    pub capacity_bytes_min: u64,
    /// The most it may hold; 0 without limit.
    pub capacity_bytes_max: u64,
    /// How it will be used.
    pub access: Vec<AccessMode>,
    /// The driver's own parameters, from the storage class.
    pub parameters: BTreeMap<String, String>,
    /// Where it must be reachable: any of these sets of labels; empty for anywhere.
    pub topologies: Vec<BTreeMap<String, String>>,
}

impl CreateVolume {
    /// A volume of at least this size, for one node.
    pub fn new(name: impl Into<String>, capacity_bytes_min: u64) -> Self {
        Self {
            name: name.into(),
            capacity_bytes_min,
            capacity_bytes_max: 0,
            access: vec![AccessMode::ReadWriteOnce],
            parameters: BTreeMap::new(),
            topologies: Vec::new(),
        }
    }
}

/// A volume.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Volume {
    /// The driver's name for it.
    pub id: VolumeId,
    /// What it holds.
    pub capacity_bytes: u64,
    /// What the node's side needs to know of it.
    pub attributes: BTreeMap<String, String>,
    /// From where it is reachable: any of these sets of labels; empty for everywhere.
    pub topologies: Vec<BTreeMap<String, String>>,
}

impl Volume {
    /// A volume reachable from everywhere.
    pub fn new(id: VolumeId, capacity_bytes: u64) -> Self {
        Self { id, capacity_bytes, attributes: BTreeMap::new(), topologies: Vec::new() }
    }
}

/// What attaching a volume told, handed on to the node's side.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PublishContext(pub BTreeMap<String, String>);

/// The control plane's side of a volume driver, with CSI's verbs. Every verb is idempotent.
#[async_trait]
pub trait VolumeController: Send + Sync {
    /// Makes a volume, or answers the one of this name.
    ///
    /// # Errors
    ///
    /// `AlreadyExists` if the one of this name is not as asked for; `OutOfResources`; `InvalidSpec`.
    async fn create(&self, request: &CreateVolume) -> Result<Volume>;

    /// Removes a volume and its data. Absent is a success.
    ///
    /// # Errors
    ///
    /// `Conflict` if it is attached.
    async fn delete(&self, volume: &VolumeId) -> Result<()>;

    /// Attaches a volume to a node. Drivers without this step succeed.
    ///
    /// # Errors
    ///
    /// `NotFound` for the volume or the node; `Conflict` if it is attached elsewhere and may not be.
    async fn attach(&self, _volume: &VolumeId, _node: &str) -> Result<PublishContext> {
        Ok(PublishContext::default())
    }

    /// Undoes [`VolumeController::attach`]. What is not attached is a success.
    ///
    /// # Errors
    ///
    /// Only if the driver fails.
    async fn detach(&self, _volume: &VolumeId, _node: &str) -> Result<()> {
        Ok(())
    }

    /// Makes a volume hold at least `bytes`, and answers what it holds then.
    ///
    /// # Errors
    ///
    /// `NotFound`; `OutOfResources`; `Unsupported` if the driver cannot.
    async fn expand(&self, _volume: &VolumeId, _bytes: u64) -> Result<u64> {
        Err(RuntimeError::unsupported("volume expansion"))
    }
}
