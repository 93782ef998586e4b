use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Container, Pod};
use parking_lot::Mutex;
use setpoint_core::object::{Obj, Uid};
use setpoint_reconcile::events::{EventText, EventType, Regarding};
use setpoint_runtime_traits::{
    Attachment, ContainerFilter, ContainerState, LogOptions, PodSandboxConfig, RuntimeError, SandboxFilter,
};

use super::config::{POD_UID, sandbox_config};
use super::host::Host;
use super::memory::PodMemory;
use super::observed::{Observed, host_network, init_containers};

/// One pod that is being worked on.
///
/// The memory is locked only between waits, so that the work can be dropped at any of them.
#[derive(Clone)]
pub(super) struct PodWork {
    /// The agent's.
    pub(super) host: Arc<Host>,
    /// The pod as it was when the work began.
    pub(super) pod: Obj<Pod>,
    /// What is remembered of it.
    pub(super) memory: Arc<Mutex<PodMemory>>,
}

/// Why a container cannot be started now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Blocked {
    /// In one word, as its status shows it.
    pub(super) reason: &'static str,
    /// In a sentence.
    pub(super) message: String,
    /// When to look again.
    pub(super) retry: Duration,
}

/// After an error a pod is looked at again this much later, up to half as much more (AGENT-03).
pub(super) const ERROR_RETRY: Duration = Duration::from_secs(10);
/// How many lines and bytes of a log stand in for a termination message (AGENT-36).
const LAST_WORDS_LINES: u64 = 80;
const LAST_WORDS_BYTES: usize = 2048;

impl PodWork {
    /// The pod's uid.
    pub(super) fn uid(&self) -> Uid {
        self.pod.object().meta().uid.clone().unwrap_or_else(|| Uid::new(""))
    }

    /// `name_namespace(uid)`, as messages name pods.
    pub(super) fn full_name(&self) -> String {
        let meta = self.pod.object().meta();
        format!("{}_{}({})", meta.name, meta.namespace.as_deref().unwrap_or_default(), self.uid())
    }

    /// Time to wait after an error.
    pub(super) fn error_retry(&self) -> Duration {
        self.host.env.jitter(ERROR_RETRY, 0.5)
    }

    /// Asks for the status to be reported.
    pub(super) fn report(&self) {
        self.host.attention.ask(&self.uid());
    }

    /// Tells people something about the pod.
    pub(super) fn tell(&self, type_: EventType, reason: &str, message: impl Into<Arc<str>>) {
        let regarding = Regarding::object(self.pod.object());
        let text = EventText { type_, ..EventText::normal(regarding, reason, message) };
        self.host.events.record(text, None);
    }

    /// Tells people something about one of its containers.
    pub(super) fn tell_of(
        &self,
        container: &str,
        type_: EventType,
        reason: &str,
        message: impl Into<Arc<str>>,
    ) {
        let init = init_containers(self.pod.spec().common()).iter().any(|it| it.name == container);
        let field = if init { "spec.initContainers" } else { "spec.containers" };
        let regarding = Regarding::object(self.pod.object()).field(format!("{field}{{{container}}}"));
        let text = EventText { type_, ..EventText::normal(regarding, reason, message) };
        self.host.events.record(text, None);
    }

    /// The container of this name.
    pub(super) fn container(&self, name: &str) -> Option<&Container> {
        let spec = self.pod.spec().common();
        spec.containers.iter().chain(init_containers(spec)).find(|it| it.name == name)
    }

    /// What its sandbox is made of.
    pub(super) fn sandbox_config(&self, attempt: u32) -> PodSandboxConfig {
        let spec = self.pod.spec();
        let logs = &self.host.settings.log_directory;
        sandbox_config(self.pod.object().meta(), spec.common(), spec.hostname(), attempt, logs)
    }

    /// Looks at what the runtime has of the pod. Everything is listed if it may have more than is known.
    ///
    /// # Errors
    ///
    /// If the runtime does not tell.
    pub(super) async fn look(&self) -> Result<(), RuntimeError> {
        let runtime = &self.host.runtime.runtime;
        if self.memory.lock().uncertain {
            let labels = [(POD_UID.to_owned(), self.uid().to_string())];
            let filter = SandboxFilter { labels: labels.clone().into(), ..SandboxFilter::default() };
            let sandboxes = runtime.list_pod_sandboxes(&filter).await?;
            let filter = ContainerFilter { labels: labels.into(), ..ContainerFilter::default() };
            let containers = runtime.list_containers(&filter).await?;
            let memory = &mut *self.memory.lock();
            memory.sandboxes = sandboxes.into_iter().map(|sandbox| sandbox.id).collect();
            memory.containers = containers.into_iter().map(|container| container.id).collect();
            memory.uncertain = false;
        }
        let (ids, container_ids) = {
            let memory = self.memory.lock();
            (memory.sandboxes.clone(), memory.containers.clone())
        };
        let mut sandboxes = Vec::with_capacity(ids.len());
        for id in ids {
            match runtime.pod_sandbox_status(&id).await {
                Ok(status) => sandboxes.push(status),
                Err(error) if error.is_not_found() => {
                    self.memory.lock().sandboxes.retain(|known| *known != id);
                }
                Err(error) => return Err(error),
            }
        }
        let mut containers = Vec::with_capacity(container_ids.len());
        for id in container_ids {
            match runtime.container_status(&id).await {
                Ok(status) => containers.push(status),
                Err(error) if error.is_not_found() => {
                    self.memory.lock().containers.retain(|known| *known != id);
                }
                Err(error) => return Err(error),
            }
        }
        self.add_addresses(&mut sandboxes).await?;
        let observed = Observed::new(sandboxes, containers);
        self.hear_last_words(&observed).await;
        let memory = &mut *self.memory.lock();
        let status = memory.status_of(&self.pod);
        memory.observe(observed, self.pod.spec().common(), &status, &self.host);
        Ok(())
    }

    /// Where the network is not the runtime's, the sandboxes' addresses are the network's to tell.
    async fn add_addresses(
        &self,
        sandboxes: &mut [setpoint_runtime_traits::PodSandboxStatus],
    ) -> Result<(), RuntimeError> {
        let Some(network) = &self.host.runtime.network else { return Ok(()) };
        if host_network(self.pod.spec().common()) {
            return Ok(());
        }
        for status in sandboxes {
            if status.sandbox.state != setpoint_runtime_traits::SandboxState::Ready {
                continue;
            }
            let id = &status.sandbox.id;
            let known = self.memory.lock().addresses.get(id).cloned();
            status.ips = match known {
                Some(ips) => ips,
                None => {
                    let attachment = Attachment::new(id.clone(), status.sandbox.metadata.clone());
                    let ips = network.add(&attachment).await?.ips;
                    self.memory.lock().addresses.insert(id.clone(), ips.clone());
                    ips
                }
            };
        }
        Ok(())
    }

    /// The end of the log of a container that failed, if that is to be its termination message (AGENT-36).
    async fn hear_last_words(&self, observed: &Observed) {
        let Some(streaming) = &self.host.runtime.streaming else { return };
        for status in observed.containers().iter().filter(|it| it.state() == ContainerState::Exited) {
            let id = &status.container.id;
            let wanted = self.container(&status.container.metadata.name).is_some_and(|container| {
                container.termination_message_policy.as_deref() == Some("FallbackToLogsOnError")
            });
            let failed = status.exit_code().is_some_and(|code| code != 0) && status.message.is_empty();
            if !wanted || !failed || self.memory.lock().last_words.contains_key(id) {
                continue;
            }
            let options = LogOptions { tail_lines: Some(LAST_WORDS_LINES), ..LogOptions::default() };
            // A log that cannot be read has nothing to say.
            let Ok(lines) = streaming.logs(id, &options).await else { continue };
            let mut text = Vec::new();
            let mut lines = lines;
            while let Some(Ok(line)) = futures::StreamExt::next(&mut lines).await {
                text.extend_from_slice(&line.text);
                if !line.partial {
                    text.push(b'\n');
                }
            }
            let from = text.len().saturating_sub(LAST_WORDS_BYTES);
            let words = String::from_utf8_lossy(&text[from..]).into_owned();
            self.memory.lock().last_words.insert(id.clone(), words);
        }
    }
}
