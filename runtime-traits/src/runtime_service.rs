use std::time::Duration;

use async_trait::async_trait;

use crate::{
    Capabilities, Container, ContainerConfig, ContainerEvent, ContainerFilter, ContainerId, ContainerStatus,
    EventStream, PodSandbox, PodSandboxConfig, PodSandboxStatus, Resources, Result, RuntimeError,
    RuntimeStatus, RuntimeVersion, SandboxFilter, SandboxId,
};

/// Sandboxes and containers, after the essential part of CRI's RuntimeService (RUNTIME-01).
///
/// Dropping the future of a call gives up waiting, it does not undo: a stop that was asked for goes on as far
/// as the runtime can.
#[async_trait]
pub trait RuntimeService: Send + Sync {
    /// What this back end can do. It never changes.
    fn capabilities(&self) -> Capabilities;

    /// What it is.
    ///
    /// # Errors
    ///
    /// `Unavailable` if it does not answer.
    async fn version(&self) -> Result<RuntimeVersion>;

    /// Whether it can work (RUNTIME-06).
    ///
    /// # Errors
    ///
    /// `Unavailable` if it does not answer.
    async fn status(&self) -> Result<RuntimeStatus>;

    /// Makes and starts a sandbox; it is READY when this returns (RUNTIME-04).
    ///
    /// # Errors
    ///
    /// `AlreadyExists` if the metadata is in use, `OutOfResources` if there is no address left.
    async fn run_pod_sandbox(&self, config: &PodSandboxConfig) -> Result<SandboxId>;

    /// Kills what still runs inside and gives the network back. Idempotent, also for what never was
    /// (RUNTIME-05).
    ///
    /// # Errors
    ///
    /// Only if the runtime fails.
    async fn stop_pod_sandbox(&self, id: &SandboxId) -> Result<()>;

    /// Removes the sandbox and its containers, by force if need be. Idempotent (RUNTIME-05).
    ///
    /// # Errors
    ///
    /// Only if the runtime fails.
    async fn remove_pod_sandbox(&self, id: &SandboxId) -> Result<()>;

    /// One sandbox in detail.
    ///
    /// # Errors
    ///
    /// `NotFound`.
    async fn pod_sandbox_status(&self, id: &SandboxId) -> Result<PodSandboxStatus>;

    /// All sandboxes that pass the filter, in no promised order.
    ///
    /// # Errors
    ///
    /// Only if the runtime fails.
    async fn list_pod_sandboxes(&self, filter: &SandboxFilter) -> Result<Vec<PodSandbox>>;

    /// Makes a container in a READY sandbox, without starting it. `pod` is the sandbox's own configuration.
    ///
    /// # Errors
    ///
    /// `NotFound` for the sandbox or the image, `Conflict` if the sandbox is not READY, `AlreadyExists` if
    /// (name, attempt) is in use in it, `InvalidSpec` if the configuration cannot work.
    async fn create_container(
        &self,
        sandbox: &SandboxId,
        config: &ContainerConfig,
        pod: &PodSandboxConfig,
    ) -> Result<ContainerId>;

    /// Starts a container that was made and not yet started.
    ///
    /// # Errors
    ///
    /// `NotFound`; `Conflict` if it was started before; whatever keeps the program from running, after which
    /// the container is EXITED.
    async fn start_container(&self, id: &ContainerId) -> Result<()>;

    /// Asks the container to stop, and kills it when `grace` is over; returns once it ended. With no grace it is
    /// killed at once. A second, shorter stop shortens the first; a longer one changes nothing (AGENT-16).
    /// Idempotent, also for what never was.
    ///
    /// # Errors
    ///
    /// Only if the runtime fails.
    async fn stop_container(&self, id: &ContainerId, grace: Duration) -> Result<()>;

    /// Removes the container, killing it if need be. Its log stays. Idempotent.
    ///
    /// # Errors
    ///
    /// Only if the runtime fails.
    async fn remove_container(&self, id: &ContainerId) -> Result<()>;

    /// One container in detail.
    ///
    /// # Errors
    ///
    /// `NotFound`.
    async fn container_status(&self, id: &ContainerId) -> Result<ContainerStatus>;

    /// All containers that pass the filter, in no promised order.
    ///
    /// # Errors
    ///
    /// Only if the runtime fails.
    async fn list_containers(&self, filter: &ContainerFilter) -> Result<Vec<Container>>;

    /// Changes the limits of a running container.
    ///
    /// # Errors
    ///
    /// `Unsupported` unless [`Capabilities::resize`].
    async fn update_container_resources(&self, _id: &ContainerId, _resources: &Resources) -> Result<()> {
        Err(RuntimeError::unsupported("update_container_resources"))
    }

    /// What happens to containers from now on, as a hint for when to look (RUNTIME-10).
    ///
    /// # Errors
    ///
    /// `Unsupported` unless [`Capabilities::events`].
    async fn container_events(&self) -> Result<EventStream<ContainerEvent>> {
        Err(RuntimeError::unsupported("container_events"))
    }
}
