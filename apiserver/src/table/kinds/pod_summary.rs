use std::borrow::Cow;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{ContainerStateTerminated, ContainerStatus, PodSpec, PodStatus};
use setpoint_core::object::Meta;

use crate::table::duration::since;

/// What a pod's containers come to: the word under STATUS, the counts under READY and RESTARTS.
#[derive(Debug)]
pub(super) struct PodSummary<'a> {
    /// Containers and sidecars that are ready.
    pub(super) ready: usize,
    /// Containers and sidecars.
    pub(super) containers: usize,
    /// The status in a word.
    pub(super) word: Cow<'a, str>,
    restarts: i32,
    last_restart: Option<Timestamp>,
}

/// How far the init containers have come.
struct Initialization<'a> {
    /// Why it is not over; `None` if it is.
    pending: Option<Cow<'a, str>>,
    ready: usize,
    restarts: Restarts,
    /// Of sidecars, which count for as long as the pod runs.
    sidecar_restarts: Restarts,
}

#[derive(Default, Clone, Copy)]
struct Restarts {
    count: i32,
    last: Option<Timestamp>,
}

impl Restarts {
    fn add(&mut self, container: &ContainerStatus) {
        self.count = self.count.saturating_add(container.restart_count);
        let last = container.last_state.as_ref().and_then(|state| state.terminated.as_ref());
        let finished = last.and_then(|terminated| terminated.finished_at.as_ref()).map(|time| time.0);
        self.last = self.last.max(finished);
    }
}

impl<'a> PodSummary<'a> {
    /// Sums a pod up.
    pub(super) fn of(meta: &Meta, spec: &'a PodSpec, status: &'a PodStatus) -> Self {
        let sidecars = spec.init_containers.iter().flatten().filter(|container| is_sidecar(container));
        let init = Initialization::of(spec, status);
        let mut summary = Self {
            ready: init.ready,
            containers: spec.containers.len() + sidecars.count(),
            word: before_containers(status).into(),
            restarts: init.restarts.count,
            last_restart: init.restarts.last,
        };
        let is_over = init.pending.is_none();
        if let Some(pending) = init.pending {
            summary.word = pending;
        }
        if is_over || has_condition(status, "Initialized") {
            summary.add_containers(status, init.sidecar_restarts);
        }
        if meta.is_terminating() {
            if status.reason.as_deref() == Some("NodeLost") {
                summary.word = "Unknown".into();
            } else if !matches!(status.phase.as_deref(), Some("Succeeded" | "Failed")) {
                summary.word = "Terminating".into();
            }
        }
        summary
    }

    /// Adds what the containers do; the first of them that has something to say has the word.
    fn add_containers(&mut self, status: &'a PodStatus, mut restarts: Restarts) {
        let mut is_running = false;
        let mut error = None;
        for container in status.container_statuses.iter().flatten().rev() {
            restarts.add(container);
            let Some(state) = &container.state else { continue };
            let waiting = state.waiting.as_ref().and_then(|waiting| waiting.reason.as_deref());
            if let Some(reason) = waiting.filter(|reason| !reason.is_empty()) {
                self.word = reason.into();
            } else if let Some(terminated) = &state.terminated {
                self.word = end(terminated);
                if terminated.exit_code != 0 {
                    error = Some(self.word.clone());
                }
            } else if container.ready && state.running.is_some() {
                is_running = true;
                self.ready += 1;
            }
        }
        (self.restarts, self.last_restart) = (restarts.count, restarts.last);
        // One container that has completed does not speak for the others.
        if self.word == "Completed" {
            if is_running && has_condition(status, "Ready") {
                self.word = "Running".into();
            } else if let Some(error) = error {
                self.word = error;
            } else if is_running {
                self.word = "NotReady".into();
            }
        }
    }

    /// `0`, or `3 (5m ago)`.
    pub(super) fn restarts_text(&self, now: Timestamp) -> String {
        match self.last_restart {
            Some(last) if self.restarts != 0 => format!("{} ({} ago)", self.restarts, since(Some(last), now)),
            _ => self.restarts.to_string(),
        }
    }
}

impl<'a> Initialization<'a> {
    /// Goes through the init containers up to the first that is not done.
    fn of(spec: &PodSpec, status: &'a PodStatus) -> Self {
        let containers = spec.init_containers.as_deref().unwrap_or_default();
        let mut this = Self {
            pending: None,
            ready: 0,
            restarts: Restarts::default(),
            sidecar_restarts: Restarts::default(),
        };
        for (index, container) in status.init_container_statuses.iter().flatten().enumerate() {
            let declared = containers.iter().find(|candidate| candidate.name == container.name);
            let is_sidecar = declared.is_some_and(is_sidecar);
            this.restarts.add(container);
            if is_sidecar {
                this.sidecar_restarts.add(container);
            }
            let state = container.state.as_ref();
            let terminated = state.and_then(|state| state.terminated.as_ref());
            if terminated.is_some_and(|terminated| terminated.exit_code == 0) {
                continue;
            }
            if is_sidecar && container.started == Some(true) {
                this.ready += usize::from(container.ready);
                continue;
            }
            let waiting = state.and_then(|state| state.waiting.as_ref()?.reason.as_deref());
            this.pending = Some(match (terminated, waiting) {
                (Some(terminated), _) => format!("Init:{}", end(terminated)).into(),
                (None, Some(reason)) if !reason.is_empty() && reason != "PodInitializing" => {
                    format!("Init:{reason}").into()
                }
                _ => format!("Init:{index}/{}", containers.len()).into(),
            });
            break;
        }
        this
    }
}

/// The word as long as no container has another.
fn before_containers(status: &PodStatus) -> &str {
    let gated = status.conditions.iter().flatten().any(|condition| {
        condition.type_ == "PodScheduled" && condition.reason.as_deref() == Some("SchedulingGated")
    });
    if gated {
        return "SchedulingGated";
    }
    let reason = status.reason.as_deref().filter(|reason| !reason.is_empty());
    reason.or(status.phase.as_deref()).unwrap_or_default()
}

/// How a container ended: its reason, signal or exit code.
fn end(terminated: &ContainerStateTerminated) -> Cow<'_, str> {
    match (terminated.reason.as_deref(), terminated.signal) {
        (Some(reason), _) if !reason.is_empty() => reason.into(),
        (_, Some(signal)) if signal != 0 => format!("Signal:{signal}").into(),
        _ => format!("ExitCode:{}", terminated.exit_code).into(),
    }
}

fn is_sidecar(container: &k8s_openapi::api::core::v1::Container) -> bool {
    container.restart_policy.as_deref() == Some("Always")
}

fn has_condition(status: &PodStatus, type_: &str) -> bool {
    status.conditions.iter().flatten().any(|condition| condition.type_ == type_ && condition.status == "True")
}
