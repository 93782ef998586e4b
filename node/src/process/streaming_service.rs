use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use setpoint_runtime_traits::{
    ByteStream, ContainerId, ErrorKind, EventStream, ExecOutput, LogLine, LogOptions, Result, RuntimeError,
    SandboxId, StreamingService,
};
use tokio::net::TcpStream;

use super::ProcessRuntime;
use super::exec::{EXECS_MAX, run};
use super::log_reader::LogReader;
use super::port::Port;
use super::state::SHARED_ADDRESS;

#[async_trait]
impl StreamingService for ProcessRuntime {
    /// The command gets the container's environment, folder and nothing to read. It ends with its container.
    async fn exec_sync(
        &self,
        id: &ContainerId,
        command: &[String],
        timeout: Option<Duration>,
    ) -> Result<ExecOutput> {
        let launch = self.shared.with(|world| Ok(world.running(id)?.record.launch.clone()))?;
        let Ok(_permit) = self.execs.try_acquire() else {
            let message = format!("{EXECS_MAX} commands are running already");
            return Err(RuntimeError::new(ErrorKind::OutOfResources, message));
        };
        run(&launch, command, timeout, &self.shared.env).await
    }

    /// What is in the file now; what was rotated away is not read.
    async fn logs(&self, id: &ContainerId, options: &LogOptions) -> Result<EventStream<LogLine>> {
        let reader = LogReader::open(Arc::clone(&self.shared), id.clone(), options.clone()).await?;
        let lines = futures::stream::unfold(reader, |mut reader| async move {
            reader.next_line().await.map(|line| (line, reader))
        });
        Ok(lines.boxed())
    }

    async fn reopen_log(&self, id: &ContainerId) -> Result<()> {
        let log = self.shared.with(|world| Ok::<_, RuntimeError>(world.running(id)?.log.clone()))?;
        let reopened = log.map_or(Ok(()), |log| log.lock().reopen());
        reopened.map_err(|error| super::shared::not_kept("the log of container", id, error))
    }

    async fn port_forward(&self, sandbox: &SandboxId, port: u16) -> Result<Box<dyn ByteStream>> {
        let address = self.shared.with(|world| {
            let sandbox = &world.ready_sandbox(sandbox)?.record;
            Ok::<_, RuntimeError>(sandbox.address.unwrap_or(SHARED_ADDRESS))
        })?;
        match TcpStream::connect((address, port)).await {
            Ok(connection) => Ok(Box::new(Port(connection))),
            Err(error) => {
                let message = format!("nothing listens at {address}:{port} of sandbox {sandbox}: {error}");
                Err(RuntimeError::new(ErrorKind::Unavailable, message).with_source(error))
            }
        }
    }
}
