//! A pod's status as its node reports it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{ContainerStatus, HostIP, PodIP, PodSpec, PodStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use setpoint_core::object::Text;
use setpoint_runtime_traits::ContainerId;

use super::conditions::SCHEDULED;
use super::container_status::{self, Waiting, app_statuses, init_statuses, vanished};
use super::observed::{Observed, host_network};
use super::phase::{Phase, phase};
use super::probe::Probes;
use super::{conditions, observed};

/// What a status is made of, beside the one that is there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inputs<'a> {
    /// The pod's spec.
    pub(super) spec: &'a PodSpec,
    /// Which version of the spec that is.
    pub(super) generation: i64,
    /// Whether the pod is being deleted.
    pub(super) deleted: bool,
    /// What the runtime has.
    pub(super) observed: &'a Observed,
    /// What probes came to.
    pub(super) probes: &'a Probes,
    /// Why containers wait.
    pub(super) waiting: &'a BTreeMap<Text, Waiting>,
    /// What ended containers left to say.
    pub(super) last_words: &'a BTreeMap<ContainerId, String>,
    /// Why the node gave the pod up, if it did.
    pub(super) failure: Option<&'a Failure>,
    /// Whether nothing of it runs or will run again.
    pub(super) stopped: bool,
    /// The runtime's name.
    pub(super) runtime_name: &'a str,
    /// The node's addresses.
    pub(super) host_ips: &'a [String],
    /// When the node took the pod up.
    pub(super) began: Timestamp,
    /// Now.
    pub(super) now: Timestamp,
}

/// Why a node gave a pod up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// In one word.
    pub(super) reason: Text,
    /// In a sentence.
    pub(super) message: String,
}

impl Failure {
    /// The pod has outlived its `activeDeadlineSeconds` (AGENT-35).
    pub(super) fn deadline_exceeded() -> Self {
        let message = "Pod was active on the node longer than the specified deadline".to_owned();
        Self { reason: "DeadlineExceeded".into(), message }
    }
}

/// The status that follows `before`. What others answer for is kept (AGENT-12), and a terminal phase stays
/// (AGENT-10).
pub(super) fn pod_status(inputs: Inputs<'_>, before: &PodStatus) -> PodStatus {
    let over = before.phase.as_deref().and_then(Phase::parse).filter(|phase| phase.is_terminal());
    let of_containers = container_status::Inputs {
        spec: inputs.spec,
        observed: inputs.observed,
        probes: inputs.probes,
        waiting: inputs.waiting,
        last_words: inputs.last_words,
        runtime_name: inputs.runtime_name,
        deleted: inputs.deleted,
    };
    let mut init =
        init_statuses(of_containers, before.init_container_statuses.as_deref().unwrap_or_default());
    let mut app = app_statuses(of_containers, before.container_statuses.as_deref().unwrap_or_default());
    let settled = inputs.stopped && !inputs.observed.may_run();
    if settled && inputs.failure.is_none() {
        settle(&mut init, &mut app);
    }
    let seen = phase(inputs.spec, &init, &app, inputs.stopped);
    let current = over.unwrap_or_else(|| match (settled, inputs.failure, seen) {
        (true, Some(_), _) => Phase::Failed,
        (true, None, Phase::Succeeded) => Phase::Succeeded,
        (true, None, _) => Phase::Failed,
        // A terminal phase is held back until nothing can be running (AGENT-13).
        (false, _, Phase::Succeeded | Phase::Failed) => {
            before.phase.as_deref().and_then(Phase::parse).unwrap_or(Phase::Running)
        }
        (false, _, seen) => seen,
    });
    let mut status = PodStatus {
        phase: Some(current.as_str().to_owned()),
        observed_generation: (inputs.generation > 0).then_some(inputs.generation),
        start_time: before.start_time.clone().or_else(|| Some(whole_seconds(inputs.began))),
        ..before.clone()
    };
    if inputs.failure.is_some_and(|_| inputs.observed.is_empty()) && before.container_statuses.is_none() {
        // A pod that was refused has no containers to tell of.
        (init, app) = (Vec::new(), Vec::new());
    }
    set_addresses(&mut status, inputs);
    set_conditions(&mut status, inputs, current, &init, &app);
    let some = |statuses: Vec<ContainerStatus>| (!statuses.is_empty()).then_some(statuses);
    status.init_container_statuses = some(init);
    status.container_statuses = some(app);
    if let (Some(failure), None) = (inputs.failure, over) {
        status.reason = Some(failure.reason.to_string());
        status.message = Some(failure.message.clone());
    }
    status
}

/// Once nothing runs any more, what has no end is given one (AGENT-11).
fn settle(init: &mut [ContainerStatus], app: &mut [ContainerStatus]) {
    let message = "The container could not be located when the pod was terminated";
    let began = |status: &ContainerStatus| {
        status.container_id.is_some() || status.last_state.as_ref().is_some_and(|it| it.terminated.is_some())
    };
    let end = |status: &mut ContainerStatus| {
        if status.state.as_ref().is_none_or(|state| state.terminated.is_none()) {
            status.state = Some(vanished(message));
            status.ready = false;
            status.started = Some(false);
        }
    };
    let initialized = app.iter().any(began) || init.iter().all(|status| status.ready);
    if initialized {
        app.iter_mut().for_each(end);
    }
    // Those after the last that began were never reached.
    if let Some(last) = init.iter().rposition(began) {
        init[..=last].iter_mut().for_each(end);
    }
}

fn set_addresses(status: &mut PodStatus, inputs: Inputs<'_>) {
    if let Some(first) = inputs.host_ips.first() {
        status.host_ip = Some(first.clone());
        let ips = inputs.host_ips.iter().map(|ip| HostIP { ip: ip.clone() }).collect();
        status.host_ips = Some(ips);
    }
    let ips: Vec<String> = if host_network(inputs.spec) {
        inputs.host_ips.to_vec()
    } else {
        inputs.observed.ips().iter().map(ToString::to_string).collect()
    };
    // The last known addresses stay after the sandbox is gone.
    if let Some(first) = ips.first() {
        status.pod_ip = Some(first.clone());
        status.pod_ips = Some(ips.into_iter().map(|ip| PodIP { ip }).collect());
    }
}

fn set_conditions(
    status: &mut PodStatus,
    inputs: Inputs<'_>,
    phase: Phase,
    init: &[ContainerStatus],
    app: &[ContainerStatus],
) {
    let present = status.conditions.take().unwrap_or_default();
    let made = conditions::node_conditions(conditions::Inputs {
        spec: inputs.spec,
        init,
        app,
        phase,
        observed: inputs.observed,
        present: &present,
    });
    // Those of others come first, as upstream has it.
    let mut conditions: Vec<_> =
        present.iter().filter(|kept| made.iter().all(|made| made.type_ != kept.type_)).cloned().collect();
    for mut condition in made {
        let kept = present.iter().find(|kept| kept.type_ == condition.type_);
        if let Some(kept) = kept.filter(|kept| kept.type_ == SCHEDULED && kept.status == "True") {
            conditions.push(kept.clone());
            continue;
        }
        let since = kept.filter(|kept| kept.status == condition.status);
        condition.last_transition_time = since
            .and_then(|kept| kept.last_transition_time.clone())
            .or_else(|| Some(whole_seconds(inputs.now)));
        condition.last_probe_time = kept.and_then(|kept| kept.last_probe_time.clone());
        condition.observed_generation = (inputs.generation > 0).then_some(inputs.generation);
        conditions.push(condition);
    }
    status.conditions = Some(conditions);
}

/// Times in statuses are whole seconds.
fn whole_seconds(at: Timestamp) -> Time {
    Time(Timestamp::from_second(at.as_second()).unwrap_or(at))
}

/// When the pod must have ended, if it must (AGENT-35); `began` counts until a start is reported.
pub(super) fn deadline(spec: &PodSpec, status: &PodStatus, began: Option<Timestamp>) -> Option<Timestamp> {
    let seconds = spec.active_deadline_seconds?;
    let start = status.start_time.as_ref().map(|start| start.0).or(began)?;
    start.checked_add(jiff::SignedDuration::from_secs(seconds)).ok()
}

/// Whether the containers have all ended for good, so that what is left of the pod can be stopped.
pub(super) fn has_ended(inputs: Inputs<'_>, before: &PodStatus) -> bool {
    if inputs.observed.is_empty() {
        return false;
    }
    let of_containers = container_status::Inputs {
        spec: inputs.spec,
        observed: inputs.observed,
        probes: inputs.probes,
        waiting: inputs.waiting,
        last_words: inputs.last_words,
        runtime_name: inputs.runtime_name,
        deleted: inputs.deleted,
    };
    let init = init_statuses(of_containers, before.init_container_statuses.as_deref().unwrap_or_default());
    let app = app_statuses(of_containers, before.container_statuses.as_deref().unwrap_or_default());
    let sidecar = |name: &str| {
        observed::init_containers(inputs.spec).iter().any(|it| it.name == name && observed::is_sidecar(it))
    };
    let busy = inputs.observed.containers().iter().any(|status| {
        let name = &*status.container.metadata.name;
        status.state() == setpoint_runtime_traits::ContainerState::Running && !sidecar(name)
    });
    !busy && phase(inputs.spec, &init, &app, inputs.stopped).is_terminal()
}

#[cfg(test)]
mod tests;
