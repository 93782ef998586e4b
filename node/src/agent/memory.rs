use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Pod, PodSpec, PodStatus};
use setpoint_core::object::{Obj, Revision, Text};
use setpoint_runtime_traits::{ContainerId, ContainerState, SandboxId};

use super::backoff::Backoffs;
use super::config::VolumePaths;
use super::container_status::Waiting;
use super::host::Host;
use super::observed::Observed;
use super::pod_status::{self, Failure};
use super::probe::{Beginning, Probes};

/// What an agent remembers of one pod. All of it can be lost and is made anew from runtime and store.
#[derive(Debug, Default)]
pub(super) struct PodMemory {
    /// Its sandboxes, as far as they are known.
    pub(super) sandboxes: Vec<SandboxId>,
    /// Its containers, as far as they are known.
    pub(super) containers: Vec<ContainerId>,
    /// Whether the runtime may have more of the pod than is known: a call's outcome was never learnt.
    pub(super) uncertain: bool,
    /// When the runtime was first looked at for it: before, nothing can be said of the pod.
    pub(super) began: Option<Timestamp>,
    /// What the runtime had when it was last looked at.
    pub(super) observed: Observed,
    /// Addresses that a pod network gave to sandboxes.
    pub(super) addresses: BTreeMap<SandboxId, Vec<IpAddr>>,
    /// Why containers wait, by name.
    pub(super) waiting: BTreeMap<Text, Waiting>,
    /// What ended containers left to say, empty for nothing.
    pub(super) last_words: BTreeMap<ContainerId, String>,
    /// Waits before restarts, by container and image.
    pub(super) restarts: Backoffs,
    /// Waits before pulls, by image.
    pub(super) pulls: Backoffs,
    /// Why the last pull of an image failed.
    pub(super) pull_errors: BTreeMap<String, String>,
    /// Its probes.
    pub(super) probes: Probes,
    /// Why the node gave it up.
    pub(super) failure: Option<Failure>,
    /// Whether nothing of it runs or will run again.
    pub(super) stopped: bool,
    /// Where its volumes are, once they are there.
    pub(super) volumes: Option<VolumePaths>,
    /// The status as it was last written, and under which revision.
    pub(super) written: Option<(Revision, PodStatus)>,
}

impl PodMemory {
    /// The status as it was last seen or written, whichever is newer.
    pub(super) fn status_of(&self, pod: &Obj<Pod>) -> PodStatus {
        match &self.written {
            Some((revision, status)) if *revision > pod.object().revision() => status.clone(),
            _ => pod.status().cloned().unwrap_or_default(),
        }
    }

    /// What the next status is made of.
    pub(super) fn inputs<'a>(&'a self, pod: &'a Obj<Pod>, host: &'a Host) -> pod_status::Inputs<'a> {
        let meta = pod.object().meta();
        pod_status::Inputs {
            spec: pod.spec().common(),
            generation: meta.generation,
            deleted: meta.is_terminating(),
            observed: &self.observed,
            probes: &self.probes,
            waiting: &self.waiting,
            last_words: &self.last_words,
            failure: self.failure.as_ref(),
            stopped: self.stopped,
            runtime_name: &host.runtime_name,
            host_ips: &host.host_ips,
            began: self.began.unwrap_or_else(|| host.env.wall()),
            now: host.env.wall(),
        }
    }

    /// Takes over what the runtime has, with all that follows from it.
    pub(super) fn observe(&mut self, observed: Observed, spec: &PodSpec, status: &PodStatus, host: &Host) {
        let (now, wall) = (host.env.now(), host.env.wall());
        let was_ready = |id: &ContainerId| {
            let statuses = status.container_statuses.iter().chain(&status.init_container_statuses).flatten();
            let name = format!("{}://{id}", host.runtime_name);
            statuses.into_iter().any(|it| it.ready && it.container_id.as_deref() == Some(&*name))
        };
        self.probes.follow(spec, &observed, now, |container| Beginning {
            running_for: container.started_at.map(|at| super::backoff::since(at, wall)).unwrap_or_default(),
            was_ready: was_ready(&container.container.id),
        });
        for container in observed.containers() {
            if container.state() == ContainerState::Running {
                self.waiting.remove(&*container.container.metadata.name);
            }
        }
        let known = |id: &ContainerId| observed.containers().iter().any(|it| it.container.id == *id);
        self.last_words.retain(|id, _| known(id));
        self.observed = observed;
        self.began.get_or_insert(wall);
    }
}
