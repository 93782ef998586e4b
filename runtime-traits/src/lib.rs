//! What a node can do, as object-safe traits: containers, images, streams, volumes, networks.
//!
//! The node agent knows nothing else of the machine it runs on. A back end implements what it has, declares
//! it in its [`Capabilities`], and is handed over in a [`NodeRuntime`]. The shape follows CRI v1 (and CNI, CSI
//! where those speak), so that a back end for a real runtime is a translation and nothing more.
//!
//! Rules that hold for every trait here:
//!
//! 1. One call is one operation. Policy (restarts, pull policy, back-off) belongs to the agent.
//! 2. Stopping and removing are idempotent: done already, or never there, is a success (RUNTIME-05).
//! 3. An unknown outcome is a value: after an error with [`RuntimeError::is_outcome_unknown`] the call may
//!    have had its effect, and the caller looks before it acts again.
//! 4. Identity lives in the back end, as metadata and labels, so an agent that starts again finds everything
//!    without a file of its own (RUNTIME-07, AGENT-38).
//! 5. Streams are hints and may end at any time; listing is the truth (RUNTIME-10, AGENT-04).
//! 6. Time, timers and tasks come from a [`setpoint_core::env::Env`] given to the back end when it is made.
//!
//! It does not schedule, restart or retry anything, and it claims no isolation for any back end.
//!
//! With the feature `contract` the module `contract` checks a back end against these promises.

mod address_pool;
mod capabilities;
mod container;
#[cfg(feature = "contract")]
pub mod contract;
mod dns_sink;
mod error;
mod event;
mod exit;
mod health;
mod id;
mod image;
mod image_service;
mod log;
mod network_probe;
mod node_fingerprint;
mod node_runtime;
mod pod_network;
mod pressure_source;
mod runtime_service;
mod sandbox;
mod service_dataplane;
mod session;
mod stats_provider;
mod streaming_service;
mod volume_controller;
mod volume_node;

pub use self::address_pool::AddressPool;
pub use self::capabilities::{Capabilities, CgroupMode, ImageMode, Isolation};
pub use self::container::{
    Container, ContainerConfig, ContainerFilter, ContainerMetadata, ContainerState, ContainerStatus, EnvVar,
    Mount, Resources,
};
pub use self::dns_sink::{DnsRecord, DnsSink, RecordSet};
pub use self::error::{ErrorKind, Result, RuntimeError};
pub use self::event::{ContainerEvent, ContainerEventKind, EVENTS_QUEUED_MAX, EventFeed};
pub use self::exit::Exit;
pub use self::health::{RuntimeCondition, RuntimeStatus, RuntimeVersion};
pub use self::id::{ContainerId, ImageId, ImageRef, SandboxId, VolumeId};
pub use self::image::{Auth, FsUsage, Image, PullRequest};
pub use self::image_service::ImageService;
pub use self::log::{LOG_TEXT_BYTES_MAX, LogFormatError, LogLine, LogOptions, OutputStream};
pub use self::network_probe::{NetworkProbe, ProbeAnswer, ProbeRequest, ProbeTarget};
pub use self::node_fingerprint::{NodeAddress, NodeFingerprint, NodeInfo};
pub use self::node_runtime::NodeRuntime;
pub use self::pod_network::{Attachment, NetworkResult, PodNetwork};
pub use self::pressure_source::{PressureSource, Signal};
pub use self::runtime_service::RuntimeService;
pub use self::sandbox::{
    DnsConfig, Labels, PodSandbox, PodSandboxConfig, PodSandboxStatus, PortMapping, SandboxFilter,
    SandboxMetadata, SandboxState,
};
pub use self::service_dataplane::{
    ServiceDataplane, ServiceEndpoint, ServicePortRules, ServiceRules, SyncReport, TransportProtocol,
};
pub use self::session::{ByteStream, ExecOutput, OutputChunk, Session, SessionOptions, TerminalSize};
pub use self::stats_provider::{ContainerStats, NodeStats, PodStats, StatsProvider, Usage};
pub use self::streaming_service::StreamingService;
pub use self::volume_controller::{CreateVolume, PublishContext, Volume, VolumeController};
pub use self::volume_node::{
    AccessMode, PublishRequest, StageRequest, VolumeFile, VolumeNode, VolumeNodeInfo, VolumeUsage,
};

/// A stream of what a back end reports; it may end at any time, and then the caller lists again.
pub type EventStream<T> = futures::stream::BoxStream<'static, Result<T>>;
