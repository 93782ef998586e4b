//! What a pod's status says of its containers (AGENT-11, AGENT-21).

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    Container, ContainerState, ContainerStateRunning, ContainerStateTerminated, ContainerStateWaiting,
    ContainerStatus, PodSpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use setpoint_core::object::Text;
use setpoint_runtime_traits as runtime;

use super::observed::{Observed, is_sidecar};
use super::probe::Probes;
use super::restart::{init_is_retried, should_start};

/// Why a container is not started although it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Waiting {
    /// In one word.
    pub(super) reason: Text,
    /// In a sentence.
    pub(super) message: String,
}

/// What the statuses of containers are made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inputs<'a> {
    /// The pod's spec.
    pub(super) spec: &'a PodSpec,
    /// What the runtime has.
    pub(super) observed: &'a Observed,
    /// What probes came to.
    pub(super) probes: &'a Probes,
    /// Why containers wait.
    pub(super) waiting: &'a BTreeMap<Text, Waiting>,
    /// What ended containers left to say, by instance.
    pub(super) last_words: &'a BTreeMap<runtime::ContainerId, String>,
    /// The runtime's name, which begins the ids.
    pub(super) runtime_name: &'a str,
    /// Whether the pod is being deleted.
    pub(super) deleted: bool,
}

const VANISHED: &str = "ContainerStatusUnknown";

/// The statuses of the app containers, by name, after those of `before`.
pub(super) fn app_statuses(inputs: Inputs<'_>, before: &[ContainerStatus]) -> Vec<ContainerStatus> {
    let mut statuses = statuses(inputs, &inputs.spec.containers, before, false);
    statuses.sort_by(|a, b| a.name.cmp(&b.name));
    statuses
}

/// The statuses of the init containers, in the spec's order.
pub(super) fn init_statuses(inputs: Inputs<'_>, before: &[ContainerStatus]) -> Vec<ContainerStatus> {
    statuses(inputs, super::observed::init_containers(inputs.spec), before, true)
}

/// A terminated state for a container that nobody saw end.
pub(super) fn vanished(message: &str) -> ContainerState {
    let terminated = ContainerStateTerminated {
        exit_code: runtime::Exit::Unknown.code(),
        reason: Some(VANISHED.to_owned()),
        message: Some(message.to_owned()),
        ..ContainerStateTerminated::default()
    };
    ContainerState { terminated: Some(terminated), ..ContainerState::default() }
}

fn statuses(
    inputs: Inputs<'_>,
    containers: &[Container],
    before: &[ContainerStatus],
    init: bool,
) -> Vec<ContainerStatus> {
    let one = |container: &Container| {
        let before = before.iter().find(|status| status.name == container.name);
        status(inputs, container, before, init)
    };
    containers.iter().map(one).collect()
}

fn status(
    inputs: Inputs<'_>,
    container: &Container,
    before: Option<&ContainerStatus>,
    init: bool,
) -> ContainerStatus {
    let mut instances = inputs.observed.instances(&container.name);
    let newest = instances.next();
    let mut status = match newest {
        Some(newest) => seen(inputs, container, newest),
        None => unseen(inputs, container, before),
    };
    if newest.is_some() {
        let previous = instances.next().map(|previous| state(inputs, previous));
        status.last_state = match (previous, before) {
            (Some(previous), _) => Some(previous),
            // The runtime may have forgotten the instance before this one.
            (None, Some(before)) if before.restart_count == status.restart_count => before.last_state.clone(),
            (None, Some(before)) => before.state.clone().filter(|state| state.terminated.is_some()),
            (None, None) => None,
        };
    }
    if is_to_start(inputs, container, newest, init)
        && let Some(waiting) = inputs.waiting.get(container.name.as_str())
    {
        if status.state.as_ref().is_some_and(|state| state.terminated.is_some()) {
            status.last_state = status.state.take();
        }
        status.state = Some(waiting_state(&waiting.reason, &waiting.message));
    }
    mark_started_and_ready(inputs, container, &mut status, newest, init && !is_sidecar(container));
    status.last_state.get_or_insert_default();
    status
}

/// The status of a container of which the runtime has an instance.
fn seen(inputs: Inputs<'_>, container: &Container, newest: &runtime::ContainerStatus) -> ContainerStatus {
    ContainerStatus {
        name: container.name.clone(),
        image: newest.container.image.to_string(),
        image_id: newest.container.image_id.to_string(),
        container_id: Some(container_id(inputs, newest)),
        restart_count: i32::try_from(newest.container.metadata.attempt).unwrap_or(i32::MAX),
        state: Some(state(inputs, newest)),
        ..ContainerStatus::default()
    }
}

/// The status of a container of which the runtime has nothing.
fn unseen(inputs: Inputs<'_>, container: &Container, before: Option<&ContainerStatus>) -> ContainerStatus {
    let reason = match super::observed::init_containers(inputs.spec) {
        [] => "ContainerCreating",
        _ => "PodInitializing",
    };
    let mut status = ContainerStatus {
        name: container.name.clone(),
        image: container.image.clone().unwrap_or_default(),
        state: Some(waiting_state(reason, "")),
        ..ContainerStatus::default()
    };
    let Some(before) = before else { return status };
    let state = before.state.as_ref();
    if state.is_some_and(|state| state.terminated.is_some()) {
        return before.clone();
    }
    status.restart_count = before.restart_count;
    status.last_state = before.last_state.clone();
    if state.is_some_and(|state| state.running.is_some()) {
        let message =
            "The container could not be located when the pod was deleted.  The container used to be Running";
        status.last_state = Some(vanished(message));
        if !inputs.deleted {
            status.restart_count = status.restart_count.saturating_add(1);
        }
    }
    status
}

fn state(inputs: Inputs<'_>, status: &runtime::ContainerStatus) -> ContainerState {
    let time = |at: Option<jiff::Timestamp>| at.map(Time);
    match status.state() {
        runtime::ContainerState::Created => waiting_state("ContainerCreating", ""),
        runtime::ContainerState::Running => ContainerState {
            running: Some(ContainerStateRunning { started_at: time(status.started_at) }),
            ..ContainerState::default()
        },
        runtime::ContainerState::Exited => {
            let code = status.exit_code().unwrap_or_else(|| runtime::Exit::Unknown.code());
            let words = inputs.last_words.get(&status.container.id).unwrap_or(&status.message);
            let reason = match status.reason.as_str() {
                "" if code == 0 => "Completed",
                "" => "Error",
                reason => reason,
            };
            let terminated = ContainerStateTerminated {
                container_id: Some(container_id(inputs, status)),
                exit_code: code,
                reason: Some(reason.to_owned()),
                message: (!words.is_empty()).then(|| words.clone()),
                // Upstream writes the zero time here; what never started has none.
                started_at: time(status.started_at),
                finished_at: time(status.finished_at),
                signal: None,
            };
            ContainerState { terminated: Some(terminated), ..ContainerState::default() }
        }
        runtime::ContainerState::Unknown => {
            vanished("The container could not be located when the pod was terminated")
        }
    }
}

fn waiting_state(reason: &str, message: &str) -> ContainerState {
    let waiting = ContainerStateWaiting {
        reason: Some(reason.to_owned()),
        message: (!message.is_empty()).then(|| message.to_owned()),
    };
    ContainerState { waiting: Some(waiting), ..ContainerState::default() }
}

fn container_id(inputs: Inputs<'_>, status: &runtime::ContainerStatus) -> String {
    format!("{}://{}", inputs.runtime_name, status.container.id)
}

/// Whether the container waits to be started.
fn is_to_start(
    inputs: Inputs<'_>,
    container: &Container,
    newest: Option<&runtime::ContainerStatus>,
    init: bool,
) -> bool {
    if inputs.deleted {
        return false;
    }
    match newest.filter(|newest| newest.state() == runtime::ContainerState::Exited) {
        Some(exited) if init && !is_sidecar(container) => {
            let code = exited.exit_code().unwrap_or_default();
            code != 0 && init_is_retried(container, inputs.spec, code)
        }
        Some(_) if init => true,
        _ => should_start(container, inputs.spec, newest),
    }
}

fn mark_started_and_ready(
    inputs: Inputs<'_>,
    container: &Container,
    status: &mut ContainerStatus,
    newest: Option<&runtime::ContainerStatus>,
    plain_init: bool,
) {
    let running = newest.filter(|newest| newest.state() == runtime::ContainerState::Running);
    let started = running.is_some_and(|running| inputs.probes.is_started(container, &running.container.id));
    status.started = Some(started);
    status.ready = if plain_init {
        let terminated = status.state.as_ref().and_then(|state| state.terminated.as_ref());
        terminated.is_some_and(|terminated| terminated.exit_code == 0)
    } else {
        started && running.is_some_and(|running| inputs.probes.is_ready(container, &running.container.id))
    };
}
