use std::net::IpAddr;

use k8s_openapi::api::core::v1::{Container, PodSpec};
use setpoint_runtime_traits::{ContainerState, ContainerStatus, PodSandboxStatus, SandboxId, SandboxState};

/// What the runtime has of one pod, as it was last looked at.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Observed {
    /// Its sandboxes, newest first.
    sandboxes: Vec<PodSandboxStatus>,
    /// Its containers, newest first.
    containers: Vec<ContainerStatus>,
}

/// Whether the pod has the sandbox it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SandboxNeed {
    /// This one serves.
    Keep(SandboxId),
    /// A new one is needed.
    Create {
        /// How many there were before.
        attempt: u32,
        /// Whether it takes the place of another.
        replaces: bool,
    },
}

impl Observed {
    /// Orders what was found.
    pub(super) fn new(mut sandboxes: Vec<PodSandboxStatus>, mut containers: Vec<ContainerStatus>) -> Self {
        sandboxes.sort_by_key(|status| {
            std::cmp::Reverse((status.sandbox.metadata.attempt, status.sandbox.created_at))
        });
        // A container that crashes at once is made again at the very same virtual time.
        containers.sort_by_key(|status| {
            std::cmp::Reverse((status.container.created_at, status.container.metadata.attempt))
        });
        Self { sandboxes, containers }
    }

    /// Its sandboxes, newest first.
    pub(super) fn sandboxes(&self) -> &[PodSandboxStatus] {
        &self.sandboxes
    }

    /// Its containers, newest first.
    pub(super) fn containers(&self) -> &[ContainerStatus] {
        &self.containers
    }

    /// The instances of one container, newest first.
    pub(super) fn instances(&self, name: &str) -> impl Iterator<Item = &ContainerStatus> {
        self.containers.iter().filter(move |status| *status.container.metadata.name == *name)
    }

    /// The newest instance of a container.
    pub(super) fn newest(&self, name: &str) -> Option<&ContainerStatus> {
        self.instances(name).next()
    }

    /// Whether something may be running: what is not known to have ended.
    pub(super) fn may_run(&self) -> bool {
        let may = |status: &ContainerStatus| {
            matches!(status.state(), ContainerState::Running | ContainerState::Unknown)
        };
        self.containers.iter().any(may)
    }

    /// Whether nothing of the pod takes space in the runtime.
    pub(super) fn is_empty(&self) -> bool {
        self.sandboxes.is_empty() && self.containers.is_empty()
    }

    /// The addresses of the newest sandbox.
    pub(super) fn ips(&self) -> &[IpAddr] {
        self.sandboxes.first().map_or(&[], |status| &status.ips)
    }

    /// Whether a container beside the init containers was ever made.
    pub(super) fn has_app_container(&self, spec: &PodSpec) -> bool {
        spec.containers.iter().any(|container| self.newest(&container.name).is_some())
    }

    /// Whether the pod has the sandbox it needs (AGENT-06).
    pub(super) fn sandbox_need(&self, host_network: bool) -> SandboxNeed {
        let Some(newest) = self.sandboxes.first() else {
            return SandboxNeed::Create { attempt: 0, replaces: false };
        };
        let is_ready = |status: &PodSandboxStatus| status.sandbox.state == SandboxState::Ready;
        let ready = self.sandboxes.iter().filter(|status| is_ready(status)).count();
        let has_network = host_network || !newest.ips.is_empty();
        if ready == 1 && is_ready(newest) && newest.host_network == host_network && has_network {
            SandboxNeed::Keep(newest.sandbox.id.clone())
        } else {
            let attempt = newest.sandbox.metadata.attempt.saturating_add(1);
            SandboxNeed::Create { attempt, replaces: true }
        }
    }
}

/// An init container that keeps running beside the others (AGENT-24).
pub(super) fn is_sidecar(container: &Container) -> bool {
    container.restart_policy.as_deref() == Some("Always")
}

/// The init containers of a spec.
pub(super) fn init_containers(spec: &PodSpec) -> &[Container] {
    spec.init_containers.as_deref().unwrap_or_default()
}

/// What the spec says of when containers are restarted.
pub(super) fn restart_policy(spec: &PodSpec) -> &str {
    spec.restart_policy.as_deref().filter(|policy| !policy.is_empty()).unwrap_or("Always")
}

/// Whether the pod shares the node's network.
pub(super) fn host_network(spec: &PodSpec) -> bool {
    spec.host_network == Some(true)
}
