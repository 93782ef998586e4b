use std::fmt;
use std::path::PathBuf;

use jiff::Timestamp;

use crate::{ImageId, ImageRef, PodSandboxConfig};

/// An image on the node.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Image {
    /// Its content.
    pub id: ImageId,
    /// All names that lead to it.
    pub tags: Vec<ImageRef>,
    /// All digests that lead to it.
    pub digests: Vec<ImageRef>,
    /// The space it takes; 0 if the runtime cannot tell.
    pub size_bytes: u64,
    /// The runtime's own, never to be collected.
    pub pinned: bool,
}

impl Image {
    /// An image with this content and these names.
    pub fn new(id: ImageId, tags: Vec<ImageRef>) -> Self {
        Self { id, tags, digests: Vec::new(), size_bytes: 0, pinned: false }
    }
}

/// Credentials for a registry. Its `Debug` shows none of them.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Auth {
    /// User name.
    pub username: String,
    /// Password.
    pub password: String,
    /// The registry they are for; empty for the image's own.
    pub server: String,
    /// A token to trade for an access token.
    pub identity_token: String,
    /// A token to show as it is.
    pub registry_token: String,
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth").field("server", &self.server).finish_non_exhaustive()
    }
}

/// What to pull. The policy (whether to pull at all) is the agent's (AGENT-30).
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct PullRequest<'a> {
    /// The image.
    pub image: &'a ImageRef,
    /// Credentials, if any are known.
    pub auth: Option<&'a Auth>,
    /// The pod it is for, if it is for one.
    pub pod: Option<&'a PodSandboxConfig>,
}

impl<'a> PullRequest<'a> {
    /// Pulls `image` without credentials.
    pub const fn new(image: &'a ImageRef) -> Self {
        Self { image, auth: None, pod: None }
    }

    /// The same with credentials.
    #[must_use]
    pub const fn with_auth(mut self, auth: &'a Auth) -> Self {
        self.auth = Some(auth);
        self
    }

    /// The same for a pod.
    #[must_use]
    pub const fn for_pod(mut self, pod: &'a PodSandboxConfig) -> Self {
        self.pod = Some(pod);
        self
    }
}

/// How full a file system is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FsUsage {
    /// When it was looked at.
    pub at: Timestamp,
    /// Where it is mounted.
    pub mount_point: PathBuf,
    /// Bytes in use by images.
    pub used_bytes: u64,
    /// Inodes in use by images.
    pub inodes_used: u64,
}
