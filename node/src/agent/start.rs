//! Starting one container: back-off, image, configuration, create, start, postStart.

use std::time::Duration;

use k8s_openapi::api::core::v1::Container;
use setpoint_core::object::Key;
use setpoint_core::quantity::Quantity;
use setpoint_reconcile::events::EventType;
use setpoint_runtime_traits::{ContainerConfig, ContainerId, ContainerState, ImageId, SandboxId};
use setpoint_store::request::ReadAt;

use super::backoff::go_duration;
use super::config::container_config;
use super::container_status::Waiting;
use super::environment::ConfigError;
use super::field_value::Fields;
use super::observed::host_network;
use super::pod_work::{Blocked, PodWork};
use super::sources::{References, Sources};

/// How long a postStart hook may take: as long as it likes, within reason.
const POST_START_MAX: Duration = Duration::from_secs(3600);

impl PodWork {
    /// Starts a container, if nothing keeps it back; what does is also what its status says until then.
    ///
    /// # Errors
    ///
    /// What keeps it back.
    pub(super) async fn start_container(
        &self,
        container: &Container,
        sandbox: &SandboxId,
        attempt: u32,
    ) -> Result<(), Blocked> {
        let started = self.try_start(container, sandbox, attempt).await;
        let memory = &mut *self.memory.lock();
        match &started {
            Ok(()) => {
                memory.waiting.remove(container.name.as_str());
            }
            Err(Blocked { reason, message, .. }) => {
                let waiting = Waiting { reason: (*reason).into(), message: message.clone() };
                memory.waiting.insert(container.name.as_str().into(), waiting);
            }
        }
        started
    }

    async fn try_start(
        &self,
        container: &Container,
        sandbox: &SandboxId,
        sandbox_attempt: u32,
    ) -> Result<(), Blocked> {
        self.check_restart_backoff(container)?;
        let pod_config = self.sandbox_config(sandbox_attempt);
        let image = self.ensure_image(container, &pod_config).await.inspect_err(|blocked| {
            let message = format!("Error: {}", blocked.reason);
            self.tell_of(&container.name, EventType::Warning, "Failed", message);
        })?;
        self.prune(container).await;
        let config = match self.config(container, image).await {
            Ok(config) => config,
            Err(error) => {
                self.tell_of(&container.name, EventType::Warning, "Failed", format!("Error: {error}"));
                return Err(self.blocked("CreateContainerConfigError", error.to_string()));
            }
        };
        let runtime = &self.host.runtime.runtime;
        // Only an answer tells whether there is a container now.
        self.memory.lock().uncertain = true;
        let id = match runtime.create_container(sandbox, &config, &pod_config).await {
            Ok(id) => id,
            Err(error) => {
                self.memory.lock().uncertain = error.is_outcome_unknown();
                self.tell_of(&container.name, EventType::Warning, "Failed", format!("Error: {error}"));
                return Err(self.blocked("CreateContainerError", error.to_string()));
            }
        };
        {
            let memory = &mut *self.memory.lock();
            memory.containers.push(id.clone());
            memory.uncertain = false;
        }
        self.tell_of(&container.name, EventType::Normal, "Created", "Container created");
        if let Err(error) = runtime.start_container(&id).await {
            self.tell_of(&container.name, EventType::Warning, "Failed", format!("Error: {error}"));
            return Err(self.blocked("RunContainerError", error.to_string()));
        }
        self.tell_of(&container.name, EventType::Normal, "Started", "Container started");
        self.post_start(container, &id).await
    }

    /// AGENT-09: the wait counts from the end of the last instance, and the first restart is free.
    fn check_restart_backoff(&self, container: &Container) -> Result<(), Blocked> {
        let growth = self.host.settings.restart_backoff;
        let now = self.host.env.wall();
        let key = format!("{}_{}", container.name, container.image.as_deref().unwrap_or_default());
        let memory = &mut *self.memory.lock();
        let exited = memory.observed.newest(&container.name);
        let exited = exited.filter(|status| status.state() == ContainerState::Exited);
        let Some(finished) = exited.and_then(|status| status.finished_at) else { return Ok(()) };
        let Some(waiting) = memory.restarts.waiting(&key, finished, now, growth) else {
            memory.restarts.grow(&key, finished, now, growth);
            return Ok(());
        };
        let (name, pod) = (&container.name, self.full_name());
        let event = format!("Back-off restarting failed container {name} in pod {pod}");
        self.tell_of(name, EventType::Warning, "BackOff", event);
        let wait = go_duration(waiting.wait);
        let message = format!("back-off {wait} restarting failed container={name} pod={pod}");
        Err(Blocked { reason: "CrashLoopBackOff", message, retry: waiting.left })
    }

    /// One dead instance of a container stays, for its log and its last state (AGENT-32).
    async fn prune(&self, container: &Container) {
        let old: Vec<ContainerId> = {
            let memory = self.memory.lock();
            let dead = memory.observed.instances(&container.name);
            dead.skip(1)
                .filter(|status| status.state() == ContainerState::Exited)
                .map(|status| status.container.id.clone())
                .collect()
        };
        for id in old {
            // What stays is found again by the next look.
            if self.host.runtime.runtime.remove_container(&id).await.is_ok() {
                self.memory.lock().containers.retain(|known| *known != id);
            }
        }
    }

    async fn config(&self, container: &Container, image: ImageId) -> Result<ContainerConfig, ConfigError> {
        let sources = self.sources(References::of_container(container)).await?;
        let memory = self.memory.lock();
        let status = memory.status_of(&self.pod);
        let newest = memory.observed.newest(&container.name);
        let reported = status.container_statuses.iter().chain(&status.init_container_statuses).flatten();
        let reported = reported.into_iter().find(|status| status.name == container.name);
        let attempt = match (newest, reported) {
            (Some(newest), _) => newest.container.metadata.attempt.saturating_add(1),
            // The runtime has forgotten what the status still tells of (AGENT-38).
            (None, Some(reported)) if reported.container_id.is_some() => {
                u32::try_from(reported.restart_count).unwrap_or_default().saturating_add(1)
            }
            (None, Some(reported)) => u32::try_from(reported.restart_count).unwrap_or_default(),
            (None, None) => 0,
        };
        let spec = self.pod.spec();
        let pod_ips: Vec<String> = if host_network(spec.common()) {
            self.host.host_ips.clone()
        } else {
            memory.observed.ips().iter().map(ToString::to_string).collect()
        };
        let amount = |name: &str| self.host.allocatable.get(name).copied().unwrap_or(Quantity::ZERO);
        let fields = Fields {
            meta: self.pod.object().meta(),
            spec: spec.common(),
            node_name: &self.host.settings.node_name,
            host_ips: &self.host.host_ips,
            pod_ips: &pod_ips,
            allocatable_cpu: amount("cpu"),
            allocatable_memory: amount("memory"),
        };
        let none = super::config::VolumePaths::new();
        let volumes = memory.volumes.as_ref().unwrap_or(&none);
        container_config(container, attempt, Some(image), fields, &sources, volumes)
    }

    /// Reads the config maps and secrets that are referred to; what is not there is left out.
    ///
    /// # Errors
    ///
    /// If the store does not tell.
    pub(super) async fn sources(&self, references: References) -> Result<Sources, ConfigError> {
        let host = &self.host;
        let namespace = self.pod.object().meta().namespace.clone().unwrap_or_default();
        let mut sources = Sources::default();
        for name in references.config_maps {
            let key = Key::namespaced(host.kinds.config_map.id, namespace.clone(), name.as_str());
            if let Some(object) = self.find(&key).await? {
                let map = object.to_whole().map_err(|error| ConfigError(error.to_string()))?;
                sources.add_config_map(&name, map);
            }
        }
        for name in references.secrets {
            let key = Key::namespaced(host.kinds.secret.id, namespace.clone(), name.as_str());
            if let Some(object) = self.find(&key).await? {
                let secret = object.to_whole().map_err(|error| ConfigError(error.to_string()))?;
                sources.add_secret(&name, secret);
            }
        }
        Ok(sources)
    }

    async fn find(&self, key: &Key) -> Result<Option<setpoint_core::object::ObjectRef>, ConfigError> {
        match self.host.store.get(&self.host.request, key, ReadAt::Newest).await {
            Ok(object) => Ok(Some(object)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(ConfigError(error.to_string())),
        }
    }

    async fn post_start(&self, container: &Container, id: &ContainerId) -> Result<(), Blocked> {
        let handler = container.lifecycle.as_ref().and_then(|lifecycle| lifecycle.post_start.as_ref());
        let Some(handler) = handler else { return Ok(()) };
        let Err(why) = self.run_hook(container, id, handler, POST_START_MAX).await else { return Ok(()) };
        self.tell_of(&container.name, EventType::Warning, "FailedPostStartHook", "PostStartHook failed");
        let grace = self.grace_of_spec();
        self.stop_container(&container.name, id, "FailedPostStartHook", grace)
            .await
            .map_err(|error| self.blocked("PostStartHookError", error.to_string()))?;
        Err(self.blocked("PostStartHookError", format!("PostStartHook failed: {why}")))
    }
}
