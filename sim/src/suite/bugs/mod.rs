//! Seeded bugs: what has gone wrong in control planes before, put back in at the seams.
//!
//! None of them is in the controllers: each is a store or a view that lies in between, as the faulty client
//! libraries, caches and retries of the past have done, or that changes what is written, as a faulty
//! controller would have. A harness that does not find them is broken; the test `finds_every_seeded_bug` holds how
//! fast it does, and `docs/testing.md` says it.

mod store;
mod tampering;
mod view;

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use setpoint_reconcile::backoff::Backoff;
use setpoint_reconcile::controller::Settings;
use setpoint_reconcile::queue::Config as QueueConfig;

use self::store::Tampered;
use self::tampering::Tampering;
use self::view::{Lie, LyingView};
use super::{leaders, nodes, workloads};
use crate::{Scenario, Summary, Sweep, View, Violation};

/// A bug that a search must find.
#[derive(Debug, Clone)]
pub struct Bug {
    /// What it does.
    pub name: &'static str,
    /// Where it has happened.
    pub history: &'static str,
    /// The world that has it.
    pub scenario: Scenario,
    /// How it is found.
    pub hunt: Hunt,
    /// The check that finds it.
    pub check: &'static str,
}

/// How a bug is looked for.
#[derive(Debug, Clone, Copy)]
pub enum Hunt {
    /// By so many runs of a sweep at the most.
    Sweep(u64),
    /// By so many random runs at the most.
    Seeds(u64),
}

impl Hunt {
    /// How many runs it may take.
    pub fn runs(self) -> u64 {
        match self {
            Self::Sweep(runs) | Self::Seeds(runs) => runs,
        }
    }
}

/// A bug, and what is needed to find it.
type Row = (&'static str, &'static str, Seam, &'static str, Hunt, &'static str);

/// Where a bug is put in.
enum Seam {
    View(Lie),
    Store(Tampering),
    Settings(fn() -> Settings),
    World(fn() -> Scenario),
}

/// All of them.
pub fn bugs() -> Vec<Bug> {
    rows().into_iter().map(bug).collect()
}

#[rustfmt::skip]
fn rows() -> Vec<Row> {
    use Hunt::{Seeds, Sweep};
    use Seam::{Settings, Store, View, World};
    vec![
        ("does not wait for its own writes", "kubernetes#59848, KEP-5647", View(Lie::Current), "rollout", Sweep(120), "INV-RS-01"),
        ("takes a cache that is not filled for an empty one", "kubernetes#14528", View(Lie::Complete), "replica-set", Sweep(100), "INV-RS-01"),
        ("loses wake-ups", "kube-rs#1322", View(Lie::DropsNotices), "replica-set", Sweep(20), "INV-C-01"),
        ("is not told of removals", "kubernetes#115658", View(Lie::DropsRemovals), "ownership", Sweep(400), "INV-C-01"),
        ("believes an old cache after a restart", "kubernetes#59848", Store(Tampering::OldCache), "scaled", Seeds(150), "INV-C-08"),
        ("skips revisions of a watch", "kubernetes#123072", Store(Tampering::SkipsEvents), "replica-set", Sweep(20), "INV-RS-01"),
        ("resumes a watch from now", "kubernetes#116122", Store(Tampering::ResumesNow), "replica-set", Sweep(700), "INV-C-01"),
        ("loses objects of a list", "kube-rs#1524", Store(Tampering::LosesListed), "replica-set", Sweep(20), "INV-RS-01"),
        ("deletes by name", "kubernetes#88097", Store(Tampering::DeletesByName), "recreated", Seeds(300), "INV-C-10"),
        ("writes over what others have written", "lost updates", Store(Tampering::Overwrites), "churn", Seeds(200), "INV-C-08"),
        ("creates again after a time-out", "kubernetes#67250", Store(Tampering::RetriesBlindly), "replica-set", Sweep(30), "INV-RS-01"),
        ("leaves its finalizers behind", "kubernetes#109485", Store(Tampering::KeepsFinalizers), "ownership", Sweep(20), "INV-C-01"),
        ("counts a pod twice", "kubernetes#105200", Store(Tampering::Twins), "replica-set", Sweep(20), "INV-C-01"),
        ("tries again without a pause", "kubernetes#76370", Settings(without_pause), "refused", Sweep(20), "INV-C-03"),
        ("does not say that pods are refused", "kubernetes#72593", Store(Tampering::DropsConditions), "refused", Sweep(20), "INV-RS-05"),
        ("takes a template for another one, for a default", "kubernetes#57167", Store(Tampering::ForgetsDefaults), "rollout", Sweep(20), "INV-C-01"),
        ("surges by one too many", "kubernetes#21810", Store(Tampering::OneTooMany), "rollout", Sweep(20), "INV-DP-02"),
        ("takes one too many away", "kubernetes#22719", Store(Tampering::OneTooFew), "rollout", Sweep(20), "INV-DP-01"),
        ("rolls out while paused", "a pause that is not seen", Store(Tampering::HidesPause), "revisions", Sweep(200), "INV-DP-08"),
        ("goes back to a template and something more", "a hash that is kept", Store(Tampering::KeepsHash), "revisions", Sweep(20), "INV-DP-10"),
        ("keeps old annotations", "kubernetes#138036", Store(Tampering::KeepsAnnotations), "rollout", Sweep(20), "INV-DP-05"),
        ("deletes the wrong pod", "a cost that is not seen", Store(Tampering::HidesCost), "replica-set", Sweep(30), "INV-C-05"),
        ("looks up owners in a cache", "kubernetes#65200", Store(Tampering::CachedReads), "recreated", Seeds(150), "INV-C-01"),
        ("acknowledges before it syncs", "etcd#14370", World(never_synced), "durable", Seeds(60), "INV-ST-15"),
        ("leads on without a fence", "client-go's own warning", World(unfenced), "leaders", Seeds(2000), "INV-C-09"),
        ("forgets what runs", "an agent without a look at its runtime", World(forgetful), "nodes", Seeds(20), "INV-RT-01"),
    ]
}

fn bug((name, history, seam, world, hunt, check): Row) -> Bug {
    let scenario = || super::scenario(world);
    let scenario = match seam {
        Seam::View(lie) => {
            scenario().control_plane(|plane| plane.view(move |view| Arc::new(LyingView::new(view, lie))))
        }
        Seam::Store(how) => {
            scenario().control_plane(|plane| plane.store(move |_, store| Arc::new(Tampered::new(store, how))))
        }
        Seam::Settings(make) => workloads::refused(Some(make())),
        Seam::World(make) => make(),
    };
    Bug { name, history, scenario, hunt, check }
}

impl Bug {
    /// Looks for it. Tells how many runs it took and which check found it, or how many were made in vain.
    ///
    /// # Errors
    ///
    /// The number of runs, if it is not found.
    pub fn find(&self) -> Result<(u64, Violation), u64> {
        let mut summary = Summary::default();
        let found = match self.hunt {
            Hunt::Sweep(runs_max) => {
                let sweep = Sweep { runs_max, ..Sweep::full(View::Informers) };
                self.scenario.try_sweep(sweep, &mut summary)
            }
            Hunt::Seeds(seeds) => (0..seeds).try_for_each(|seed| self.scenario.try_seed(seed, &mut summary)),
        };
        match found {
            Err(violation) => Ok((summary.runs, violation)),
            Ok(()) => Err(summary.runs),
        }
    }
}

/// What `docs/testing.md` says of them.
pub fn table() -> String {
    let mut table = String::from("| bug | where it has happened | found | by |\n|---|---|---|---|\n");
    for bug in bugs() {
        let Bug { name, history, scenario, hunt, check } = &bug;
        let (how, runs) = match hunt {
            Hunt::Sweep(runs) => ("the sweep", runs),
            Hunt::Seeds(runs) => ("random runs", runs),
        };
        // Writing to a string does not fail.
        let _written = writeln!(
            table,
            "| {name} | {history} | within {runs} runs of {how} of `{}` | {check} |",
            scenario.name()
        );
    }
    table
}

/// Nothing is ever synced.
fn never_synced() -> Scenario {
    super::scenario("durable").with_store_never_synced()
}

/// The writes of a leader that was deposed are not refused.
fn unfenced() -> Scenario {
    leaders::leaders_with(|plane| plane.store(|_, store| Arc::new(Tampered::new(store, Tampering::NoFence))))
}

/// Agents that start again are not shown what runs.
fn forgetful() -> Scenario {
    nodes::nodes_of("nodes", true)
}

/// Pods are refused, and the controller tries again without a pause.
fn without_pause() -> Settings {
    let moment = Duration::from_millis(1);
    let backoff = Backoff::try_new(moment, 1.0, moment, 0.0).expect("a wait that does not grow");
    let queue = QueueConfig { backoff, retry_limit: None, ..QueueConfig::default() };
    Settings { queue, ..Settings::default() }
}
