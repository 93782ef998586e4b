use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use setpoint_core::object::Revision;
use setpoint_reconcile::history::{Cause, RunId, RunRecord};

use super::Recording;
use crate::scenario::Run;
use crate::world::Violation;

/// A run that went wrong, in its shortest form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What is wrong.
    pub violation: Violation,
    /// The seed by which it was found; a sweep has none.
    pub seed: Option<u64>,
    /// The shortest run that goes wrong in the same way.
    pub recording: Recording,
    /// What happened in it, a line for each.
    pub history: Vec<String>,
}

/// Lines of a history that are shown at the end.
const LINES_MAX: usize = 120;

impl Failure {
    pub(super) fn new(violation: Violation, seed: Option<u64>, recording: Recording, run: &Run) -> Self {
        Self { violation, seed, recording, history: history(run) }
    }
}

/// What happened, and which runs of controllers did it.
fn history(run: &Run) -> Vec<String> {
    let told = |what: &str| !what.contains(" events ") && !what.contains(" leases ");
    let mut newest = run.began_at;
    let mut pending = looks(run);
    let mut lines = Vec::new();
    for entry in run.entries.iter().filter(|entry| entry.is_fault || told(&entry.what)) {
        // A run is shown before its first write.
        if let Some(revision) = entry.revision
            && let Some(look) = pending.remove(&revision)
        {
            lines.push(look.line(run, newest));
        }
        newest = entry.revision.map_or(newest, |revision| revision.max(newest));
        let mark = if entry.is_fault { '!' } else { ' ' };
        lines.push(format!("{mark} {:>10.3}s  {}: {}", entry.at.as_secs_f64(), entry.who, entry.what));
    }
    lines
}

/// A run that has written something.
struct Look {
    process: String,
    run: RunRecord,
}

/// Runs by the revision of their first write.
fn looks(run: &Run) -> BTreeMap<Revision, Look> {
    let mut looks = BTreeMap::new();
    for (process, history) in &run.histories {
        let runs: BTreeMap<RunId, RunRecord> = history.runs().into_iter().map(|run| (run.id, run)).collect();
        let mut seen = BTreeSet::new();
        for write in history.writes() {
            let (Ok(revision), Some(run)) = (write.answer, write.run.and_then(|run| runs.get(&run))) else {
                continue;
            };
            if seen.insert(run.id) {
                looks.insert(revision, Look { process: process.clone(), run: run.clone() });
            }
        }
    }
    looks
}

impl Look {
    fn line(&self, run: &Run, newest: Revision) -> String {
        let at = |revision: Revision| format!("@{}", revision.0.saturating_sub(run.began_at.0));
        let Self { process, run: RunRecord { controller, key, began, view, causes, .. } } = self;
        let causes: Vec<String> = causes
            .iter()
            .take(3)
            .map(|cause| match cause {
                Cause::Changed { object, revision } => format!("{object} {}", at(*revision)),
                other => other.to_string(),
            })
            .collect();
        let causes = if causes.is_empty() { String::new() } else { format!(", since {}", causes.join(", ")) };
        let lag = if *view < newest && *view > run.began_at {
            format!(" with a view of {}, the store is at {}", at(*view), at(newest))
        } else {
            String::new()
        };
        format!(
            "  {:>10.3}s  {process}/{controller} runs for {key}{lag}{causes}",
            began.since_start().as_secs_f64()
        )
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Violation { check, message, at } = &self.violation;
        writeln!(
            f,
            "{check} is violated {:.3} s after the start of `{}`",
            at.as_secs_f64(),
            self.recording.scenario
        )?;
        writeln!(f, "  {message}")?;
        if let Some(seed) = self.seed {
            writeln!(f, "SEED={seed}")?;
        }
        writeln!(
            f,
            "what happened (! is what goes wrong, @ a revision, `saw` how far the writer's view was):"
        )?;
        let hidden = self.history.len().saturating_sub(LINES_MAX);
        for (number, line) in self.history.iter().enumerate() {
            // The beginning may be cut, its faults never.
            if number >= hidden || line.starts_with('!') {
                writeln!(f, "{line}")?;
            }
        }
        let recording = self.recording.to_string();
        let line = recording.trim().replace('\n', ";").replace("# setpoint-sim schedule 1;", "");
        writeln!(f, "to replay it: SIM_REPLAY='{line}' with the same test, or from a file of these lines:")?;
        write!(f, "  cargo run --release -p setpoint-sim -- --replay FILE\n{recording}")
    }
}

impl std::error::Error for Failure {}
