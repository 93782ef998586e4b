use std::sync::Arc;

use setpoint_runtime_traits::{
    ContainerId, ContainerMetadata, ExecOutput, Exit, OutputStream, Result, SandboxId, SandboxMetadata,
};

use super::SimulatedRuntime;

/// What is asked of a container by [`exec_sync`](setpoint_runtime_traits::StreamingService::exec_sync).
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ExecCall<'a> {
    /// The pod.
    pub pod: &'a SandboxMetadata,
    /// The container.
    pub container: &'a ContainerMetadata,
    /// The command and its arguments.
    pub command: &'a [String],
    /// Whether the container is ready, by its script or by hand.
    pub ready: bool,
}

impl ExecCall<'_> {
    pub(super) fn default_answer(&self) -> ExecOutput {
        let code = match self.command.first().map(String::as_str) {
            Some("true") => 0,
            Some("false") => 1,
            _ => i32::from(!self.ready),
        };
        ExecOutput { stdout: Vec::new(), stderr: Vec::new(), exit: Exit::Code(code) }
    }
}

/// Answers commands; `None` leaves the answer to the script.
pub(super) type Responder = dyn Fn(&ExecCall<'_>) -> Option<ExecOutput> + Send + Sync;

/// What tests do to containers from outside. None of it is something an agent could ask for.
impl SimulatedRuntime {
    /// The newest instance of a container, by its pod.
    pub fn find_container(&self, namespace: &str, pod: &str, container: &str) -> Option<ContainerId> {
        self.shared.with(|world, _| {
            let instances = world.containers().filter(|instance| {
                *instance.pod.namespace == *namespace
                    && *instance.pod.name == *pod
                    && *instance.container.metadata.name == *container
            });
            let newest = instances.max_by_key(|instance| (instance.container.created_at, instance.attempt()));
            newest.map(|instance| instance.container.id.clone())
        })
    }

    /// A running container ends now, in this way: a crash, an OOM kill, a program that is done.
    ///
    /// # Errors
    ///
    /// `NotFound`; `Conflict` if it does not run.
    pub fn exit_container(&self, id: &ContainerId, exit: Exit) -> Result<()> {
        self.shared.with(|world, now| world.exit_container(id, exit, now))
    }

    /// Probes of this container succeed from now on, or fail, whatever its script says.
    ///
    /// # Errors
    ///
    /// `NotFound`.
    pub fn set_ready(&self, id: &ContainerId, ready: bool) -> Result<()> {
        self.shared.with(|world, _| world.container_mut(id).map(|instance| instance.set_ready(ready)))
    }

    /// The container prints these lines now.
    ///
    /// # Errors
    ///
    /// `NotFound`.
    pub fn print(&self, id: &ContainerId, stream: OutputStream, text: &str) -> Result<()> {
        self.shared.with(|world, now| world.container_mut(id).map(|it| it.print(now.wall, stream, text)))
    }

    /// The sandbox is NOTREADY from now on, while its containers run on: a dead pause process (AGENT-06).
    ///
    /// # Errors
    ///
    /// `NotFound`.
    pub fn break_sandbox(&self, id: &SandboxId) -> Result<()> {
        self.shared.with(|world, _| world.break_sandbox(id))
    }

    /// Commands are answered by `respond` from now on; what it answers with `None` is left to the script.
    pub fn answer_exec<F>(&self, respond: F)
    where
        F: Fn(&ExecCall<'_>) -> Option<ExecOutput> + Send + Sync + 'static,
    {
        *self.shared.responder.lock() = Some(Arc::new(respond));
    }

    /// Whether the runtime answers at all. While it does not, every call is `Unavailable`, and containers go
    /// on.
    pub fn set_available(&self, available: bool) {
        self.shared.with(|world, _| world.available = available);
    }

    /// Whether pods can be connected (RUNTIME-06). While they cannot, only those with host network run.
    pub fn set_network_ready(&self, ready: bool) {
        self.shared.with(|world, _| world.network_ready = ready);
    }
}
