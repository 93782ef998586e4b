use std::sync::Arc;

use jiff::Timestamp;
use setpoint_core::env::Instant;
use setpoint_runtime_traits::{
    Container, ContainerState, ContainerStatus, Exit, Mount, OutputStream, Resources, SandboxMetadata,
};
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

use super::Script;
use super::fate::Fate;
use super::output::Output;
use super::state::Moment;

/// One container.
///
/// `due` is set only while it is RUNNING, and `finished` from its end on.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) container: Container,
    pub(super) pod: SandboxMetadata,
    pub(super) script: Arc<Script>,
    pub(super) output: Output,
    pub(super) resources: Resources,
    /// When it will end if nothing else happens, and how.
    pub(super) due: Option<(Instant, Exit)>,
    mounts: Vec<Mount>,
    started_at: Option<Timestamp>,
    ready_at: Instant,
    ready_by_hand: Option<bool>,
    finished: Option<(Timestamp, Exit)>,
    message: &'static str,
    /// Wakes those who wait for output or the end; made for the first of them.
    changed: Option<Arc<Notify>>,
}

/// The code that a container which could not be started ends with, as containerd has it.
const START_FAILED_CODE: i32 = 128;

impl Instance {
    pub(super) fn created(
        container: Container,
        pod: SandboxMetadata,
        script: Arc<Script>,
        mounts: Vec<Mount>,
        resources: Resources,
    ) -> Self {
        Self {
            container,
            pod,
            script,
            output: Output::default(),
            resources,
            due: None,
            mounts,
            started_at: None,
            ready_at: Instant::NEVER,
            ready_by_hand: None,
            finished: None,
            message: "",
            changed: None,
        }
    }

    pub(super) fn is_running(&self) -> bool {
        self.container.state == ContainerState::Running
    }

    pub(super) fn is_over(&self) -> bool {
        self.container.state == ContainerState::Exited
    }

    /// Whether probes succeed.
    pub(super) fn is_ready(&self, now: Moment) -> bool {
        self.is_running() && self.ready_by_hand.unwrap_or(now.instant >= self.ready_at)
    }

    pub(super) fn set_ready(&mut self, ready: bool) {
        self.ready_by_hand = Some(ready);
    }

    /// CREATED to RUNNING.
    pub(super) fn start(&mut self, fate: &Fate, now: Moment) {
        self.container.state = ContainerState::Running;
        self.started_at = Some(now.wall);
        self.ready_at = fate.ready_after.map_or(Instant::NEVER, |after| now.instant + after);
        self.due = fate.ends_after.map(|(after, exit)| (now.instant + after, exit));
        let script = Arc::clone(&self.script);
        for line in &script.stdout {
            self.output.print(now.wall, OutputStream::Stdout, line);
        }
        for line in &script.stderr {
            self.output.print(now.wall, OutputStream::Stderr, line);
        }
    }

    /// CREATED to EXITED.
    pub(super) fn fail_to_start(&mut self, now: Moment) {
        self.message = "starting was scripted to fail";
        self.end(Exit::Code(START_FAILED_CODE), now.wall);
    }

    /// To EXITED, for good.
    pub(super) fn end(&mut self, exit: Exit, at: Timestamp) {
        self.container.state = ContainerState::Exited;
        self.due = None;
        self.finished = Some((at, exit));
        self.wake();
    }

    pub(super) fn print(&mut self, at: Timestamp, stream: OutputStream, text: &str) {
        self.output.print(at, stream, text);
        self.wake();
    }

    /// Resolves at the next output or the end.
    pub(super) fn next_change(&mut self) -> OwnedNotified {
        Arc::clone(self.changed.get_or_insert_default()).notified_owned()
    }

    pub(super) fn wake(&self) {
        if let Some(changed) = &self.changed {
            changed.notify_waiters();
        }
    }

    pub(super) fn status(&self) -> ContainerStatus {
        let mut status = ContainerStatus::new(self.container.clone());
        status.started_at = self.started_at;
        status.mounts = self.mounts.clone();
        status.resources = self.resources.clone();
        if let Some((at, exit)) = self.finished {
            status.finished_at = Some(at);
            status.exit = Some(exit);
            status.message = self.message.to_owned();
            status.reason = match (self.started_at, exit.is_success()) {
                (None, _) => "StartError",
                (Some(_), true) => "Completed",
                (Some(_), false) => "Error",
            }
            .to_owned();
        }
        status
    }

    /// Its restart count.
    pub(super) fn attempt(&self) -> u32 {
        self.container.metadata.attempt
    }
}
