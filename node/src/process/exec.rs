use std::io;
use std::time::Duration;

use futures::future::{Either, join, select};
use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use setpoint_core::env::Env;
use setpoint_runtime_traits::{ErrorKind, ExecOutput, Exit, Result, RuntimeError};
use std::pin::pin;
use std::process::Stdio;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Child;

use super::launch::Launch;
use super::process_group::{command, exit_of, kind_of_failure};

/// How much of each output of a command is kept; what it writes past that is read and dropped.
pub const EXEC_OUTPUT_BYTES_MAX: usize = 1 << 20;

/// How many commands run at a time in all containers together.
pub const EXECS_MAX: usize = 64;

/// How long the outputs of an ended command are still read, should somebody else hold them open.
const DRAIN_LIMIT: Duration = Duration::from_secs(1);

/// Runs a command beside the processes of a container, and waits for its end.
///
/// It is in a group of its own, which is killed when the command has ended, when its time is over, and when this
/// is given up.
pub(super) async fn run(
    launch: &Launch,
    words: &[String],
    limit: Option<Duration>,
    env: &Env,
) -> Result<ExecOutput> {
    let Some((program, args)) = words.split_first() else {
        return Err(RuntimeError::new(ErrorKind::InvalidSpec, "the command is empty"));
    };
    let mut command = command(launch, program, args);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.map_err(|error| {
        let message = format!("cannot execute {program:?} in {:?}: {error}", launch.working_dir);
        RuntimeError::new(kind_of_failure(&error), message).with_source(error)
    })?;
    let mut group = Group(child);
    match limit {
        None => Ok(group.finish(env).await),
        Some(limit) => env.timeout(limit, group.finish(env)).await.map_err(|_| {
            let message = format!("{program:?} was not done within {limit:?}");
            RuntimeError::new(ErrorKind::Timeout, message)
        }),
    }
}

/// A command and the group it leads, killed when dropped.
struct Group(Child);

impl Group {
    async fn finish(&mut self, env: &Env) -> ExecOutput {
        let (out, err) = (self.0.stdout.take(), self.0.stderr.take());
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let leader = self.id();
        let exit = {
            let mut outputs = pin!(join(keep(out, &mut stdout), keep(err, &mut stderr)));
            let end = pin!(self.0.wait());
            match select(end, &mut outputs).await {
                Either::Left((exit, _)) => {
                    // What it left behind would keep its outputs open.
                    leader.into_iter().for_each(kill_group);
                    // Past the limit it is as complete as it gets.
                    drop(env.timeout(DRAIN_LIMIT, outputs).await);
                    exit
                }
                Either::Right((_, end)) => end.await,
            }
        };
        ExecOutput { stdout, stderr, exit: exit.map_or(Exit::Unknown, exit_of) }
    }

    /// The id of the command, until it was waited for.
    fn id(&self) -> Option<Pid> {
        self.0.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.id().into_iter().for_each(kill_group);
    }
}

fn kill_group(group: Pid) {
    match killpg(group, Signal::SIGKILL) {
        Ok(()) | Err(Errno::ESRCH) => {}
        Err(error) => tracing::warn!(%group, %error, "a command cannot be killed"),
    }
}

/// Reads to the end and keeps the beginning.
async fn keep(from: Option<impl AsyncRead + Unpin>, kept: &mut Vec<u8>) -> io::Result<()> {
    let Some(mut from) = from else { return Ok(()) };
    let mut bytes = vec![0; 8 * 1024];
    loop {
        let count = from.read(&mut bytes).await?;
        if count == 0 {
            return Ok(());
        }
        let room = EXEC_OUTPUT_BYTES_MAX - kept.len();
        kept.extend(bytes.iter().take(count.min(room)));
    }
}
