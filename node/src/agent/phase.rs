//! A pod's phase, from what its status says of its containers (AGENT-10).

use k8s_openapi::api::core::v1::{Container, ContainerState, ContainerStatus, PodSpec};
use setpoint_core::rules::pod::is_restarted;

use super::observed::{init_containers, is_sidecar, restart_policy};

/// Where a pod is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Not everything was started yet.
    Pending,
    /// Something runs, or will run again.
    Running,
    /// Everything ended well.
    Succeeded,
    /// Something ended badly, and nothing will run again.
    Failed,
}

impl Phase {
    /// The word in the API.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
        }
    }

    /// Whether it never changes any more.
    pub(super) fn is_terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
    }

    /// From the API's word, if it is one.
    pub(super) fn parse(word: &str) -> Option<Self> {
        [Self::Pending, Self::Running, Self::Succeeded, Self::Failed]
            .into_iter()
            .find(|it| it.as_str() == word)
    }
}

/// The phase of a pod. `stopped` says that nothing of it runs or will run again.
pub(super) fn phase(
    spec: &PodSpec,
    init: &[ContainerStatus],
    app: &[ContainerStatus],
    stopped: bool,
) -> Phase {
    let progress = initialization(spec, init);
    if progress == Initialization::FailedForGood {
        return Phase::Failed;
    }
    let mut count = Count::default();
    for container in &spec.containers {
        count.add(container, spec, state_of(app, &container.name));
    }
    let sidecars_pending = progress == Initialization::SidecarsPending && count.untouched(spec);
    if progress == Initialization::Pending || sidecars_pending || count.waiting > 0 || count.unknown > 0 {
        return Phase::Pending;
    }
    if count.running > 0 {
        Phase::Running
    } else if count.ended == 0 {
        Phase::Pending
    } else if !stopped && count.returning > 0 {
        Phase::Running
    } else if count.succeeded == count.ended {
        Phase::Succeeded
    } else {
        Phase::Failed
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Initialization {
    Done,
    SidecarsPending,
    Pending,
    FailedForGood,
}

fn initialization(spec: &PodSpec, statuses: &[ContainerStatus]) -> Initialization {
    let mut progress = Initialization::Done;
    for container in init_containers(spec) {
        let state = state_of(statuses, &container.name);
        if is_sidecar(container) {
            let started = statuses.iter().any(|it| it.name == container.name && it.started == Some(true));
            if !started && progress == Initialization::Done {
                progress = Initialization::SidecarsPending;
            }
            continue;
        }
        match state.ended_with() {
            Some(0) => {}
            Some(code) if !super::restart::init_is_retried(container, spec, code) => {
                return Initialization::FailedForGood;
            }
            _ => progress = Initialization::Pending,
        }
    }
    progress
}

#[derive(Debug, Default)]
struct Count {
    unknown: usize,
    running: usize,
    waiting: usize,
    ended: usize,
    succeeded: usize,
    returning: usize,
}

impl Count {
    fn add(&mut self, container: &Container, spec: &PodSpec, state: State) {
        match state {
            State::Unknown => self.unknown += 1,
            State::Running => self.running += 1,
            State::Waiting(None) => self.waiting += 1,
            State::Waiting(Some(code)) => {
                self.ended += 1;
                self.returning += usize::from(is_restarted(container, restart_policy(spec), code));
            }
            State::Ended(code) => {
                self.ended += 1;
                self.succeeded += usize::from(code == 0);
                self.returning += usize::from(is_restarted(container, restart_policy(spec), code));
            }
        }
    }

    /// Whether no container was ever started.
    fn untouched(&self, spec: &PodSpec) -> bool {
        self.waiting + self.unknown == spec.containers.len()
    }
}

/// A container's state, as far as the phase goes by it.
#[derive(Debug, Clone, Copy)]
enum State {
    Unknown,
    Running,
    /// With the code it ended with before, if it ever did.
    Waiting(Option<i32>),
    Ended(i32),
}

impl State {
    fn ended_with(self) -> Option<i32> {
        match self {
            Self::Ended(code) | Self::Waiting(Some(code)) => Some(code),
            _ => None,
        }
    }
}

fn state_of(statuses: &[ContainerStatus], name: &str) -> State {
    let Some(status) = statuses.iter().find(|status| status.name == name) else { return State::Unknown };
    let code = |state: &Option<ContainerState>| {
        state.as_ref().and_then(|state| state.terminated.as_ref()).map(|terminated| terminated.exit_code)
    };
    match &status.state {
        Some(state) if state.running.is_some() => State::Running,
        Some(state) if state.waiting.is_some() => State::Waiting(code(&status.last_state)),
        state => code(state).map_or(State::Unknown, State::Ended),
    }
}

#[cfg(test)]
mod tests;
