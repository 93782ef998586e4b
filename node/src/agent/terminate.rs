//! Stopping what runs of a pod (AGENT-14, AGENT-15, AGENT-24), and removing what is left.

use std::time::Duration;

use futures::future::join_all;
use setpoint_reconcile::events::EventType;
use setpoint_runtime_traits::{Attachment, ContainerId, ContainerState, RuntimeError};

use super::observed::{host_network, is_sidecar};
use super::pod_work::PodWork;

/// The least time that a container gets to end (AGENT-15).
pub(super) const GRACE_MIN: Duration = Duration::from_secs(2);
/// What a pod gets that does not say.
const GRACE_DEFAULT: Duration = Duration::from_secs(30);

impl PodWork {
    /// The time that the pod asks for its containers to end.
    pub(super) fn grace_of_spec(&self) -> Duration {
        let seconds = self.pod.spec().common().termination_grace_period_seconds;
        seconds.and_then(|it| u64::try_from(it).ok()).map_or(GRACE_DEFAULT, Duration::from_secs)
    }

    /// Stops all containers, those beside which sidecars run first, then the sandboxes.
    ///
    /// # Errors
    ///
    /// If something may still be running.
    pub(super) async fn stop_pod(&self, grace: Duration) -> Result<(), RuntimeError> {
        self.look().await?;
        let began = self.host.env.now();
        let running: Vec<(String, ContainerId, bool)> = {
            let memory = self.memory.lock();
            let running =
                memory.observed.containers().iter().filter(|status| {
                    matches!(status.state(), ContainerState::Running | ContainerState::Unknown)
                });
            running
                .map(|status| {
                    let name = status.container.metadata.name.to_string();
                    let sidecar = self.container(&name).is_some_and(is_sidecar);
                    (name, status.container.id.clone(), sidecar)
                })
                .collect()
        };
        let (sidecars, others): (Vec<_>, Vec<_>) = running.into_iter().partition(|(_, _, sidecar)| *sidecar);
        let stops = others.iter().map(|(name, id, _)| self.stop_container(name, id, "", grace));
        join_all(stops).await.into_iter().collect::<Result<Vec<()>, _>>()?;
        // The last one made goes first; they are listed newest first.
        for (name, id, _) in sidecars {
            let left = grace.saturating_sub(self.host.env.now() - began);
            self.stop_container(&name, &id, "", left).await?;
        }
        let sandboxes = self.memory.lock().sandboxes.clone();
        for id in &sandboxes {
            self.host.runtime.runtime.stop_pod_sandbox(id).await?;
            self.detach(id).await?;
        }
        self.look().await
    }

    /// Stops one container: its preStop hook first, whose time is taken off the grace.
    ///
    /// # Errors
    ///
    /// If the runtime fails.
    pub(super) async fn stop_container(
        &self,
        name: &str,
        id: &ContainerId,
        message: &str,
        grace: Duration,
    ) -> Result<(), RuntimeError> {
        let text = if message.is_empty() { format!("Stopping container {name}") } else { message.to_owned() };
        self.tell_of(name, EventType::Normal, "Killing", text);
        let began = self.host.env.now();
        let container = self.container(name);
        let hook = container.and_then(|it| it.lifecycle.as_ref()).and_then(|it| it.pre_stop.as_ref());
        if let (Some(container), Some(hook)) = (container, hook)
            && !grace.is_zero()
            && self.run_hook(container, id, hook, grace).await.is_err()
        {
            self.tell_of(name, EventType::Warning, "FailedPreStopHook", "PreStopHook failed");
        }
        let left = grace.saturating_sub(self.host.env.now() - began).max(GRACE_MIN);
        self.host.runtime.runtime.stop_container(id, left).await
    }

    /// Removes everything the runtime has of the pod.
    ///
    /// # Errors
    ///
    /// If the runtime fails.
    pub(super) async fn remove_all(&self) -> Result<(), RuntimeError> {
        // A sandbox whose making was given up may have come late.
        self.memory.lock().uncertain = true;
        self.look().await?;
        let (sandboxes, containers) = {
            let memory = self.memory.lock();
            (memory.sandboxes.clone(), memory.containers.clone())
        };
        for id in &containers {
            self.host.runtime.runtime.remove_container(id).await?;
        }
        for id in &sandboxes {
            self.detach(id).await?;
            self.host.runtime.runtime.remove_pod_sandbox(id).await?;
        }
        self.look().await
    }

    async fn detach(&self, id: &setpoint_runtime_traits::SandboxId) -> Result<(), RuntimeError> {
        let Some(network) = &self.host.runtime.network else { return Ok(()) };
        if host_network(self.pod.spec().common()) {
            return Ok(());
        }
        let metadata = {
            let memory = self.memory.lock();
            let sandbox = memory.observed.sandboxes().iter().find(|status| status.sandbox.id == *id);
            sandbox.map(|status| status.sandbox.metadata.clone())
        };
        if let Some(metadata) = metadata {
            network.del(&Attachment::new(id.clone(), metadata)).await?;
            self.memory.lock().addresses.remove(id);
        }
        Ok(())
    }
}
