use std::net::Ipv4Addr;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use setpoint_runtime_traits::{
    ContainerConfig, ContainerId, ContainerState, Exit, ImageId, PodSandboxConfig, SandboxId, SandboxState,
};

use super::identity::Identity;
use super::launch::Launch;

/// What is kept on disk of a sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SandboxRecord {
    pub(super) id: SandboxId,
    pub(super) config: PodSandboxConfig,
    pub(super) created_at: Moment,
    pub(super) state: SandboxState,
    /// The pod's address, until it is given back.
    pub(super) address: Option<Ipv4Addr>,
}

/// What is kept on disk of a container: all that a runtime after this one must know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ContainerRecord {
    pub(super) id: ContainerId,
    pub(super) sandbox_id: SandboxId,
    pub(super) config: ContainerConfig,
    pub(super) image_id: ImageId,
    pub(super) launch: Launch,
    pub(super) log_path: PathBuf,
    pub(super) created_at: Moment,
    pub(super) phase: Phase,
}

/// Where a container is in its life. It only moves forward.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(super) enum Phase {
    /// Made, not started.
    Created,
    /// About to be started: written before it is, so that there is never a process that no record knows of.
    Starting {
        /// When.
        at: Moment,
    },
    /// Started, as this process.
    Running {
        /// When.
        started_at: Moment,
        /// Its first process, which leads a group.
        process: Identity,
    },
    /// Ended.
    Exited {
        /// When it was started, if it was.
        started_at: Option<Moment>,
        /// When it ended, or was found to have.
        finished_at: Moment,
        /// How.
        exit: Exit,
        /// More for people; may be empty.
        message: String,
    },
}

impl Phase {
    /// The state that others are told.
    pub(super) fn state(&self) -> ContainerState {
        match self {
            Self::Created | Self::Starting { .. } => ContainerState::Created,
            Self::Running { .. } => ContainerState::Running,
            Self::Exited { .. } => ContainerState::Exited,
        }
    }

    /// Whether there may be processes.
    pub(super) fn is_live(&self) -> bool {
        matches!(self, Self::Starting { .. } | Self::Running { .. })
    }

    /// Its end, now: never before its start, also if the clock was set back meanwhile.
    pub(super) fn exited(&self, now: Timestamp, exit: Exit, message: String) -> Self {
        let started_at = self.started_at();
        let finished_at = started_at.map_or(now, |started_at| now.max(started_at.0));
        Self::Exited { started_at, finished_at: Moment(finished_at), exit, message }
    }

    /// When it was started, if it was.
    pub(super) fn started_at(&self) -> Option<Moment> {
        match self {
            Self::Created | Self::Starting { .. } => None,
            Self::Running { started_at, .. } => Some(*started_at),
            Self::Exited { started_at, .. } => *started_at,
        }
    }
}

/// A time of day, on disk in RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(super) struct Moment(pub(super) Timestamp);

impl From<Moment> for String {
    fn from(moment: Moment) -> Self {
        moment.0.to_string()
    }
}

impl TryFrom<String> for Moment {
    type Error = jiff::Error;

    fn try_from(text: String) -> Result<Self, jiff::Error> {
        text.parse().map(Self)
    }
}
