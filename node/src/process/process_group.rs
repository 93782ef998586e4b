use std::fs::File;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};
use setpoint_core::env::Env;
use setpoint_runtime_traits::{ErrorKind, Exit};
use tokio::net::unix::pipe::{self, Receiver};
use tokio::process::{Child, Command};

use super::identity::Identity;
use super::launch::{CONTAINER_ID_VARIABLE, Launch};
use super::proc_fs::{Stat, processes_by_variable};
use super::state_directory::ContainerFolder;

/// How often an adopted process is looked at: the kernel tells its end to its parent only.
const ADOPTED_POLL_INTERVAL: Duration = Duration::from_millis(100);

/// How often leftovers of a container are looked for, in case they multiply while they are killed.
const SWEEPS_MAX: usize = 8;

/// The first process of a running container, which leads a group of its own.
#[derive(Debug)]
pub(super) enum ProcessGroup {
    /// A child of this process.
    Child(Child, Pid),
    /// One that an agent before this one started.
    Adopted {
        /// Which.
        identity: Identity,
        /// Whether it was killed from here.
        killed: bool,
    },
}

/// The near ends of a container's outputs.
#[derive(Debug)]
pub(super) struct Outputs {
    pub(super) stdout: Receiver,
    pub(super) stderr: Receiver,
}

impl Outputs {
    /// Opens the pipes of a container, making those that are not there. They are named, and every process that
    /// writes to one could also read it: so nobody is hurt by the absence of an agent, and the next one finds
    /// what was written meanwhile. A container that fills its pipe before that waits.
    pub(super) fn open(folder: &ContainerFolder) -> io::Result<Self> {
        Ok(Self {
            stdout: open_output(&folder.file("stdout"))?,
            stderr: open_output(&folder.file("stderr"))?,
        })
    }
}

fn open_output(path: &Path) -> io::Result<Receiver> {
    make_pipe(path)?;
    pipe::OpenOptions::new().open_receiver(path)
}

fn make_pipe(path: &Path) -> io::Result<()> {
    match mkfifo(path, Mode::S_IRUSR | Mode::S_IWUSR) {
        Ok(()) | Err(Errno::EEXIST) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn far_end(path: &Path) -> io::Result<Stdio> {
    Ok(File::options().read(true).write(true).open(path)?.into())
}

/// Starts a container's first process. Its outputs must be open already.
pub(super) fn start(launch: &Launch, folder: &ContainerFolder) -> io::Result<ProcessGroup> {
    let mut command = command(launch, &launch.program, &launch.args);
    command.stdout(far_end(&folder.file("stdout"))?).stderr(far_end(&folder.file("stderr"))?);
    if launch.stdin {
        let path = folder.file("stdin");
        make_pipe(&path)?;
        command.stdin(far_end(&path)?);
    }
    let child = command.spawn()?;
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw);
    Ok(ProcessGroup::Child(child, pid.expect("a child that was not waited for has an id")))
}

/// A command among the processes of a container, as leader of a group, with nothing to read.
pub(super) fn command(launch: &Launch, program: &str, args: &[String]) -> Command {
    let mut command = Command::new(program);
    command
        .args(args)
        .env_clear()
        .envs(&launch.env)
        .current_dir(&launch.working_dir)
        .stdin(Stdio::null())
        .process_group(0);
    command
}

impl ProcessGroup {
    /// What finds it again.
    pub(super) fn identity(&self) -> Identity {
        match self {
            Self::Child(_, pid) => Identity::of(pid.as_raw()),
            Self::Adopted { identity, .. } => identity.clone(),
        }
    }

    /// Sends a signal to the whole group, if the first process has not ended.
    pub(super) fn signal(&mut self, signal: Signal) {
        let group = match self {
            // Until it is waited for, its id belongs to nobody else.
            Self::Child(child, pid) if child.id().is_some() => *pid,
            Self::Adopted { identity, killed } if identity.is_alive() => {
                *killed |= signal == Signal::SIGKILL;
                Pid::from_raw(identity.pid)
            }
            Self::Child(..) | Self::Adopted { .. } => return,
        };
        send(group, signal);
    }

    /// How it ended, once it has. Can be given up and asked again.
    pub(super) async fn ended(&mut self, env: &Env) -> Exit {
        match self {
            Self::Child(child, _) => child.wait().await.map_or(Exit::Unknown, exit_of),
            Self::Adopted { identity, killed } => {
                while identity.is_alive() {
                    env.sleep(ADOPTED_POLL_INTERVAL).await;
                }
                if *killed { Exit::Signal(Signal::SIGKILL as i32) } else { Exit::Unknown }
            }
        }
    }

    /// Kills what is left of the group of a first process that ended.
    pub(super) fn kill_rest_of_group(&self) {
        let group = match self {
            Self::Child(_, pid) => *pid,
            Self::Adopted { identity, .. } => Pid::from_raw(identity.pid),
        };
        // No id is given to a new process while a group has it. A living process of this id shows that the group
        // is gone and the id is another's.
        let is_taken = match Stat::of(group.as_raw()) {
            Some(stat) => stat.is_alive(),
            None => kill(group, None) != Err(Errno::ESRCH),
        };
        if !is_taken {
            send(group, Signal::SIGKILL);
        }
    }
}

fn send(group: Pid, signal: Signal) {
    match killpg(group, signal) {
        // Gone is as good as told.
        Ok(()) | Err(Errno::ESRCH) => {}
        Err(error) => tracing::warn!(%group, %signal, %error, "processes of a container cannot be signalled"),
    }
}

/// Kills every process that carries the mark of this container, whatever group it went to. Reads the
/// environment of all processes, so it is for a thread that may wait.
pub(super) fn kill_marked(container: &str) {
    for _ in 0..SWEEPS_MAX {
        let marked = processes_by_variable(CONTAINER_ID_VARIABLE).remove(container).unwrap_or_default();
        let living: Vec<i32> =
            marked.into_iter().filter(|pid| Stat::of(*pid).is_some_and(|stat| stat.is_alive())).collect();
        if living.is_empty() {
            return;
        }
        for pid in living {
            // Gone is as good as killed, and more cannot be done about one that may not be.
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
}

/// How a process ended.
pub(super) fn exit_of(status: ExitStatus) -> Exit {
    match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, Some(signal)) => Exit::Signal(signal),
        (None, None) => Exit::Unknown,
    }
}

/// What kind of failure it was that a process did not start.
pub(super) fn kind_of_failure(error: &io::Error) -> ErrorKind {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(
            Errno::EAGAIN | Errno::ENOMEM | Errno::EMFILE | Errno::ENFILE | Errno::ENOSPC | Errno::EDQUOT,
        ) => ErrorKind::OutOfResources,
        _ => ErrorKind::InvalidSpec,
    }
}
