use std::fmt;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;
use setpoint_core::env::{Env, Task};
use setpoint_runtime_traits::{
    Capabilities, Container, ContainerConfig, ContainerEvent, ContainerFilter, ContainerId, ContainerStatus,
    EventStream, ImageMode, Isolation, NodeRuntime, PodSandbox, PodSandboxConfig, PodSandboxStatus, Result,
    RuntimeCondition, RuntimeService, RuntimeStatus, RuntimeVersion, SandboxFilter, SandboxId,
};
use tokio::sync::Semaphore;

use super::ProcessRuntimeBuilder;
use super::exec::EXECS_MAX;
use super::instance::Instance;
use super::lifecycle::{ended, start_container};
use super::record::Phase;
use super::shared::Shared;

/// A runtime of local processes; see the [module](super).
///
/// Dropping it leaves its containers running, for the next one on the same directory.
pub struct ProcessRuntime {
    pub(super) shared: Arc<Shared>,
    pub(super) execs: Arc<Semaphore>,
    /// Given up with this, not with the tasks, which may outlive it by a moment.
    lock: File,
}

impl ProcessRuntime {
    /// Sets one up in a directory of its own. `env` must be that of a tokio runtime.
    pub fn builder(directory: impl Into<PathBuf>, env: Env) -> ProcessRuntimeBuilder {
        ProcessRuntimeBuilder::new(directory.into(), env)
    }

    pub(super) fn new(shared: Arc<Shared>, lock: File) -> Self {
        Self { shared, execs: Arc::new(Semaphore::new(EXECS_MAX)), lock }
    }

    /// All it offers to a node's agent: containers, images, commands, logs, figures.
    pub fn node_runtime(self: &Arc<Self>) -> NodeRuntime {
        NodeRuntime::of(Arc::clone(self)).with_stats(Arc::clone(self) as _)
    }

    /// Ends all work in the background and waits for it. Containers run on; their logs are no longer written.
    /// From then on, whoever wants to start or stop something is told that this is `Unavailable`.
    pub async fn shutdown(&self) {
        let tasks = self.close();
        for task in &tasks {
            task.cancel();
        }
        // Cancelled is what they were told to be.
        drop(join_all(tasks).await);
    }

    fn close(&self) -> Vec<Task<()>> {
        self.shared.with(|world| {
            world.is_closed = true;
            let close = |instance: &mut Instance| {
                instance.wake();
                instance.task.take()
            };
            world.containers_mut().filter_map(close).collect()
        })
    }

    /// Stops all containers, each with this grace, and waits for their end.
    ///
    /// # Errors
    ///
    /// `Unavailable` after [`ProcessRuntime::shutdown`].
    pub async fn stop_all(&self, grace: Duration) -> Result<()> {
        let ids = self.shared.with(|world| {
            world.containers().map(|instance| instance.container.id.clone()).collect::<Vec<_>>()
        });
        join_all(ids.iter().map(|id| self.stop(id, grace))).await.into_iter().collect()
    }

    /// The first process of a running container, as the operating system counts it; `None` if it does not run.
    pub fn process_id(&self, id: &ContainerId) -> Option<u32> {
        self.shared.with(|world| match &world.container(id).ok()?.record.phase {
            Phase::Running { process, .. } => u32::try_from(process.pid).ok(),
            _ => None,
        })
    }

    async fn stop(&self, id: &ContainerId, grace: Duration) -> Result<()> {
        let now = self.shared.env.now();
        self.shared.with(|world| {
            if let Some(instance) = world.container(id).ok().filter(|instance| instance.is_live()) {
                instance.orders.stop(grace, now);
            }
        });
        ended(&self.shared, id).await
    }
}

impl Drop for ProcessRuntime {
    fn drop(&mut self) {
        // The tasks hold what their handles are in.
        drop(self.close());
        // A process that another thread is just starting may have the file open too, until it executes. If this
        // fails, the lock goes with the last of them.
        let _ = self.lock.unlock();
    }
}

/// Deletes what was discarded. What stays is deleted when a runtime is set up here again.
async fn delete(folder: Option<PathBuf>) {
    let Some(folder) = folder else { return };
    match tokio::fs::remove_dir_all(&folder).await {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(folder = %folder.display(), %error, "what was removed is not deleted");
        }
        _ => {}
    }
}

#[async_trait]
impl RuntimeService for ProcessRuntime {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::essential();
        capabilities.isolation = Isolation::None;
        capabilities.pod_network = self.shared.settings.has_pod_network;
        capabilities.exec = true;
        capabilities.port_forward = true;
        capabilities.events = true;
        capabilities.logs = true;
        capabilities.stats = cfg!(target_os = "linux");
        capabilities.images = ImageMode::LocalOnly;
        capabilities
    }

    async fn version(&self) -> Result<RuntimeVersion> {
        Ok(RuntimeVersion { name: "process".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() })
    }

    async fn status(&self) -> Result<RuntimeStatus> {
        let mut status = RuntimeStatus::ready();
        let closed = self.shared.with(|world| world.check_open().err());
        let kind = RuntimeStatus::RUNTIME_READY;
        let problem = match (closed, self.shared.directory.check()) {
            (Some(closed), _) => RuntimeCondition::unmet(kind, "ShutDown", closed.to_string()),
            (None, Err(error)) => RuntimeCondition::unmet(kind, "NoStateDirectory", error.to_string()),
            (None, Ok(())) => return Ok(status),
        };
        status.conditions.retain(|condition| condition.kind != kind);
        status.conditions.push(problem);
        Ok(status)
    }

    async fn run_pod_sandbox(&self, config: &PodSandboxConfig) -> Result<SandboxId> {
        self.shared.run_sandbox(config)
    }

    async fn stop_pod_sandbox(&self, id: &SandboxId) -> Result<()> {
        for container in self.shared.close_sandbox(id) {
            ended(&self.shared, &container).await?;
        }
        self.shared.disconnect_sandbox(id);
        Ok(())
    }

    async fn remove_pod_sandbox(&self, id: &SandboxId) -> Result<()> {
        self.stop_pod_sandbox(id).await?;
        for container in self.shared.close_sandbox(id) {
            self.remove_container(&container).await?;
        }
        delete(self.shared.forget_sandbox(id)?).await;
        Ok(())
    }

    async fn pod_sandbox_status(&self, id: &SandboxId) -> Result<PodSandboxStatus> {
        self.shared.with(|world| world.sandbox(id).map(|sandbox| sandbox.status()))
    }

    async fn list_pod_sandboxes(&self, filter: &SandboxFilter) -> Result<Vec<PodSandbox>> {
        Ok(self
            .shared
            .with(|world| world.sandboxes().filter(|sandbox| filter.matches(sandbox)).cloned().collect()))
    }

    async fn create_container(
        &self,
        sandbox: &SandboxId,
        config: &ContainerConfig,
        pod: &PodSandboxConfig,
    ) -> Result<ContainerId> {
        self.shared.create_container(sandbox, config, pod)
    }

    async fn start_container(&self, id: &ContainerId) -> Result<()> {
        start_container(&self.shared, id)
    }

    async fn stop_container(&self, id: &ContainerId, grace: Duration) -> Result<()> {
        self.stop(id, grace).await
    }

    async fn remove_container(&self, id: &ContainerId) -> Result<()> {
        self.stop(id, Duration::ZERO).await?;
        delete(self.shared.forget_container(id)?).await;
        Ok(())
    }

    async fn container_status(&self, id: &ContainerId) -> Result<ContainerStatus> {
        self.shared.with(|world| world.container(id).map(|instance| instance.status()))
    }

    async fn list_containers(&self, filter: &ContainerFilter) -> Result<Vec<Container>> {
        Ok(self.shared.with(|world| {
            let containers = world.containers().map(|instance| &instance.container);
            containers.filter(|container| filter.matches(container)).cloned().collect()
        }))
    }

    async fn container_events(&self) -> Result<EventStream<ContainerEvent>> {
        Ok(self.shared.events.subscribe())
    }
}

impl fmt::Debug for ProcessRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let containers = self.shared.with(|world| world.containers().len());
        f.debug_struct("ProcessRuntime").field("containers", &containers).finish_non_exhaustive()
    }
}
