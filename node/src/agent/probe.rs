use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Container, PodSpec, Probe};
use setpoint_core::env::Instant;
use setpoint_core::object::Text;
use setpoint_runtime_traits::{ContainerId, ContainerState, ContainerStatus};

use super::observed::{Observed, init_containers, is_sidecar};

/// What a probe is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum ProbeKind {
    /// Whether it has come up. The others wait for it.
    Startup,
    /// Whether it should get traffic.
    Readiness,
    /// Whether it should be started again.
    Liveness,
}

/// Which probe of which container.
pub(super) type ProbeKey = (Text, ProbeKind);

/// What the last probes came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// As many as needed succeeded in a row.
    Success,
    /// As many as needed failed in a row.
    Failure,
    /// Nothing is known yet.
    Unknown,
}

/// The probes of one pod: when each is due, and what they came to (AGENT-18, AGENT-19).
///
/// A probe belongs to one instance of its container. While one is asked it is not due.
#[derive(Debug, Clone, Default)]
pub(super) struct Probes(BTreeMap<ProbeKey, State>);

#[derive(Debug, Clone)]
struct State {
    container: ContainerId,
    verdict: Verdict,
    /// The last answer, and how often in a row it was given.
    streak: Option<(bool, u32)>,
    due: Instant,
    asking: bool,
    /// No more until there is another instance.
    held: bool,
}

/// What is known of a container when its probes begin.
#[derive(Debug, Clone, Copy)]
pub(super) struct Beginning {
    /// How long it has been running.
    pub(super) running_for: Duration,
    /// Whether it was ready when an agent looked at it last, as its pod's status says.
    pub(super) was_ready: bool,
}

impl ProbeKind {
    /// All kinds, those first that others wait for.
    pub(super) const ALL: [Self; 3] = [Self::Startup, Self::Readiness, Self::Liveness];

    /// Its word in messages.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Startup => "Startup",
            Self::Readiness => "Readiness",
            Self::Liveness => "Liveness",
        }
    }

    /// The probe of this kind that a container has.
    pub(super) fn of(self, container: &Container) -> Option<&Probe> {
        match self {
            Self::Startup => container.startup_probe.as_ref(),
            Self::Readiness => container.readiness_probe.as_ref(),
            Self::Liveness => container.liveness_probe.as_ref(),
        }
    }

    /// What counts until something is known.
    fn initial(self) -> Verdict {
        match self {
            Self::Startup => Verdict::Unknown,
            Self::Readiness => Verdict::Failure,
            Self::Liveness => Verdict::Success,
        }
    }
}

impl Probes {
    /// Takes up the probes of running containers and forgets those of others. `begin` tells of an instance
    /// that is new here.
    pub(super) fn follow(
        &mut self,
        spec: &PodSpec,
        observed: &Observed,
        now: Instant,
        begin: impl Fn(&ContainerStatus) -> Beginning,
    ) {
        self.0.retain(|(name, _), state| {
            observed.newest(name).is_some_and(|status| status.container.id == state.container)
        });
        for container in probed(spec) {
            let Some(status) = observed.newest(&container.name) else { continue };
            if status.state() != ContainerState::Running {
                continue;
            }
            for kind in ProbeKind::ALL {
                let Some(probe) = kind.of(container) else { continue };
                let key = (Text::from(container.name.as_str()), kind);
                self.0.entry(key).or_insert_with(|| {
                    let beginning = begin(status);
                    let delay = seconds(probe.initial_delay_seconds, 0).saturating_sub(beginning.running_for);
                    let known = kind == ProbeKind::Readiness && beginning.was_ready;
                    let verdict = if known { Verdict::Success } else { kind.initial() };
                    State {
                        container: status.container.id.clone(),
                        verdict,
                        streak: None,
                        due: now + delay,
                        asking: false,
                        held: false,
                    }
                });
            }
        }
    }

    /// What a probe of an instance came to; `None` if there is no such probe.
    pub(super) fn verdict(&self, name: &str, kind: ProbeKind, id: &ContainerId) -> Option<Verdict> {
        self.state(name, kind).filter(|state| state.container == *id).map(|state| state.verdict)
    }

    /// Whether a running container counts as started (AGENT-19).
    pub(super) fn is_started(&self, container: &Container, id: &ContainerId) -> bool {
        container.startup_probe.is_none()
            || self.verdict(&container.name, ProbeKind::Startup, id) == Some(Verdict::Success)
    }

    /// Whether a started container is ready (AGENT-21).
    pub(super) fn is_ready(&self, container: &Container, id: &ContainerId) -> bool {
        container.readiness_probe.is_none()
            || self.verdict(&container.name, ProbeKind::Readiness, id) == Some(Verdict::Success)
    }

    /// When the next is due.
    pub(super) fn next_due(&self, terminating: bool) -> Option<Instant> {
        let due = self.0.iter().filter(|(key, state)| self.is_asked(key, state, terminating));
        due.map(|(_, state)| state.due).min()
    }

    /// Takes what is due: each is to be asked now and then [`Probes::answer`]ed or [`Probes::give_up`].
    pub(super) fn take_due(&mut self, now: Instant, terminating: bool) -> Vec<(ProbeKey, ContainerId)> {
        let due =
            self.0.iter().filter(|(key, state)| state.due <= now && self.is_asked(key, state, terminating));
        let due: Vec<_> = due.map(|(key, state)| (key.clone(), state.container.clone())).collect();
        for (key, _) in &due {
            if let Some(state) = self.0.get_mut(key) {
                state.asking = true;
            }
        }
        due
    }

    /// Takes an answer. Whether the verdict changed by it.
    pub(super) fn answer(
        &mut self,
        key: &ProbeKey,
        id: &ContainerId,
        probe: &Probe,
        success: bool,
        now: Instant,
    ) -> bool {
        let Some(state) = self.0.get_mut(key).filter(|state| state.container == *id) else { return false };
        state.asking = false;
        state.due = now + period(probe);
        let count = match state.streak {
            Some((last, count)) if last == success => count.saturating_add(1),
            _ => 1,
        };
        state.streak = Some((success, count));
        let threshold = if success {
            threshold(probe.success_threshold, 1)
        } else {
            threshold(probe.failure_threshold, 3)
        };
        if count < threshold {
            return false;
        }
        let verdict = if success { Verdict::Success } else { Verdict::Failure };
        let changed = state.verdict != verdict;
        state.verdict = verdict;
        state.held = match key.1 {
            ProbeKind::Startup => true,
            ProbeKind::Liveness => !success,
            ProbeKind::Readiness => false,
        };
        changed
    }

    /// The probe could not be asked, which says nothing about the container.
    pub(super) fn give_up(&mut self, key: &ProbeKey, id: &ContainerId, probe: &Probe, now: Instant) {
        if let Some(state) = self.0.get_mut(key).filter(|state| state.container == *id) {
            state.asking = false;
            state.due = now + period(probe);
        }
    }

    /// Whether it is its turn: not held, not being asked, and nothing it waits for (AGENT-19, AGENT-22).
    fn is_asked(&self, key: &ProbeKey, state: &State, terminating: bool) -> bool {
        let (name, kind) = key;
        if state.held || state.asking || (terminating && *kind != ProbeKind::Readiness) {
            return false;
        }
        let startup = self.state(name, ProbeKind::Startup);
        *kind == ProbeKind::Startup || startup.is_none_or(|startup| startup.verdict == Verdict::Success)
    }

    fn state(&self, name: &str, kind: ProbeKind) -> Option<&State> {
        self.0.get(&(Text::from(name), kind))
    }
}

/// How long an answer may take (AGENT-18).
pub(super) fn timeout(probe: &Probe) -> Duration {
    seconds(probe.timeout_seconds, 1)
}

fn period(probe: &Probe) -> Duration {
    seconds(probe.period_seconds, 10).max(Duration::from_secs(1))
}

fn seconds(field: Option<i32>, default: u32) -> Duration {
    let given = field.and_then(|seconds| u32::try_from(seconds).ok()).filter(|seconds| *seconds > 0);
    Duration::from_secs(given.unwrap_or(default).into())
}

fn threshold(field: Option<i32>, default: u32) -> u32 {
    field.and_then(|count| u32::try_from(count).ok()).filter(|count| *count > 0).unwrap_or(default)
}

/// The containers that can have probes.
fn probed(spec: &PodSpec) -> impl Iterator<Item = &Container> {
    init_containers(spec).iter().filter(|container| is_sidecar(container)).chain(&spec.containers)
}

#[cfg(test)]
mod tests;
