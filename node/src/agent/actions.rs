//! What is to be done to one pod next: a pure plan over its spec and what the runtime has of it.

use k8s_openapi::api::core::v1::{Container, PodSpec};
use setpoint_runtime_traits::{ContainerId, ContainerState, ContainerStatus};

use super::observed::{Observed, SandboxNeed, host_network, init_containers, is_sidecar, restart_policy};
use super::probe::{ProbeKind, Probes, Verdict};
use super::restart::{init_is_retried, should_start};

/// What is to be done to one pod, in the order of the fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct PodActions {
    /// Everything of it is to be stopped, its sandbox too.
    pub(super) kill_pod: bool,
    /// These containers are to be stopped.
    pub(super) kill: Vec<Kill>,
    /// A sandbox is to be made.
    pub(super) create_sandbox: Option<NewSandbox>,
    /// These init containers are to be started, by their place in the spec.
    pub(super) start_init: Vec<usize>,
    /// These containers are to be started, by their place in the spec.
    pub(super) start: Vec<usize>,
}

/// A sandbox to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NewSandbox {
    /// How many there were before.
    pub(super) attempt: u32,
    /// Whether it takes the place of another.
    pub(super) replaces: bool,
}

/// A container to be stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kill {
    /// The instance.
    pub(super) id: ContainerId,
    /// Its name.
    pub(super) name: String,
    /// What people are told.
    pub(super) message: String,
    /// Whose verdict it is, if it is a probe's.
    pub(super) probe: Option<ProbeKind>,
}

/// Decides what to do (AGENT-06, AGENT-07, AGENT-23, AGENT-24).
pub(super) fn pod_actions(spec: &PodSpec, observed: &Observed, probes: &Probes) -> PodActions {
    if let SandboxNeed::Create { attempt, replaces } = observed.sandbox_need(host_network(spec)) {
        return in_new_sandbox(spec, observed, NewSandbox { attempt, replaces });
    }
    let mut actions = PodActions::default();
    let initialized = init_actions(spec, observed, probes, &mut actions);
    if actions.kill_pod || !initialized {
        return actions;
    }
    let mut kept = 0;
    for (index, container) in spec.containers.iter().enumerate() {
        let newest = observed.newest(&container.name);
        match newest.filter(|status| status.state() == ContainerState::Running) {
            None => {
                if should_start(container, spec, newest) {
                    actions.start.push(index);
                    actions
                        .kill
                        .extend(newest.filter(|it| is_unknown(it)).map(|it| unknown(it, "Container")));
                }
            }
            Some(status) => match reason_to_kill(container, "Container", status, probes) {
                None => kept += 1,
                Some(Reason { message, probe }) => {
                    let restart = probe.is_none() || can_restart(container, spec);
                    let message = if restart { format!("{message}, will be restarted") } else { message };
                    if restart {
                        actions.start.push(index);
                    }
                    actions.kill.push(kill(status, message, probe));
                }
            },
        }
    }
    if kept == 0 && actions.start.is_empty() {
        // Sidecars alone keep no pod alive.
        return PodActions { kill_pod: true, ..PodActions::default() };
    }
    actions
}

/// All begins anew, unless everything has ended for good.
fn in_new_sandbox(spec: &PodSpec, observed: &Observed, sandbox: NewSandbox) -> PodActions {
    // Something may still run in a sandbox that broke.
    let kill_pod = sandbox.replaces;
    let ended = PodActions { kill_pod: true, ..PodActions::default() };
    if restart_policy(spec) == "Never" && sandbox.attempt > 0 && !observed.containers().is_empty() {
        return ended;
    }
    let start: Vec<usize> = (0..spec.containers.len())
        .filter(|index| {
            let newest = observed.newest(&spec.containers[*index].name);
            let ended = newest.filter(|status| status.state() == ContainerState::Exited);
            ended.is_none_or(|status| should_start(&spec.containers[*index], spec, Some(status)))
        })
        .collect();
    if start.is_empty() && observed.has_app_container(spec) {
        return ended;
    }
    let actions = PodActions { kill_pod, create_sandbox: Some(sandbox), ..PodActions::default() };
    if init_containers(spec).is_empty() {
        PodActions { start, ..actions }
    } else {
        PodActions { start_init: vec![0], ..actions }
    }
}

/// What to do about init containers; whether the others may start.
///
/// The last one that was ever made says how far initialization came: the runtime may have forgotten those
/// before it.
fn init_actions(spec: &PodSpec, observed: &Observed, probes: &Probes, actions: &mut PodActions) -> bool {
    let containers = init_containers(spec);
    let Some(last) = containers.len().checked_sub(1) else { return true };
    let initialized_before = observed.has_app_container(spec);
    let mut initialized = initialized_before;
    // Whether one after this was made, so that this one did its part.
    let mut passed = initialized_before;
    let mut start = Vec::new();
    for (index, container) in containers.iter().enumerate().rev() {
        let sidecar = is_sidecar(container);
        let Some(status) = observed.newest(&container.name) else {
            if passed && sidecar {
                start.push(index);
            }
            continue;
        };
        if passed && !sidecar {
            continue;
        }
        let mut step = |done: bool| {
            if !done || passed {
            } else if index == last {
                initialized = true;
            } else {
                start.push(index + 1);
            }
        };
        match status.state() {
            ContainerState::Running if sidecar => {
                match reason_to_kill(container, "Init container", status, probes) {
                    Some(Reason { message, probe }) => {
                        actions.kill.push(kill(status, format!("{message}, will be restarted"), probe));
                        start.push(index);
                    }
                    None => step(probes.is_started(container, &status.container.id)),
                }
            }
            ContainerState::Running => {}
            ContainerState::Created => start.push(index),
            ContainerState::Exited if sidecar => start.push(index),
            ContainerState::Exited => match status.exit_code().unwrap_or_default() {
                0 => step(true),
                code if init_is_retried(container, spec, code) => start.push(index),
                _ => {
                    *actions = PodActions { kill_pod: true, ..PodActions::default() };
                    return false;
                }
            },
            ContainerState::Unknown => {
                actions.kill.push(unknown(status, "Init container"));
                start.push(index);
            }
        }
        passed = true;
    }
    if !passed {
        start.push(0);
    }
    start.reverse();
    actions.start_init = start;
    initialized
}

struct Reason {
    message: String,
    probe: Option<ProbeKind>,
}

/// Why a running container is not to be kept.
fn reason_to_kill(
    container: &Container,
    noun: &str,
    status: &ContainerStatus,
    probes: &Probes,
) -> Option<Reason> {
    let name = &container.name;
    let failed = |kind| probes.verdict(name, kind, &status.container.id) == Some(Verdict::Failure);
    let image = container.image.as_deref().unwrap_or_default();
    if status.container.image.as_str() != image {
        return Some(Reason { message: format!("{noun} {name} definition changed"), probe: None });
    }
    for (kind, word) in [(ProbeKind::Liveness, "liveness"), (ProbeKind::Startup, "startup")] {
        if failed(kind) {
            return Some(Reason { message: format!("{noun} {name} failed {word} probe"), probe: Some(kind) });
        }
    }
    None
}

/// Whether a container that is killed for failing may come back.
fn can_restart(container: &Container, spec: &PodSpec) -> bool {
    setpoint_core::rules::pod::is_restarted(container, restart_policy(spec), KILLED)
}

/// The exit code of what is killed.
const KILLED: i32 = 137;

fn kill(status: &ContainerStatus, message: String, probe: Option<ProbeKind>) -> Kill {
    let name = status.container.metadata.name.to_string();
    Kill { id: status.container.id.clone(), name, message, probe }
}

fn is_unknown(status: &ContainerStatus) -> bool {
    status.state() == ContainerState::Unknown
}

/// What is not known to have ended must not run twice.
fn unknown(status: &ContainerStatus, noun: &str) -> Kill {
    kill(status, format!("{noun} is in \"unknown\" state, try killing it before restart"), None)
}

#[cfg(test)]
mod tests;
