//! Containers from their start to their end, over the tasks that watch them.

use std::sync::Arc;

use parking_lot::Mutex;
use setpoint_runtime_traits::{ContainerEventKind, ContainerId, ErrorKind, Exit, Result, RuntimeError};
use tokio::sync::Notify;

use super::launch::Launch;
use super::log_file::LogFile;
use super::orders::Orders;
use super::process_group::{Outputs, ProcessGroup, kind_of_failure, start};
use super::record::{Moment, Phase};
use super::shared::{Shared, not_kept};
use super::state_directory::ContainerFolder;
use super::supervisor::{Watch, supervise};

/// The code that a container which could not be started ends with, as containerd has it.
const START_FAILED_CODE: i32 = 128;

/// All that a start takes from the world.
struct Departure {
    launch: Launch,
    folder: ContainerFolder,
    log: Arc<Mutex<LogFile>>,
    printed: Arc<Notify>,
    orders: Arc<Orders>,
}

/// Starts a container and the watch over it.
pub(super) fn start_container(shared: &Arc<Shared>, id: &ContainerId) -> Result<()> {
    let started_at = Moment(shared.env.wall());
    let departure = begin(shared, id, started_at)?;
    // Whoever wants it stopped meanwhile waits for the watch to carry that out.
    let started = Outputs::open(&departure.folder)
        .and_then(|outputs| Ok((start(&departure.launch, &departure.folder)?, outputs)));
    let (process, outputs) = match started {
        Ok(started) => started,
        Err(error) => return Err(fail(shared, id, &departure.launch, error)),
    };
    let phase = Phase::Running { started_at, process: process.identity() };
    let watch = Watch {
        id: id.clone(),
        process,
        stop_signal: departure.launch.stop_signal,
        outputs,
        log: departure.log,
        printed: departure.printed,
        orders: departure.orders,
    };
    shared.with(|world| {
        // A container that is being started is not removed.
        let is_closed = world.is_closed;
        let Ok(instance) = world.container_mut(id) else { return };
        shared.move_on(instance, phase, Some(ContainerEventKind::Started));
        if is_closed {
            // Shut down meanwhile: whoever comes next adopts it.
            return;
        }
        instance.task = Some(shared.env.spawn("process container", supervise(Arc::clone(shared), watch)));
    });
    Ok(())
}

fn begin(shared: &Shared, id: &ContainerId, at: Moment) -> Result<Departure> {
    shared.with(|world| {
        world.check_open()?;
        let sandbox_id = world.container(id)?.container.sandbox_id.clone();
        let is_ready = world.ready_sandbox(&sandbox_id).map(drop);
        let instance = world.container_mut(id)?;
        if instance.record.phase != Phase::Created {
            let message = format!("container {id} was started before");
            return Err(RuntimeError::new(ErrorKind::Conflict, message));
        }
        is_ready?;
        let log = LogFile::open(&instance.record.log_path, shared.settings.log_file_bytes_max)
            .map_err(|error| not_kept("the log of container", id, error))?;
        let mut record = instance.record.clone();
        record.phase = Phase::Starting { at };
        shared.directory.write_container(&record).map_err(|error| not_kept("container", id, error))?;
        instance.set_phase(record.phase);
        let log = Arc::new(Mutex::new(log));
        instance.log = Some(Arc::clone(&log));
        Ok(Departure {
            launch: record.launch,
            folder: shared.directory.container(&sandbox_id, id),
            log,
            printed: Arc::clone(&instance.printed),
            orders: Arc::clone(&instance.orders),
        })
    })
}

fn fail(shared: &Shared, id: &ContainerId, launch: &Launch, error: std::io::Error) -> RuntimeError {
    let message = format!("cannot execute {:?} in {:?}: {error}", launch.program, launch.working_dir);
    shared.with(|world| {
        let Ok(instance) = world.container_mut(id) else { return };
        let exit = Exit::Code(START_FAILED_CODE);
        let phase = instance.record.phase.exited(shared.env.wall(), exit, message.clone());
        shared.move_on(instance, phase, Some(ContainerEventKind::Stopped));
    });
    RuntimeError::new(kind_of_failure(&error), format!("container {id}: {message}")).with_source(error)
}

/// Takes over the watch from an agent that is gone.
pub(super) fn adopt_container(
    shared: &Arc<Shared>,
    id: &ContainerId,
    process: ProcessGroup,
) -> std::io::Result<()> {
    shared.with(|world| {
        let Ok(instance) = world.container_mut(id) else { return Ok(()) };
        let folder = shared.directory.container(&instance.container.sandbox_id, id);
        let log = LogFile::later(&instance.record.log_path, shared.settings.log_file_bytes_max);
        let log = Arc::new(Mutex::new(log));
        let watch = Watch {
            id: id.clone(),
            process,
            stop_signal: instance.record.launch.stop_signal,
            outputs: Outputs::open(&folder)?,
            log: Arc::clone(&log),
            printed: Arc::clone(&instance.printed),
            orders: Arc::clone(&instance.orders),
        };
        instance.log = Some(log);
        instance.task = Some(shared.env.spawn("process container", supervise(Arc::clone(shared), watch)));
        Ok(())
    })
}

/// Waits until the container has ended or is gone. Fails if nobody watches over it any more.
pub(super) async fn ended(shared: &Shared, id: &ContainerId) -> Result<()> {
    loop {
        let end = shared.with(|world| {
            let Some(live) = world.container(id).ok().filter(|instance| instance.is_live()) else {
                return Ok(None);
            };
            world.check_open().map(|()| Some(live.end()))
        });
        let Some(end) = end? else { return Ok(()) };
        end.await;
    }
}
