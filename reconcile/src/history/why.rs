use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use setpoint_core::kind::{KindId, Registry};
use setpoint_core::object::{Key, Revision};

use super::record::{Cause, History, RunRecord, State, WriteRecord};

/// Steps that a [`Why`] has at the most; those that are nearest to the object are there.
const STEPS_MAX: usize = 64;
/// Runs of a key that are gone back through, each asked for by the one before, until one was woken by a change.
const RUNS_BACK_MAX: usize = 16;

/// What led to an object's state: its newest write, what led to that below it, and so on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// The object.
    pub key: Key,
    /// From the newest write back, each followed by what led to it.
    pub steps: Vec<WhyStep>,
    /// What kinds are called.
    kinds: BTreeMap<KindId, String>,
}

/// One step back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhyStep {
    /// How many steps it is away from the object's newest write.
    pub depth: usize,
    /// The write.
    pub write: WriteRecord,
    /// The run that made it, if it was one and is still kept, and before it the runs that asked for it.
    pub runs: Vec<RunRecord>,
}

impl History {
    /// What led to the state of an object, which need not be there any more, as far as it is kept.
    ///
    /// A controller's write is followed to the changes that woke its run, and to the writes that made these. Of the object
    /// itself the writes before are followed too, until one is a controller's or made it. What is recorded of the writes
    /// of others is told by [`History::over`]; without that they are known by their revision only.
    pub fn why(&self, key: &Key) -> Why {
        let steps = self.read(|state| Trail::of(state, key).steps()).unwrap_or_default();
        Why { key: key.clone(), steps, kinds: BTreeMap::new() }
    }
}

impl Why {
    /// The same, which calls kinds by their names when it is shown.
    #[must_use]
    pub fn named(mut self, registry: &Registry) -> Self {
        let kinds = registry.kinds();
        self.kinds = kinds.iter().map(|kind| (kind.id, kind.resource.resource.to_string())).collect();
        self
    }

    fn name(&self, key: &Key) -> String {
        self.kinds.get(&key.kind).map_or_else(|| key.to_string(), |kind| format!("{kind} {key}"))
    }

    fn cause(&self, cause: &Cause) -> String {
        match cause {
            Cause::Changed { object, revision } => format!("{} changed @{revision}", self.name(object)),
            other => other.to_string(),
        }
    }
}

/// Steps as they are found, the nearest first.
struct Trail<'a> {
    state: &'a State,
    seen: BTreeSet<Revision>,
    found: Vec<Found<'a>>,
}

struct Found<'a> {
    depth: usize,
    write: &'a WriteRecord,
    runs: Vec<&'a RunRecord>,
    /// Where the steps are that led to it.
    led_by: Vec<usize>,
}

impl<'a> Trail<'a> {
    fn of(state: &'a State, key: &Key) -> Self {
        let mut trail = Self { state, seen: BTreeSet::new(), found: Vec::new() };
        let mut open = VecDeque::new();
        open.extend(state.journal.before(key, Revision(u64::MAX)).and_then(|newest| trail.add(newest, 0)));
        while let Some(place) = open.pop_front() {
            for write in trail.causes(place, key) {
                let depth = trail.found[place].depth + 1;
                if let Some(cause) = trail.add(write, depth) {
                    trail.found[place].led_by.push(cause);
                    open.push_back(cause);
                }
            }
        }
        trail
    }

    /// Adds a step, unless it is there or there is no more room.
    fn add(&mut self, write: &'a WriteRecord, depth: usize) -> Option<usize> {
        let Ok(revision) = write.answer else { return None };
        if self.found.len() >= STEPS_MAX || !self.seen.insert(revision) {
            return None;
        }
        let runs = self.runs(write);
        self.found.push(Found { depth, write, runs, led_by: Vec::new() });
        Some(self.found.len() - 1)
    }

    /// The run that made a write, and those that asked for it.
    fn runs(&self, write: &WriteRecord) -> Vec<&'a RunRecord> {
        let Some(run) = write.run.and_then(|run| self.state.runs.get(&run)) else { return Vec::new() };
        let is_of_key = |it: &&RunRecord| it.controller == run.controller && it.key == run.key;
        let before = self.state.runs.range(..run.id).rev().map(|(_, run)| run).filter(is_of_key);
        let mut runs = vec![run];
        for before in before.take(RUNS_BACK_MAX) {
            if !runs.last().is_some_and(|run| run.was_asked_for()) {
                break;
            }
            runs.push(before);
        }
        runs
    }

    /// The writes that led to a step.
    fn causes(&self, place: usize, asked: &Key) -> Vec<&'a WriteRecord> {
        let Found { write, runs, .. } = &self.found[place];
        let Some(first) = runs.last() else {
            let goes_on = write.object == *asked && write.verb != "create";
            let revision = write.answer.as_ref().ok().filter(|_| goes_on);
            return revision
                .and_then(|&revision| self.state.journal.before(asked, revision))
                .into_iter()
                .collect();
        };
        let made = |cause: &Cause| match cause {
            Cause::Changed { object, revision } => self.state.journal.made(object, *revision),
            Cause::Reread => self.state.journal.before(&first.key, Revision(first.view.0.saturating_add(1))),
            Cause::Asked | Cause::Failed(_) => None,
        };
        first.causes.iter().filter_map(made).collect()
    }

    /// What was found, each step before those that led to it.
    fn steps(self) -> Vec<WhyStep> {
        let mut steps = Vec::with_capacity(self.found.len());
        let mut open: Vec<usize> = (!self.found.is_empty()).then_some(0).into_iter().collect();
        while let Some(place) = open.pop() {
            let Found { depth, write, runs, led_by } = &self.found[place];
            let runs = runs.iter().map(|&run| run.clone()).collect();
            steps.push(WhyStep { depth: *depth, write: WriteRecord::clone(write), runs });
            open.extend(led_by.iter().rev());
        }
        steps
    }
}

impl RunRecord {
    /// Whether it was the run before that asked for it, and nothing else woke it.
    fn was_asked_for(&self) -> bool {
        self.causes.iter().all(|cause| matches!(cause, Cause::Asked | Cause::Failed(_)))
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.steps.is_empty() {
            return writeln!(f, "{}: no write is known", self.name(&self.key));
        }
        for WhyStep { depth, write, runs } in &self.steps {
            let indent = "  ".repeat(*depth);
            write!(f, "{indent}{} {}", write.verb, self.name(&write.object))?;
            match &write.answer {
                Ok(revision) => write!(f, " @{revision}")?,
                Err(error) => write!(f, " refused, {error}")?,
            }
            write!(f, " at {:?} by {}", write.at.since_start(), write.user.name)?;
            match (write.run, runs.first()) {
                (None, _) => writeln!(f)?,
                (Some(run), None) => writeln!(f, " in {run}, of which nothing more is known")?,
                (_, Some(run)) => {
                    writeln!(
                        f,
                        " in a run of {} for {}, whose view was @{}",
                        run.controller, run.key, run.view
                    )?;
                }
            }
            for cause in runs.iter().flat_map(|run| &run.causes) {
                writeln!(f, "{indent}  since {}", self.cause(cause))?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed { object, revision } => write!(f, "{object} changed @{revision}"),
            Self::Asked => f.write_str("it had asked for another run"),
            Self::Failed(error) => write!(f, "it had failed: {error}"),
            Self::Reread => f.write_str("everything was looked at"),
        }
    }
}
