use std::time::Duration;

use async_trait::async_trait;

use crate::{
    ByteStream, ContainerId, EventStream, ExecOutput, LogLine, LogOptions, Result, RuntimeError, SandboxId,
    Session, SessionOptions,
};

/// What goes in and out of running containers: commands, logs, terminals, ports (RUNTIME-02).
///
/// Byte streams, not URLs: a back end whose runtime answers with a URL connects to it here.
#[async_trait]
pub trait StreamingService: Send + Sync {
    /// Runs a command in a running container, waits for its end, and answers what it wrote. With a `timeout`
    /// the command is killed when it is over.
    ///
    /// # Errors
    ///
    /// `NotFound`, `Conflict` if the container does not run, `Timeout`, `InvalidSpec` if the command cannot be
    /// run. A command that fails is no error: see [`ExecOutput::exit`].
    async fn exec_sync(
        &self,
        id: &ContainerId,
        command: &[String],
        timeout: Option<Duration>,
    ) -> Result<ExecOutput>;

    /// The container's log, oldest line first. It stays readable after the end of the container, until its
    /// removal.
    ///
    /// # Errors
    ///
    /// `NotFound` if there is no such container.
    async fn logs(&self, id: &ContainerId, options: &LogOptions) -> Result<EventStream<LogLine>>;

    /// Goes on writing at the log's path, after the agent has moved the file away to rotate it (RUNTIME-08).
    ///
    /// # Errors
    ///
    /// `NotFound`; `Conflict` if the container does not run.
    async fn reopen_log(&self, id: &ContainerId) -> Result<()>;

    /// Runs a command in a running container and connects to it.
    ///
    /// # Errors
    ///
    /// As [`StreamingService::exec_sync`]; `Unsupported` unless
    /// [`Capabilities::attach`](crate::Capabilities::attach).
    async fn exec(
        &self,
        _id: &ContainerId,
        _command: &[String],
        _options: &SessionOptions,
    ) -> Result<Session> {
        Err(RuntimeError::unsupported("exec"))
    }

    /// Connects to the container's own process.
    ///
    /// # Errors
    ///
    /// As [`StreamingService::exec`].
    async fn attach(&self, _id: &ContainerId, _options: &SessionOptions) -> Result<Session> {
        Err(RuntimeError::unsupported("attach"))
    }

    /// Connects to a port inside the pod.
    ///
    /// # Errors
    ///
    /// `NotFound`; `Unavailable` if nothing listens; `Unsupported` unless
    /// [`Capabilities::port_forward`](crate::Capabilities::port_forward).
    async fn port_forward(&self, _sandbox: &SandboxId, _port: u16) -> Result<Box<dyn ByteStream>> {
        Err(RuntimeError::unsupported("port_forward"))
    }
}
