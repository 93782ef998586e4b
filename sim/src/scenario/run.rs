use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{Either, select};
use jiff::SignedDuration;
use k8s_openapi::api::core::v1::Namespace;
use setpoint_core::kind::Registry;
use setpoint_core::object::Revision;
use setpoint_reconcile::history::History;
use setpoint_store::admission::Chain;
use setpoint_store::engine::Memory;
use setpoint_store::tables::Snapshot;
use setpoint_store::{ObjectStore, Store};

use super::{Executor, Scenario};
use crate::choices::{Drawn, Schedule, Site, Stream};
use crate::kubelet;
use crate::link::Faults;
use crate::user::{User, settle};
use crate::world::{CrashingStore, Entry, Process, Restart, Surroundings, Violation, World};

/// How the processes see the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// By informers, as a client of a remote store does: late, and one write after the other.
    Informers,
    /// By the store's own snapshots, as an embedder's control plane does.
    Direct,
}

/// Where the choices of a run come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    Seed(u64),
    Schedule(Schedule),
}

/// How a run is to be.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) source: Source,
    pub(crate) view: View,
    pub(crate) faults: Faults,
    /// Whether anything may go wrong.
    pub(crate) faulty: bool,
}

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) schedule: Schedule,
    pub(crate) drawn: Vec<Drawn>,
    pub(crate) fingerprint: u64,
    pub(crate) lasted: Duration,
    pub(crate) violation: Option<Violation>,
    pub(crate) entries: Vec<Entry>,
    /// The store in the end, with its kinds.
    pub(crate) truth: (Registry, Snapshot),
    pub(crate) counts: BTreeMap<(String, &'static str), u64>,
    /// The revision from which histories count.
    pub(crate) began_at: Revision,
    /// What each process's controllers did, and why.
    pub(crate) histories: Vec<(String, History)>,
}

/// Faults go on so long after the last thing that the user does.
const AFTERMATH: Duration = Duration::from_secs(40);
/// How long a machine is without power.
const POWER: Duration = Duration::from_secs(60);
/// A world at rest writes nothing for so long: longer than the longest back-off (INV-C-02).
const QUIET: Duration = Duration::from_secs(1200);
/// A world must have come to rest after the last fault in this time, its silence included (INV-C-01).
const REST_MAX: Duration = Duration::from_secs(4 * 3600);

/// Runs a scenario.
pub(crate) fn run(scenario: &Scenario, plan: &Plan) -> Run {
    let choices = match &plan.source {
        Source::Seed(seed) => Stream::seeded(*seed),
        Source::Schedule(schedule) => Stream::scheduled(schedule),
    };
    let executor = scenario.executor(&choices);
    #[cfg(feature = "paused-tokio")]
    let _inside = match &executor {
        Executor::Tokio(paused) => Some(paused.enter()),
        Executor::Simulation(_) => None,
    };
    let env = executor.env();
    let registry = scenario.registry.as_ref().map_or_else(Registry::builtin, |make| make());
    scenario.kinds.iter().for_each(|register| register(&registry));
    let checks = scenario.make_checks(&registry);
    let (store, crashing) = open(scenario, &executor, registry.clone());
    let world = Arc::new(World::new(&env, store, crashing, &choices, plan.faults, checks));
    let mut processes = Vec::new();
    let life = async {
        let mut namespace = Namespace::default();
        namespace.metadata.name = Some("default".to_owned());
        User::new(&world).ensure(None, namespace).await?;
        processes = make_processes(scenario, plan, &world);
        world.set_processes(&processes);
        play(scenario, plan, &world, &processes).await
    };
    let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| executor.run(life)));
    match outcome {
        Ok(Ok(Ok(()))) => {}
        Ok(Ok(Err(error))) => world.violated("user", format!("the script failed: {error}")),
        Ok(Err(halt)) => world.violated("INV-IN-09", halt),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic");
            world.violated("INV-C-07", format!("panicked: {text}"));
        }
    }
    processes.iter().for_each(|process| process.end());
    Run {
        schedule: choices.recorded(),
        drawn: choices.drawn(),
        fingerprint: world.read_ledger(|ledger| ledger.fingerprint()),
        lasted: env.now().since_start(),
        violation: world.violation(),
        entries: world.entries(),
        truth: (registry, world.snapshot()),
        counts: world.read_ledger(|ledger| ledger.counts().clone()),
        began_at: world.began_at,
        histories: processes.iter().map(|it| (it.name().to_owned(), it.history().clone())).collect(),
    }
}

/// The store that a scenario asks for.
fn open(
    scenario: &Scenario,
    executor: &Executor,
    registry: Registry,
) -> (Arc<dyn ObjectStore>, Option<Arc<CrashingStore>>) {
    let env = executor.env();
    let Some(syncs) = scenario.durable else {
        return (Arc::new(Store::new(&env, Memory::new(&env), registry, Chain::upstream())), None);
    };
    let store = executor.run(CrashingStore::new(&env, registry, syncs)).flatten();
    let store = Arc::new(store.expect("an empty folder can be made a store"));
    (Arc::clone(&store) as Arc<dyn ObjectStore>, Some(store))
}

fn make_processes(scenario: &Scenario, plan: &Plan, world: &Arc<World>) -> Vec<Arc<Process>> {
    let direct = plan.view == View::Direct;
    let outside = Surroundings::new(world);
    let specs = scenario.processes.iter().map(|make| make(&outside));
    std::iter::once(scenario.plane.clone())
        .chain(specs)
        .map(|spec| {
            let mut parts = spec.0;
            parts.direct = direct;
            Process::new(world, parts)
        })
        .collect()
}

async fn play(
    scenario: &Scenario,
    plan: &Plan,
    world: &Arc<World>,
    processes: &[Arc<Process>],
) -> setpoint_core::Result<()> {
    if scenario.kubelet {
        kubelet::start(world);
    }
    world.set_faulty(plan.faulty);
    processes.iter().for_each(Process::start);
    let wrong = std::pin::pin!(world.wrong.notified());
    let story = std::pin::pin!(tell(scenario, plan, world, processes));
    match select(story, wrong).await {
        Either::Left((result, _)) => result,
        // The first thing that goes wrong ends it.
        Either::Right(((), _)) => Ok(()),
    }
}

/// First what people do, while things go wrong; then everything is put right and comes to rest.
async fn tell(
    scenario: &Scenario,
    plan: &Plan,
    world: &Arc<World>,
    processes: &[Arc<Process>],
) -> setpoint_core::Result<()> {
    {
        let script = async {
            (scenario.script)(User::new(world)).await?;
            if plan.faulty {
                world.env.sleep(AFTERMATH).await;
            }
            Ok::<(), setpoint_core::Error>(())
        };
        let script = std::pin::pin!(script);
        let mishaps = std::pin::pin!(mishaps(plan, world, processes));
        match select(script, mishaps).await {
            Either::Left((result, _)) => result?,
            Either::Right((never, _)) => match never {},
        }
    }
    world.note("world", "nothing goes wrong from here on".to_owned());
    world.set_faulty(false);
    world.notice_crash();
    world.up().await;
    processes.iter().for_each(Process::heal);
    if !settle(world, QUIET, REST_MAX).await {
        let message = format!("things were still being written {REST_MAX:?} after the last fault");
        world.violated("INV-C-02", message);
    }
    world.check_at_rest();
    processes.iter().for_each(|process| process.check_at_rest());
    for process in processes {
        let panics = process.panics();
        if panics > 0 {
            world.violated("INV-C-07", format!("{panics} runs of {} panicked", process.name()));
        }
    }
    Ok(())
}

/// What befalls processes as time goes by.
async fn mishaps(plan: &Plan, world: &Arc<World>, processes: &[Arc<Process>]) -> std::convert::Infallible {
    if !plan.faulty {
        futures::future::pending::<()>().await;
    }
    let sites: Vec<Site> =
        processes.iter().map(|it| world.choices.site(&format!("process/{}", it.name()))).collect();
    loop {
        world.env.sleep(Duration::from_secs(1)).await;
        world.notice_crash();
        for (process, site) in processes.iter().zip(&sites) {
            let crash = |seconds| Restart { after: Duration::from_secs(seconds), behind: None };
            match world.choices.weighted(*site, &world.faults.process.chances()) {
                0 => {}
                1 => process.crash(crash(1)),
                2 => process.crash(crash(30)),
                3 => process.pause(Duration::from_secs(3)),
                4 => process.pause(Duration::from_secs(120)),
                5 => process.partition(Duration::from_secs(20)),
                6 => process.shift_clock(SignedDuration::from_hours(1)),
                7 => process.shift_clock(SignedDuration::from_hours(-1)),
                _ => process.lose_power(POWER),
            }
        }
    }
}
