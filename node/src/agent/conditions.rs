//! A pod's conditions, as far as its node answers for them (AGENT-12).

use k8s_openapi::api::core::v1::{ContainerStatus, PodCondition, PodSpec};
use setpoint_core::conditions::find;

use super::observed::{Observed, SandboxNeed, host_network, init_containers, is_sidecar};
use super::phase::Phase;

/// What the conditions are made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inputs<'a> {
    /// The pod's spec.
    pub(super) spec: &'a PodSpec,
    /// The statuses of its init containers.
    pub(super) init: &'a [ContainerStatus],
    /// The statuses of its containers.
    pub(super) app: &'a [ContainerStatus],
    /// Its phase.
    pub(super) phase: Phase,
    /// What the runtime has.
    pub(super) observed: &'a Observed,
    /// All conditions there are now, those of others included.
    pub(super) present: &'a [PodCondition],
}

const READY_TO_START: &str = "PodReadyToStartContainers";
const INITIALIZED: &str = "Initialized";
const READY: &str = "Ready";
const CONTAINERS_READY: &str = "ContainersReady";
/// Written by the scheduler; a pod that is on a node has been scheduled.
pub(super) const SCHEDULED: &str = "PodScheduled";

/// The conditions the node answers for, in the order in which upstream adds them.
pub(super) fn node_conditions(inputs: Inputs<'_>) -> [PodCondition; 5] {
    let containers_ready = containers_ready(inputs);
    let ready = ready(inputs, &containers_ready);
    [
        ready_to_start(inputs),
        initialized(inputs),
        ready,
        containers_ready,
        condition(SCHEDULED, true, "", String::new()),
    ]
}

fn ready_to_start(inputs: Inputs<'_>) -> PodCondition {
    let need = inputs.observed.sandbox_need(host_network(inputs.spec));
    condition(READY_TO_START, matches!(need, SandboxNeed::Keep(_)), "", String::new())
}

fn initialized(inputs: Inputs<'_>) -> PodCondition {
    let containers = init_containers(inputs.spec);
    let mut unknown = Vec::new();
    let mut incomplete = Vec::new();
    for container in containers {
        match inputs.init.iter().find(|status| status.name == container.name) {
            None => unknown.push(container.name.as_str()),
            Some(status) => {
                let done = if is_sidecar(container) { status.started == Some(true) } else { status.ready };
                if !done {
                    incomplete.push(container.name.as_str());
                }
            }
        }
    }
    if inputs.phase == Phase::Succeeded && unknown.is_empty() {
        return condition(INITIALIZED, true, "PodCompleted", String::new());
    }
    let app_started = inputs.app.iter().any(|status| {
        let state = |state: &Option<_>| {
            let state: Option<&k8s_openapi::api::core::v1::ContainerState> = state.as_ref();
            state.is_some_and(|state| state.running.is_some() || state.terminated.is_some())
        };
        state(&status.state) || state(&status.last_state)
    });
    let message = unready_message(&unknown, &incomplete, "incomplete");
    if app_started || message.is_empty() {
        return condition(INITIALIZED, true, "", String::new());
    }
    condition(INITIALIZED, false, "ContainersNotInitialized", message)
}

fn containers_ready(inputs: Inputs<'_>) -> PodCondition {
    let sidecars = init_containers(inputs.spec).iter().filter(|container| is_sidecar(container));
    let mut unknown = Vec::new();
    let mut unready = Vec::new();
    for (container, statuses) in
        sidecars.map(|it| (it, inputs.init)).chain(inputs.spec.containers.iter().map(|it| (it, inputs.app)))
    {
        match statuses.iter().find(|status| status.name == container.name) {
            None => unknown.push(container.name.as_str()),
            Some(status) if !status.ready => unready.push(container.name.as_str()),
            Some(_) => {}
        }
    }
    match inputs.phase {
        Phase::Succeeded if unknown.is_empty() => {
            return condition(CONTAINERS_READY, false, "PodCompleted", String::new());
        }
        Phase::Failed => return condition(CONTAINERS_READY, false, "PodFailed", String::new()),
        _ => {}
    }
    let message = unready_message(&unknown, &unready, "unready");
    if message.is_empty() {
        condition(CONTAINERS_READY, true, "", String::new())
    } else {
        condition(CONTAINERS_READY, false, "ContainersNotReady", message)
    }
}

fn ready(inputs: Inputs<'_>, containers_ready: &PodCondition) -> PodCondition {
    if containers_ready.status != "True" {
        return PodCondition { type_: READY.to_owned(), ..containers_ready.clone() };
    }
    let gates = inputs.spec.readiness_gates.as_deref().unwrap_or_default();
    let closed: Vec<String> = gates
        .iter()
        .filter_map(|gate| match find(inputs.present, &gate.condition_type) {
            None => Some(format!(
                "corresponding condition of pod readiness gate \"{}\" does not exist.",
                gate.condition_type
            )),
            Some(found) if found.status != "True" => Some(format!(
                "the status of pod readiness gate \"{}\" is not \"True\", but {}",
                gate.condition_type, found.status
            )),
            Some(_) => None,
        })
        .collect();
    if closed.is_empty() {
        condition(READY, true, "", String::new())
    } else {
        condition(READY, false, "ReadinessGatesNotReady", closed.join(", "))
    }
}

fn unready_message(unknown: &[&str], others: &[&str], word: &str) -> String {
    let part = |names: &[&str], word: &str| {
        (!names.is_empty()).then(|| format!("containers with {word} status: [{}]", names.join(" ")))
    };
    [part(unknown, "unknown"), part(others, word)].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn condition(type_: &str, holds: bool, reason: &str, message: String) -> PodCondition {
    PodCondition {
        type_: type_.to_owned(),
        status: if holds { "True" } else { "False" }.to_owned(),
        reason: (!reason.is_empty()).then(|| reason.to_owned()),
        message: (!message.is_empty()).then_some(message),
        ..PodCondition::default()
    }
}
