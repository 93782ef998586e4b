use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::sandbox::carries;
use crate::{ContainerId, Exit, ImageId, ImageRef, Labels, SandboxId};

/// Which container of its pod it is; (name, attempt) is unique within a sandbox (RUNTIME-07).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerMetadata {
    /// The container's name in the pod's spec.
    pub name: Arc<str>,
    /// How often it was started before: the restart count.
    pub attempt: u32,
}

impl ContainerMetadata {
    /// The instance of the container `name` after `attempt` others.
    pub fn new(name: impl Into<Arc<str>>, attempt: u32) -> Self {
        Self { name: name.into(), attempt }
    }

    /// Where its log goes below the sandbox's folder of logs: `<name>/<attempt>.log` (RUNTIME-08).
    pub fn log_path(&self) -> PathBuf {
        PathBuf::from(&*self.name).join(format!("{}.log", self.attempt))
    }
}

/// What to make a container of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ContainerConfig {
    /// Which container of its pod it is.
    pub metadata: ContainerMetadata,
    /// The image as the pod names it.
    pub image: ImageRef,
    /// What [`ImageService::pull_image`](crate::ImageService::pull_image) answered for it; the runtime goes by
    /// this if it is set (RUNTIME-09).
    pub image_id: Option<ImageId>,
    /// Replaces the image's entry point, and its default arguments; empty keeps them.
    pub command: Vec<String>,
    /// Replaces the image's default arguments; empty keeps them unless `command` is set.
    pub args: Vec<String>,
    /// Where it starts; `None` is the image's choice.
    pub working_dir: Option<PathBuf>,
    /// Its environment, in order; a later one of the same name wins.
    pub env: Vec<EnvVar>,
    /// What of the node it sees, and where.
    pub mounts: Vec<Mount>,
    /// What it is found again by.
    pub labels: Labels,
    /// Carried, not looked at, except by runtimes that say so.
    pub annotations: Labels,
    /// Where its log goes, below the sandbox's folder of logs; see [`ContainerMetadata::log_path`].
    pub log_path: PathBuf,
    /// Keeps its standard input open.
    pub stdin: bool,
    /// Closes standard input after the first one who attached has left.
    pub stdin_once: bool,
    /// Gives it a terminal.
    pub tty: bool,
    /// What it may use.
    pub resources: Resources,
    /// The signal that asks it to stop, by name (`SIGUSR1`); `None` is the image's, or TERM (AGENT-15).
    pub stop_signal: Option<String>,
}

impl ContainerConfig {
    /// Runs the image as it is, with the log at its conventional place.
    pub fn new(metadata: ContainerMetadata, image: impl Into<ImageRef>) -> Self {
        Self {
            log_path: metadata.log_path(),
            metadata,
            image: image.into(),
            image_id: None,
            command: Vec::new(),
            args: Vec::new(),
            working_dir: None,
            env: Vec::new(),
            mounts: Vec::new(),
            labels: Labels::default(),
            annotations: Labels::default(),
            stdin: false,
            stdin_once: false,
            tty: false,
            resources: Resources::default(),
            stop_signal: None,
        }
    }
}

/// One variable of a container's environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnvVar {
    /// Its name.
    pub name: String,
    /// Its value, with references resolved.
    pub value: String,
}

impl EnvVar {
    /// A variable.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

/// A path of the node seen inside a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Mount {
    /// The file or folder on the node.
    pub host_path: PathBuf,
    /// Where the container sees it.
    pub container_path: PathBuf,
    /// Whether it may not be written.
    pub read_only: bool,
}

impl Mount {
    /// A writable mount.
    pub fn new(host_path: impl Into<PathBuf>, container_path: impl Into<PathBuf>) -> Self {
        Self { host_path: host_path.into(), container_path: container_path.into(), read_only: false }
    }

    /// The same, not to be written.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }
}

/// What a container may use. What is not set is not limited.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resources {
    /// Its share of the processors when they are scarce, in thousandths of one.
    pub cpu_request_millis: Option<u64>,
    /// Its limit of processor time, in thousandths of one.
    pub cpu_limit_millis: Option<u64>,
    /// The memory it asked for.
    pub memory_request_bytes: Option<u64>,
    /// The memory past which it is killed.
    pub memory_limit_bytes: Option<u64>,
    /// How readily the kernel kills it when memory runs out, -1000 to 1000 (AGENT-29).
    pub oom_score_adj: Option<i32>,
}

/// Where a container is in its life (RUNTIME-04). It only moves forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ContainerState {
    /// Made, not started.
    Created,
    /// Started, not ended.
    Running,
    /// Ended.
    Exited,
    /// The runtime cannot tell.
    Unknown,
}

/// A container as listed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Container {
    /// The runtime's name for it.
    pub id: ContainerId,
    /// The sandbox it runs in.
    pub sandbox_id: SandboxId,
    /// Which container of its pod it is.
    pub metadata: ContainerMetadata,
    /// The image as the pod names it.
    pub image: ImageRef,
    /// The image's content.
    pub image_id: ImageId,
    /// Where it is in its life.
    pub state: ContainerState,
    /// When it was made.
    pub created_at: Timestamp,
    /// As configured.
    pub labels: Labels,
    /// As configured.
    pub annotations: Labels,
}

impl Container {
    /// What a list shows of a container just made of `config`.
    pub fn created(
        id: ContainerId,
        sandbox_id: SandboxId,
        config: &ContainerConfig,
        image_id: ImageId,
        created_at: Timestamp,
    ) -> Self {
        Self {
            id,
            sandbox_id,
            metadata: config.metadata.clone(),
            image: config.image.clone(),
            image_id,
            state: ContainerState::Created,
            created_at,
            labels: config.labels.clone(),
            annotations: config.annotations.clone(),
        }
    }
}

/// A container in detail.
///
/// `started_at` is set from RUNNING on; `finished_at` and `exit` are set once EXITED, and only then. A
/// container that was made but never started and then stopped has an exit and no start.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContainerStatus {
    /// What a list shows of it.
    pub container: Container,
    /// When it was started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// How it ended.
    pub exit: Option<Exit>,
    /// A word for how it ended: `Completed`, `Error`, `OOMKilled`; empty before.
    pub reason: String,
    /// A sentence for people, if there is more to say.
    pub message: String,
    /// Its log file, if this runtime writes one.
    pub log_path: Option<PathBuf>,
    /// As configured.
    pub mounts: Vec<Mount>,
    /// As configured, or as last updated.
    pub resources: Resources,
}

impl ContainerStatus {
    /// A status that says no more than the list does.
    pub fn new(container: Container) -> Self {
        Self {
            container,
            started_at: None,
            finished_at: None,
            exit: None,
            reason: String::new(),
            message: String::new(),
            log_path: None,
            mounts: Vec::new(),
            resources: Resources::default(),
        }
    }

    /// Where it is in its life.
    pub fn state(&self) -> ContainerState {
        self.container.state
    }

    /// The exit code, once it ended.
    pub fn exit_code(&self) -> Option<i32> {
        self.exit.map(Exit::code)
    }
}

/// Which containers to list: those for which all that is set holds. The default lists all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContainerFilter {
    /// Only this one.
    pub id: Option<ContainerId>,
    /// Only those in this sandbox.
    pub sandbox_id: Option<SandboxId>,
    /// Only those in this state.
    pub state: Option<ContainerState>,
    /// Only those that carry all of these labels.
    pub labels: BTreeMap<String, String>,
}

impl ContainerFilter {
    /// Whether `container` is to be listed.
    pub fn matches(&self, container: &Container) -> bool {
        self.id.as_ref().is_none_or(|id| *id == container.id)
            && self.sandbox_id.as_ref().is_none_or(|id| *id == container.sandbox_id)
            && self.state.is_none_or(|state| state == container.state)
            && carries(&container.labels, &self.labels)
    }
}
