use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use setpoint_core::env::{Env, Task};
use setpoint_runtime_traits::{
    Capabilities, Container, ContainerConfig, ContainerEvent, ContainerFilter, ContainerId, ContainerStatus,
    ErrorKind, EventStream, ImageMode, Isolation, NodeRuntime, PodSandbox, PodSandboxConfig,
    PodSandboxStatus, Resources, Result, RuntimeCondition, RuntimeError, RuntimeService, RuntimeStatus,
    RuntimeVersion, SandboxFilter, SandboxId,
};

use super::annotation::{container_script, pod_script};
use super::driver::Shared;
use super::fate::Fate;
use super::volumes::SimulatedVolumes;
use super::{ScriptError, SimulatedRuntimeBuilder};
use crate::image_name::content_of;

/// A runtime without processes; see the [module](super).
///
/// Dropping it ends everything in it: who waits for one of its containers waits in vain from then on.
pub struct SimulatedRuntime {
    pub(super) shared: Arc<Shared>,
    /// Ends when this is dropped.
    pub(super) _driver: Task<()>,
}

impl SimulatedRuntime {
    /// Sets one up. The `name`, that of the node as a rule, begins all ids, so that no two nodes share any.
    pub fn builder(name: impl Into<Arc<str>>, env: Env) -> SimulatedRuntimeBuilder {
        SimulatedRuntimeBuilder::new(name.into(), env)
    }

    /// All it offers to a node's agent: containers, images, commands, logs, its own answers to probes over
    /// the network, and volumes of the node's own that hold nothing.
    pub fn node_runtime(self: &Arc<Self>) -> NodeRuntime {
        let mut runtime = NodeRuntime::of(Arc::clone(self)).with_probe(Arc::clone(self) as _);
        for driver in crate::agent::LOCAL_VOLUME_DRIVERS {
            runtime = runtime.with_volumes(driver, Arc::new(SimulatedVolumes));
        }
        runtime
    }

    /// Waits until the container has ended or is gone.
    async fn ended(&self, id: &ContainerId) {
        loop {
            let change = self.shared.with(|world, _| {
                let instance = world.container_mut(id).ok()?;
                instance.is_running().then(|| instance.next_change())
            });
            let Some(change) = change else { return };
            change.await;
        }
    }
}

pub(super) fn unreadable(error: ScriptError) -> RuntimeError {
    RuntimeError::new(ErrorKind::InvalidSpec, error.to_string()).with_source(error)
}

#[async_trait]
impl RuntimeService for SimulatedRuntime {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::essential();
        capabilities.isolation = Isolation::Simulated;
        capabilities.pod_network = true;
        capabilities.exec = true;
        capabilities.events = true;
        capabilities.logs = true;
        capabilities.resize = true;
        capabilities.images = ImageMode::Registry;
        capabilities
    }

    async fn version(&self) -> Result<RuntimeVersion> {
        self.shared.call(|_, _| {
            Ok(RuntimeVersion { name: "simulated".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() })
        })
    }

    async fn status(&self) -> Result<RuntimeStatus> {
        self.shared.call(|world, _| {
            let mut status = RuntimeStatus::ready();
            if !world.network_ready {
                let network = RuntimeStatus::NETWORK_READY;
                status.conditions.retain(|condition| condition.kind != network);
                status.conditions.push(RuntimeCondition::unmet(network, "Scripted", "switched off by hand"));
            }
            Ok(status)
        })
    }

    async fn run_pod_sandbox(&self, config: &PodSandboxConfig) -> Result<SandboxId> {
        let script = pod_script(&self.shared.script, &config.annotations).map_err(unreadable)?;
        if script.fail_sandbox.strike(config.metadata.attempt, &self.shared.env) {
            return Err(RuntimeError::new(ErrorKind::Unavailable, "the sandbox was scripted to fail"));
        }
        self.shared.call(|world, now| world.run_sandbox(config, now))
    }

    async fn stop_pod_sandbox(&self, id: &SandboxId) -> Result<()> {
        self.shared.call(|world, now| {
            world.stop_sandbox(id, now);
            Ok(())
        })
    }

    async fn remove_pod_sandbox(&self, id: &SandboxId) -> Result<()> {
        self.shared.call(|world, now| {
            world.remove_sandbox(id, now);
            Ok(())
        })
    }

    async fn pod_sandbox_status(&self, id: &SandboxId) -> Result<PodSandboxStatus> {
        self.shared.call(|world, _| world.sandbox_status(id))
    }

    async fn list_pod_sandboxes(&self, filter: &SandboxFilter) -> Result<Vec<PodSandbox>> {
        self.shared.call(|world, _| {
            Ok(world.sandboxes().filter(|sandbox| filter.matches(sandbox)).cloned().collect())
        })
    }

    async fn create_container(
        &self,
        sandbox: &SandboxId,
        config: &ContainerConfig,
        pod: &PodSandboxConfig,
    ) -> Result<ContainerId> {
        self.shared.call(|world, now| {
            let base = world.images.script(&config.image).unwrap_or(&self.shared.script);
            let script = container_script(base, &pod.annotations, config).map_err(unreadable)?;
            if script.fail_create.strike(config.metadata.attempt, &self.shared.env) {
                let message = format!("making container {} was scripted to fail", config.metadata.name);
                return Err(RuntimeError::new(ErrorKind::InvalidSpec, message));
            }
            let image_id = config.image_id.clone().unwrap_or_else(|| content_of(&config.image));
            if !world.images.has(&image_id) {
                return Err(RuntimeError::not_found("image", image_id));
            }
            world.create_container(sandbox, config, image_id, script, now)
        })
    }

    async fn start_container(&self, id: &ContainerId) -> Result<()> {
        let fate = self.shared.call(|world, _| {
            let instance = world.startable(id)?;
            Ok(Fate::draw(&instance.script, instance.attempt(), &self.shared.env))
        })?;
        if !fate.start_delay.is_zero() {
            self.shared.env.sleep(fate.start_delay).await;
        }
        self.shared.call(|world, now| world.start_container(id, &fate, now))
    }

    async fn stop_container(&self, id: &ContainerId, grace: Duration) -> Result<()> {
        self.shared.call(|world, now| {
            let stop_delay = world.container(id).ok().and_then(|instance| instance.script.stop_delay);
            let stop_after = stop_delay.map(|span| span.draw(&self.shared.env));
            world.stop_container(id, grace, stop_after, now);
            Ok(())
        })?;
        self.ended(id).await;
        Ok(())
    }

    async fn remove_container(&self, id: &ContainerId) -> Result<()> {
        self.shared.call(|world, now| {
            world.remove_container(id, now);
            Ok(())
        })
    }

    async fn container_status(&self, id: &ContainerId) -> Result<ContainerStatus> {
        self.shared.call(|world, _| world.container(id).map(|instance| instance.status()))
    }

    async fn list_containers(&self, filter: &ContainerFilter) -> Result<Vec<Container>> {
        self.shared.call(|world, _| {
            let containers = world.containers().map(|instance| &instance.container);
            Ok(containers.filter(|container| filter.matches(container)).cloned().collect())
        })
    }

    async fn update_container_resources(&self, id: &ContainerId, resources: &Resources) -> Result<()> {
        self.shared.call(|world, _| {
            world.container_mut(id)?.resources = resources.clone();
            Ok(())
        })
    }

    async fn container_events(&self) -> Result<EventStream<ContainerEvent>> {
        self.shared.call(|world, _| Ok(world.events.subscribe()))
    }
}

impl fmt::Debug for SimulatedRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let containers = self.shared.with(|world, _| world.containers().count());
        f.debug_struct("SimulatedRuntime").field("containers", &containers).finish_non_exhaustive()
    }
}
