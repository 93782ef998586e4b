//! One round of work on a running pod: look, decide, do, until there is nothing left to do now.

use std::time::Duration;

use setpoint_reconcile::events::EventType;
use setpoint_runtime_traits::{ContainerId, RuntimeError, SandboxId};

use super::actions::{Kill, NewSandbox, PodActions, pod_actions};
use super::observed::{SandboxNeed, host_network, init_containers, is_sidecar};
use super::pod_status::{Failure, deadline, has_ended};
use super::pod_work::PodWork;

/// What a round of work came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Synced {
    /// Nothing to do until something changes.
    AtRest,
    /// Nothing to do before this time is over.
    Waits(Duration),
    /// The pod has ended, or must end: what is left of it is to be stopped.
    Over,
}

/// How often a pod is looked at in one round; more is another round.
const LOOKS_MAX: usize = 16;

/// What carrying out a plan came to.
enum Progress {
    /// Something was done: look again.
    Done,
    /// What could be done is done; the rest waits this long.
    Waits(Duration),
}

impl PodWork {
    /// Brings the pod closer to what its spec asks for, as far as it goes now.
    pub(super) async fn sync(&self) -> Synced {
        for _ in 0..LOOKS_MAX {
            if let Err(error) = self.look().await {
                tracing::debug!(pod = %self.full_name(), %error, "the runtime does not tell of a pod");
                return Synced::Waits(self.error_retry());
            }
            self.report();
            let until_deadline = match self.time_left() {
                Some(left) if left.is_zero() => {
                    let failure = Failure::deadline_exceeded();
                    self.tell(EventType::Normal, "DeadlineExceeded", failure.message.clone());
                    self.memory.lock().failure = Some(failure);
                    return Synced::Over;
                }
                left => left,
            };
            let actions = {
                let memory = self.memory.lock();
                if has_ended(memory.inputs(&self.pod, &self.host), &memory.status_of(&self.pod)) {
                    return Synced::Over;
                }
                pod_actions(self.pod.spec().common(), &memory.observed, &memory.probes)
            };
            if actions.kill_pod && actions.create_sandbox.is_none() {
                return Synced::Over;
            }
            if actions == PodActions::default() {
                return until_deadline.map_or(Synced::AtRest, Synced::Waits);
            }
            match self.carry_out(actions).await {
                Ok(Progress::Done) => {}
                Ok(Progress::Waits(time)) => {
                    self.report();
                    return Synced::Waits(until_deadline.map_or(time, |left| left.min(time)));
                }
                Err(error) => {
                    tracing::debug!(pod = %self.full_name(), %error, "work on a pod failed");
                    return Synced::Waits(self.error_retry());
                }
            }
        }
        Synced::Waits(self.error_retry())
    }

    /// The time until the pod must have ended, if it must (AGENT-35).
    fn time_left(&self) -> Option<Duration> {
        let at = {
            let memory = self.memory.lock();
            deadline(self.pod.spec().common(), &memory.status_of(&self.pod), memory.began)?
        };
        Some(super::backoff::since(self.host.env.wall(), at))
    }

    async fn carry_out(&self, actions: PodActions) -> Result<Progress, RuntimeError> {
        if actions.kill_pod {
            let message = "Pod sandbox changed, it will be killed and re-created.";
            self.tell(EventType::Normal, "SandboxChanged", message);
            self.stop_pod(self.grace_of_spec()).await?;
        }
        for kill in &actions.kill {
            self.kill(kill).await?;
        }
        let (sandbox, attempt) = match &actions.create_sandbox {
            Some(new) => match self.create_sandbox(new).await? {
                Ok(id) => (id, new.attempt),
                Err(wait) => return Ok(Progress::Waits(wait)),
            },
            None => match self.present_sandbox() {
                Some(sandbox) => sandbox,
                None => return Ok(Progress::Done),
            },
        };
        let spec = self.pod.spec().common();
        let mut progress = Progress::Done;
        let mut started = !actions.kill.is_empty() || actions.create_sandbox.is_some();
        let mut shortest: Option<Duration> = None;
        for index in &actions.start_init {
            let container = &init_containers(spec)[*index];
            match self.start_container(container, &sandbox, attempt).await {
                Ok(()) => started = true,
                Err(blocked) => {
                    shortest = Some(shortest.map_or(blocked.retry, |least| least.min(blocked.retry)));
                    if !is_sidecar(container) {
                        break;
                    }
                }
            }
        }
        for index in &actions.start {
            match self.start_container(&spec.containers[*index], &sandbox, attempt).await {
                Ok(()) => started = true,
                Err(blocked) => {
                    shortest = Some(shortest.map_or(blocked.retry, |least| least.min(blocked.retry)));
                }
            }
        }
        if let Some(shortest) = shortest {
            // What was started is seen by the look that follows its event.
            if started {
                self.look().await?;
            }
            progress = Progress::Waits(shortest);
        }
        Ok(progress)
    }

    async fn kill(&self, kill: &Kill) -> Result<(), RuntimeError> {
        let own = kill.probe.and_then(|kind| {
            let probe = kind.of(self.container(&kill.name)?)?;
            u64::try_from(probe.termination_grace_period_seconds?).ok().map(Duration::from_secs)
        });
        let grace = own.unwrap_or_else(|| self.grace_of_spec());
        let id: &ContainerId = &kill.id;
        self.stop_container(&kill.name, id, &kill.message, grace).await
    }

    fn present_sandbox(&self) -> Option<(SandboxId, u32)> {
        let memory = self.memory.lock();
        match memory.observed.sandbox_need(host_network(self.pod.spec().common())) {
            SandboxNeed::Keep(id) => {
                let newest = memory.observed.sandboxes().first()?;
                Some((id, newest.sandbox.metadata.attempt))
            }
            SandboxNeed::Create { .. } => None,
        }
    }

    /// Makes a sandbox, once the volumes are there; or tells how long to wait.
    async fn create_sandbox(&self, new: &NewSandbox) -> Result<Result<SandboxId, Duration>, RuntimeError> {
        if let Err(why) = self.mount_volumes().await {
            self.tell(EventType::Warning, "FailedMount", why);
            return Ok(Err(self.error_retry()));
        }
        let config = self.sandbox_config(new.attempt);
        self.memory.lock().uncertain = true;
        match self.host.runtime.runtime.run_pod_sandbox(&config).await {
            Ok(id) => {
                {
                    let memory = &mut *self.memory.lock();
                    memory.sandboxes.push(id.clone());
                    memory.uncertain = false;
                }
                // Its address is part of what containers are made of.
                self.look().await?;
                Ok(Ok(id))
            }
            Err(error) => {
                self.memory.lock().uncertain = error.is_outcome_unknown() || error.kind == ALREADY;
                let message = format!("Failed to create pod sandbox: {error}");
                self.tell(EventType::Warning, "FailedCreatePodSandBox", message);
                Ok(Err(self.error_retry()))
            }
        }
    }
}

/// A sandbox that nobody here knows of is there: what there is must be listed.
const ALREADY: setpoint_runtime_traits::ErrorKind = setpoint_runtime_traits::ErrorKind::AlreadyExists;
