//! What a runtime finds of one before it: containers that run on, and what is known of those that do not.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use setpoint_runtime_traits::{ContainerId, Exit, SandboxState};

use super::identity::Identity;
use super::instance::Instance;
use super::launch::CONTAINER_ID_VARIABLE;
use super::lifecycle::adopt_container;
use super::proc_fs::{Stat, processes_by_variable};
use super::process_group::{ProcessGroup, kill_marked};
use super::record::{ContainerRecord, Moment, Phase, SandboxRecord};
use super::shared::Shared;

/// What becomes of a container that is found.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Finding {
    /// It is as its record says.
    AsRecorded,
    /// It runs, as this process.
    Runs(Moment, Identity),
    /// It ended while nobody watched.
    Ended(String),
}

/// Takes in everything that is on disk, and adopts what runs.
pub(super) fn recover(shared: &Arc<Shared>) -> io::Result<()> {
    let found = shared.directory.read_all()?;
    if found.is_empty() {
        return Ok(());
    }
    let marked = processes_by_variable(CONTAINER_ID_VARIABLE);
    for (sandbox, containers) in found {
        take_in_sandbox(shared, sandbox.clone());
        for record in containers {
            take_in_container(shared, &sandbox, record, &marked)?;
        }
    }
    Ok(())
}

fn take_in_sandbox(shared: &Shared, mut record: SandboxRecord) {
    shared.with(|world| {
        // The range of addresses may be another now. Without its own the sandbox cannot go on.
        if record.address.is_some_and(|address| !world.reserve(address)) {
            tracing::warn!(sandbox = %record.id, address = ?record.address, "a sandbox lost its address");
            record.address = None;
            record.state = SandboxState::NotReady;
        }
        world.insert_sandbox(record);
    });
}

fn take_in_container(
    shared: &Arc<Shared>,
    sandbox: &SandboxRecord,
    record: ContainerRecord,
    marked: &BTreeMap<String, Vec<i32>>,
) -> io::Result<()> {
    let id = record.id.clone();
    let processes = marked.get(id.as_str()).map_or(&[][..], |processes| processes);
    let finding = find(&record.phase, Identity::is_alive, || leader(processes));
    let instance = Instance::new(record, sandbox.config.metadata.clone());
    shared.with(|world| world.insert_container(instance));
    let identity = match finding {
        Finding::AsRecorded => return Ok(()),
        Finding::Runs(started_at, identity) => {
            move_on(shared, &id, |_| Phase::Running { started_at, process: identity.clone() });
            identity
        }
        Finding::Ended(message) => {
            // Those it left behind, if any.
            kill_marked(id.as_str());
            let now = shared.env.wall();
            move_on(shared, &id, |phase| phase.exited(now, Exit::Unknown, message));
            return Ok(());
        }
    };
    adopt_container(shared, &id, ProcessGroup::Adopted { identity, killed: false })
}

fn move_on(shared: &Shared, id: &ContainerId, next: impl FnOnce(&Phase) -> Phase) {
    shared.with(|world| {
        if let Ok(instance) = world.container_mut(id) {
            let phase = next(&instance.record.phase);
            // Nobody can listen yet.
            shared.move_on(instance, phase, None);
        }
    });
}

fn find(
    phase: &Phase,
    is_alive: impl Fn(&Identity) -> bool,
    leader: impl Fn() -> Option<Identity>,
) -> Finding {
    match phase {
        Phase::Created | Phase::Exited { .. } => Finding::AsRecorded,
        Phase::Running { started_at, process } if is_alive(process) => {
            Finding::Runs(*started_at, process.clone())
        }
        Phase::Running { .. } => Finding::Ended("it ended while no agent watched".to_owned()),
        Phase::Starting { at } => match leader() {
            Some(process) => Finding::Runs(*at, process),
            None => Finding::Ended("the agent ended while it started the container".to_owned()),
        },
    }
}

/// Of the processes that carry the mark of a container, its first: it leads a group, and none of them is older.
fn leader(processes: &[i32]) -> Option<Identity> {
    let leaders = processes.iter().filter_map(|pid| Stat::of(*pid).filter(|stat| stat.group == *pid));
    let oldest = leaders.min_by_key(|stat| stat.start_ticks)?;
    Some(Identity::of(oldest.group)).filter(Identity::is_alive)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use jiff::Timestamp;

    use super::*;

    const AT: Moment = Moment(Timestamp::UNIX_EPOCH);

    // AGENT-38
    #[test]
    fn only_what_is_known_to_run_is_taken_to_run() {
        let own = Identity::of(i32::try_from(std::process::id()).expect("a process id"));
        let running = Phase::Running { started_at: AT, process: own.clone() };
        let exited = Phase::Exited {
            started_at: Some(AT),
            finished_at: AT,
            exit: Exit::Code(0),
            message: String::new(),
        };
        let runs = Some(Finding::Runs(AT, own.clone()));
        let table = [
            ("created", Phase::Created, true, true, Some(Finding::AsRecorded)),
            ("exited", exited, true, true, Some(Finding::AsRecorded)),
            ("running", running.clone(), true, false, runs.clone()),
            ("running before", running, false, true, None),
            ("starting, and it did", Phase::Starting { at: AT }, false, true, runs),
            ("starting, and it did not", Phase::Starting { at: AT }, true, false, None),
        ];
        for (name, phase, is_alive, is_marked, expected) in table {
            let seen = find(&phase, |_| is_alive, || is_marked.then(|| own.clone()));
            match expected {
                Some(expected) => assert_eq!(seen, expected, "{name}"),
                None => assert!(matches!(seen, Finding::Ended(_)), "{name}: {seen:?}"),
            }
        }
    }
}
