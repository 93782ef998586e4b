//! Seeded bugs: what has gone wrong in control planes before, put back in at the seams.
//!
//! None of them is in the controllers: each is a store or a view that lies in between, as the faulty client
//! libraries, caches and retries of the past have done. A harness that does not find them is broken; the test
//! `finds_every_seeded_bug` holds how fast it does.

pub(super) mod store;
mod view;

use std::sync::Arc;
use std::time::Duration;

use setpoint_reconcile::backoff::Backoff;
use setpoint_reconcile::controller::Settings;
use setpoint_reconcile::queue::Config as QueueConfig;

use self::store::{Tampered, Tampering};
use self::view::{Lie, LyingView};
use super::workloads;
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
}

/// How a bug is looked for.
#[derive(Debug, Clone, Copy)]
pub enum Hunt {
    /// By a sweep.
    Sweep(Sweep),
    /// By so many random runs at the most.
    Seeds(u64),
}

const SWEEP: Hunt = Hunt::Sweep(Sweep::full(View::Informers));

/// All of them.
pub fn bugs() -> Vec<Bug> {
    vec![
        lying(
            "does not wait for its own writes",
            "kubernetes#59848, KEP-5647",
            "rollout",
            Lie::Current,
            SWEEP,
        ),
        lying(
            "takes a cache that is not filled for an empty one",
            "kubernetes#14528",
            "replica-set",
            Lie::Complete,
            SWEEP,
        ),
        lying("loses wake-ups", "kube-rs#1322", "replica-set", Lie::DropsNotices, SWEEP),
        lying("is not told of removals", "kubernetes#115658", "ownership", Lie::DropsRemovals, SWEEP),
        tampering(
            "believes an old cache after a restart",
            "kubernetes#59848",
            "scaled",
            Tampering::OldCache,
            Hunt::Seeds(400),
        ),
        tampering(
            "skips revisions of a watch",
            "kubernetes#123072",
            "replica-set",
            Tampering::SkipsEvents,
            SWEEP,
        ),
        tampering(
            "resumes a watch from now",
            "kubernetes#116122",
            "replica-set",
            Tampering::ResumesNow,
            SWEEP,
        ),
    ]
}

/// Bugs of which no search has been shown yet to find them.
pub fn unproven() -> Vec<Bug> {
    vec![
        tampering(
            "deletes by name",
            "kubernetes#88097",
            "recreated",
            Tampering::DeletesByName,
            Hunt::Seeds(400),
        ),
        tampering(
            "writes over what others have written",
            "lost updates",
            "churn",
            Tampering::Overwrites,
            Hunt::Seeds(200),
        ),
        tampering(
            "creates again after a time-out",
            "kubernetes#67250",
            "replica-set",
            Tampering::RetriesBlindly,
            SWEEP,
        ),
        tampering(
            "leaves its finalizers behind",
            "kubernetes#109485",
            "ownership",
            Tampering::KeepsFinalizers,
            SWEEP,
        ),
        tampering(
            "looks up owners in a cache",
            "kubernetes#65200",
            "ownership",
            Tampering::CachedReads,
            SWEEP,
        ),
        tampering("counts a pod twice", "kubernetes#105200", "replica-set", Tampering::Twins, SWEEP),
        never_waits(),
    ]
}

impl Bug {
    /// Looks for it. Tells how many runs it took and which check found it, or how many were made in vain.
    ///
    /// # Errors
    ///
    /// The number of runs, if it is not found.
    pub fn find(&self) -> Result<(u64, Violation), u64> {
        let mut summary = Summary::default();
        match self.hunt {
            Hunt::Sweep(sweep) => {
                if let Err(violation) = self.scenario.try_sweep(sweep, &mut summary) {
                    return Ok((summary.runs, violation));
                }
            }
            Hunt::Seeds(seeds) => {
                for seed in 0..seeds {
                    if let Err(violation) = self.scenario.try_seed(seed, &mut summary) {
                        return Ok((summary.runs, violation));
                    }
                }
            }
        }
        Err(summary.runs)
    }
}

fn lying(name: &'static str, history: &'static str, world: &str, lie: Lie, hunt: Hunt) -> Bug {
    let scenario = workloads::scenario(world)
        .control_plane(|plane| plane.view(move |view| Arc::new(LyingView::new(view, lie))));
    Bug { name, history, scenario, hunt }
}

fn tampering(name: &'static str, history: &'static str, world: &str, how: Tampering, hunt: Hunt) -> Bug {
    let scenario = workloads::scenario(world)
        .control_plane(|plane| plane.store(move |_, store| Arc::new(Tampered::new(store, how))));
    Bug { name, history, scenario, hunt }
}

/// Pods are refused, and the controller tries again without a pause.
fn never_waits() -> Bug {
    let moment = Duration::from_millis(1);
    let backoff = Backoff::try_new(moment, 1.0, moment, 0.0).expect("a wait that does not grow");
    let queue = QueueConfig { backoff, retry_limit: None, ..QueueConfig::default() };
    let settings = Settings { queue, ..Settings::default() };
    let scenario = workloads::refused(Some(settings));
    Bug { name: "tries again without a pause", history: "kubernetes#76370", scenario, hunt: SWEEP }
}
