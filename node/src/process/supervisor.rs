use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{Either, join, select};
use nix::sys::signal::Signal;
use parking_lot::Mutex;
use setpoint_core::env::Env;
use setpoint_runtime_traits::{ContainerEventKind, ContainerId, Exit, OutputStream};
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe::Receiver;
use tokio::sync::Notify;

use super::log_file::{LineSplitter, LogFile};
use super::orders::{Order, Orders};
use super::process_group::{Outputs, ProcessGroup, kill_marked};
use super::shared::Shared;

/// How long the outputs of an ended container are still read, should somebody else hold them open.
const DRAIN_LIMIT: Duration = Duration::from_secs(2);

/// How much of an output is read at a time.
const READ_BYTES: usize = 8 * 1024;

/// All that the watch over one container needs.
pub(super) struct Watch {
    pub(super) id: ContainerId,
    pub(super) process: ProcessGroup,
    pub(super) stop_signal: i32,
    pub(super) outputs: Outputs,
    pub(super) log: Arc<Mutex<LogFile>>,
    pub(super) printed: Arc<Notify>,
    pub(super) orders: Arc<Orders>,
}

/// Watches over a container from its start, or its adoption, to its end: writes its log, carries out orders, and
/// clears up after it. Given up, the container runs on.
pub(super) async fn supervise(shared: Arc<Shared>, watch: Watch) {
    let Watch { id, mut process, stop_signal, outputs, log, printed, orders } = watch;
    let env = &shared.env;
    let mut output = pin!(async {
        let copy = |stream, from| copy_output(stream, from, &log, &printed, env);
        join(copy(OutputStream::Stdout, outputs.stdout), copy(OutputStream::Stderr, outputs.stderr)).await;
    });
    let mut is_silent = false;
    let exit = {
        let end = pin!(until_end(&mut process, stop_signal, &orders, env));
        match select(end, &mut output).await {
            Either::Left((exit, _)) => exit,
            Either::Right(((), end)) => {
                is_silent = true;
                end.await
            }
        }
    };
    let finished_at = env.wall();
    process.kill_rest_of_group();
    let mark = id.clone();
    // It reads files of the kernel for every process there is. Only a panic in there could fail.
    drop(tokio::task::spawn_blocking(move || kill_marked(mark.as_str())).await);
    if !is_silent && env.timeout(DRAIN_LIMIT, output).await.is_err() {
        tracing::warn!(container = %id, "an output is still open after the end of its container");
    }
    shared.with(|world| {
        let Ok(instance) = world.container_mut(&id) else { return };
        let phase = instance.record.phase.exited(finished_at, exit, String::new());
        shared.move_on(instance, phase, Some(ContainerEventKind::Stopped));
    });
}

async fn until_end(process: &mut ProcessGroup, stop_signal: i32, orders: &Orders, env: &Env) -> Exit {
    // It was made from a signal, which a record keeps as a number.
    let ask = Signal::try_from(stop_signal).unwrap_or(Signal::SIGTERM);
    loop {
        let deadline = match orders.next(env.now()) {
            Order::Ask => {
                process.signal(ask);
                continue;
            }
            Order::Kill => {
                process.signal(Signal::SIGKILL);
                continue;
            }
            Order::Wait(deadline) => deadline,
        };
        let end = pin!(process.ended(env));
        let changed = pin!(orders.changed());
        if let Either::Left((exit, _)) = select(end, select(changed, env.sleep_until(deadline))).await {
            return exit;
        }
    }
}

async fn copy_output(
    stream: OutputStream,
    mut from: Receiver,
    log: &Mutex<LogFile>,
    printed: &Notify,
    env: &Env,
) {
    let mut splitter = LineSplitter::new(stream);
    let mut bytes = vec![0; READ_BYTES];
    let mut lines = Vec::new();
    // A pipe that cannot be read any more is as good as closed.
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        splitter.feed(bytes.get(..count).unwrap_or_default(), env.wall(), &mut lines);
        write(log, printed, &mut lines);
    }
    splitter.finish(env.wall(), &mut lines);
    write(log, printed, &mut lines);
}

fn write(log: &Mutex<LogFile>, printed: &Notify, lines: &mut Vec<u8>) {
    if !lines.is_empty() {
        log.lock().append(lines);
        lines.clear();
        printed.notify_waiters();
    }
}
