use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use async_trait::async_trait;

use crate::{PublishContext, Result, RuntimeError, VolumeId};

/// How a volume may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccessMode {
    /// Read and written on one node.
    ReadWriteOnce,
    /// Read on many nodes.
    ReadOnlyMany,
    /// Read and written on many nodes.
    ReadWriteMany,
    /// Read and written by one pod.
    ReadWriteOncePod,
}

/// Makes a volume usable on the node, once for all its pods.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StageRequest {
    /// The volume.
    pub volume: VolumeId,
    /// Where, on the node; the agent has made the parent folder.
    pub staging_path: PathBuf,
    /// How it may be used.
    pub access: AccessMode,
    /// What [`VolumeController::attach`](crate::VolumeController::attach) answered.
    pub publish_context: PublishContext,
    /// The driver's own parameters.
    pub attributes: BTreeMap<String, String>,
}

impl StageRequest {
    /// A request without context and parameters.
    pub fn new(volume: VolumeId, staging_path: impl Into<PathBuf>, access: AccessMode) -> Self {
        Self {
            volume,
            staging_path: staging_path.into(),
            access,
            publish_context: PublishContext::default(),
            attributes: BTreeMap::new(),
        }
    }
}

/// Makes a volume visible to one pod.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PublishRequest {
    /// The volume.
    pub volume: VolumeId,
    /// Where the pod's mounts find it; the agent has made the parent folder.
    pub target_path: PathBuf,
    /// Where it was staged, for drivers that stage.
    pub staging_path: Option<PathBuf>,
    /// How it may be used.
    pub access: AccessMode,
    /// Whether this pod may not write it.
    pub read_only: bool,
    /// The driver's own parameters. For the node's own volumes (STORAGE-01) this is where `medium` and
    /// `sizeLimit` are.
    pub attributes: BTreeMap<String, String>,
    /// Files the volume is to contain, by relative path, for configMap, secret, downwardAPI and projected
    /// volumes. The whole set is replaced atomically when it is published again.
    pub files: BTreeMap<PathBuf, VolumeFile>,
}

impl PublishRequest {
    /// A writable volume without parameters and files.
    pub fn new(volume: VolumeId, target_path: impl Into<PathBuf>, access: AccessMode) -> Self {
        Self {
            volume,
            target_path: target_path.into(),
            staging_path: None,
            access,
            read_only: false,
            attributes: BTreeMap::new(),
            files: BTreeMap::new(),
        }
    }
}

/// A file that a volume is made to contain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeFile {
    /// Its content.
    pub content: Vec<u8>,
    /// Its permission bits.
    pub mode: u32,
}

/// Which node this driver is on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VolumeNodeInfo {
    /// The driver's name for this node.
    pub node_id: String,
    /// Where it is, as labels.
    pub topology: BTreeMap<String, String>,
    /// How many volumes fit; `None` without limit.
    pub volumes_max: Option<u32>,
}

/// How full a volume is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VolumeUsage {
    /// Bytes in use.
    pub used_bytes: u64,
    /// Bytes it can hold.
    pub capacity_bytes: u64,
}

/// The node's side of a volume driver, with CSI's verbs. The node's own volumes (emptyDir, hostPath, configMap,
/// secret, downwardAPI, projected: STORAGE-01) are built on it too.
///
/// Every verb is idempotent. A volume is staged before it is published, by drivers that stage, and unpublished
/// from all pods before it is unstaged.
#[async_trait]
pub trait VolumeNode: Send + Sync {
    /// Makes the volume usable on this node. Drivers without this step succeed.
    ///
    /// # Errors
    ///
    /// `NotFound` if there is no such volume; `Conflict` if it is staged elsewhere in another way.
    async fn stage(&self, _request: &StageRequest) -> Result<()> {
        Ok(())
    }

    /// Undoes [`VolumeNode::stage`].
    ///
    /// # Errors
    ///
    /// Only if the driver fails.
    async fn unstage(&self, _volume: &VolumeId, _staging_path: &Path) -> Result<()> {
        Ok(())
    }

    /// Makes the volume visible at the target path.
    ///
    /// # Errors
    ///
    /// `NotFound` if there is no such volume; `InvalidSpec` if the parameters cannot work.
    async fn publish(&self, request: &PublishRequest) -> Result<()>;

    /// Undoes [`VolumeNode::publish`].
    ///
    /// # Errors
    ///
    /// Only if the driver fails.
    async fn unpublish(&self, volume: &VolumeId, target_path: &Path) -> Result<()>;

    /// Which node this is to the driver.
    ///
    /// # Errors
    ///
    /// If it cannot be told.
    async fn info(&self) -> Result<VolumeNodeInfo> {
        Ok(VolumeNodeInfo::default())
    }

    /// How full the volume at `path` is.
    ///
    /// # Errors
    ///
    /// `Unsupported` if the driver does not measure.
    async fn usage(&self, _volume: &VolumeId, _path: &Path) -> Result<VolumeUsage> {
        Err(RuntimeError::unsupported("volume usage"))
    }
}
