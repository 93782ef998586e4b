use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use setpoint_runtime_traits::{
    ContainerId, ErrorKind, EventStream, ExecOutput, Exit, LogLine, LogOptions, Result, RuntimeError,
    StreamingService,
};
use tokio::sync::futures::OwnedNotified;

use super::SimulatedRuntime;
use super::control::ExecCall;
use super::driver::Shared;
use super::state::KILL;

#[async_trait]
impl StreamingService for SimulatedRuntime {
    /// The answer given by hand ([`SimulatedRuntime::answer_exec`]) if there is one; else `true` succeeds,
    /// `false` ends with 1, and every other command succeeds if the container is ready.
    async fn exec_sync(
        &self,
        id: &ContainerId,
        command: &[String],
        timeout: Option<Duration>,
    ) -> Result<ExecOutput> {
        let script = self.shared.call(|world, _| match world.container(id)? {
            instance if instance.is_running() => Ok(Arc::clone(&instance.script)),
            _ => Err(RuntimeError::new(ErrorKind::Conflict, format!("container {id} does not run"))),
        })?;
        let delay = script.exec_delay.draw(&self.shared.env);
        let limit = timeout.unwrap_or(Duration::MAX);
        if !delay.is_zero() {
            self.shared.env.sleep(delay.min(limit)).await;
        }
        if delay > limit {
            let message = format!("{command:?} in container {id} was not done within {limit:?}");
            return Err(RuntimeError::new(ErrorKind::Timeout, message));
        }
        let asked = self.shared.call(|world, now| {
            let instance = world.container(id)?;
            let ready = instance.is_ready(now);
            let who = (instance.pod.clone(), instance.container.metadata.clone());
            Ok(instance.is_running().then_some((who, ready)))
        })?;
        let Some(((pod, container), ready)) = asked else {
            // It went down with its container.
            return Ok(ExecOutput { stdout: Vec::new(), stderr: Vec::new(), exit: Exit::Signal(KILL) });
        };
        let call = ExecCall { pod: &pod, container: &container, command, ready };
        let responder = self.shared.responder.lock().clone();
        let answer = responder.and_then(|respond| respond(&call));
        Ok(answer.unwrap_or_else(|| call.default_answer()))
    }

    async fn logs(&self, id: &ContainerId, options: &LogOptions) -> Result<EventStream<LogLine>> {
        let first = self.shared.call(|world, _| {
            let output = &world.container(id)?.output;
            Ok(options.tail_lines.map_or(0, |count| output.tail(count)))
        })?;
        let reader =
            Reader { shared: Arc::clone(&self.shared), id: id.clone(), next: first, follow: options.follow };
        let since = options.since;
        let lines = futures::stream::unfold(reader, |mut reader| async move {
            reader.next_line().await.map(|line| (line, reader))
        });
        let wanted =
            lines.filter(move |line| futures::future::ready(since.is_none_or(|since| line.at >= since)));
        Ok(wanted.map(Ok).boxed())
    }

    /// There is no file, so there is nothing to open again.
    async fn reopen_log(&self, id: &ContainerId) -> Result<()> {
        self.shared.call(|world, _| match world.container(id)? {
            instance if instance.is_running() => Ok(()),
            _ => Err(RuntimeError::new(ErrorKind::Conflict, format!("container {id} does not run"))),
        })
    }
}

/// Where a reader of a log has got to.
struct Reader {
    shared: Arc<Shared>,
    id: ContainerId,
    next: u64,
    follow: bool,
}

enum Step {
    Line(LogLine),
    Wait(OwnedNotified),
    End,
}

impl Reader {
    async fn next_line(&mut self) -> Option<LogLine> {
        loop {
            match self.step() {
                Step::Line(line) => return Some(line),
                Step::Wait(change) => change.await,
                Step::End => return None,
            }
        }
    }

    fn step(&mut self) -> Step {
        self.shared.with(|world, _| {
            let Ok(instance) = world.container_mut(&self.id) else { return Step::End };
            if let Some((line, next)) = instance.output.from(self.next) {
                self.next = next;
                return Step::Line(line.clone());
            }
            if !self.follow || instance.is_over() {
                return Step::End;
            }
            Step::Wait(instance.next_change())
        })
    }
}
