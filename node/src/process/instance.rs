use std::sync::Arc;

use parking_lot::Mutex;
use setpoint_core::env::Task;
use setpoint_runtime_traits::{Container, ContainerStatus, Exit, SandboxMetadata};
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

use super::log_file::LogFile;
use super::orders::Orders;
use super::record::{ContainerRecord, Phase};

/// One container.
///
/// `container` shows what `record` says; `log` is open from the start to the end, and `task` watches meanwhile.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) record: ContainerRecord,
    pub(super) container: Container,
    pub(super) pod: SandboxMetadata,
    pub(super) orders: Arc<Orders>,
    pub(super) log: Option<Arc<Mutex<LogFile>>>,
    pub(super) task: Option<Task<()>>,
    /// The most processor time that was told of it: processes that end take theirs along.
    pub(super) cpu_nanos_told: u64,
    /// Wakes those who wait for output.
    pub(super) printed: Arc<Notify>,
    ended: Arc<Notify>,
}

impl Instance {
    pub(super) fn new(record: ContainerRecord, pod: SandboxMetadata) -> Self {
        let (id, sandbox, image_id) = (record.id.clone(), record.sandbox_id.clone(), record.image_id.clone());
        let mut container = Container::created(id, sandbox, &record.config, image_id, record.created_at.0);
        container.state = record.phase.state();
        Self {
            record,
            container,
            pod,
            orders: Arc::new(Orders::new()),
            log: None,
            task: None,
            cpu_nanos_told: 0,
            printed: Arc::default(),
            ended: Arc::default(),
        }
    }

    pub(super) fn set_phase(&mut self, phase: Phase) {
        self.container.state = phase.state();
        self.record.phase = phase;
        if !self.is_live() {
            self.log = None;
            self.wake();
        }
    }

    /// Wakes those who wait for output or the end.
    pub(super) fn wake(&self) {
        self.ended.notify_waiters();
        self.printed.notify_waiters();
    }

    /// Whether there may be processes.
    pub(super) fn is_live(&self) -> bool {
        self.record.phase.is_live()
    }

    pub(super) fn is_running(&self) -> bool {
        matches!(self.record.phase, Phase::Running { .. })
    }

    /// Resolves at the end.
    pub(super) fn end(&self) -> OwnedNotified {
        Arc::clone(&self.ended).notified_owned()
    }

    /// Resolves at the next output or the end.
    pub(super) fn next_output(&self) -> OwnedNotified {
        Arc::clone(&self.printed).notified_owned()
    }

    pub(super) fn status(&self) -> ContainerStatus {
        let mut status = ContainerStatus::new(self.container.clone());
        status.started_at = self.record.phase.started_at().map(|moment| moment.0);
        status.log_path = Some(self.record.log_path.clone());
        status.mounts = self.record.config.mounts.clone();
        status.resources = self.record.config.resources.clone();
        if let Phase::Exited { started_at, finished_at, exit, message } = &self.record.phase {
            status.finished_at = Some(finished_at.0);
            status.exit = Some(*exit);
            status.message = message.clone();
            status.reason = match (started_at, exit) {
                (_, Exit::Unknown) => "ContainerStatusUnknown",
                (None, _) => "StartError",
                (Some(_), Exit::Code(0)) => "Completed",
                (Some(_), _) => "Error",
            }
            .to_owned();
        }
        status
    }
}
