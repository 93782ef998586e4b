use std::collections::BTreeSet;
use std::fmt;

use setpoint_core::object::{Key, Revision};

use super::record::{Cause, History, RunRecord, State, WriteRecord};

/// Steps that a [`Why`] has at the most.
const STEPS_MAX: usize = 64;

/// What led to an object's state: its newest write, what led to that below it, and so on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// The object.
    pub key: Key,
    /// From the newest write back.
    pub steps: Vec<WhyStep>,
}

/// One step back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhyStep {
    /// How many steps of causes it is away from the object.
    pub depth: usize,
    /// The write.
    pub write: WriteRecord,
    /// The run that made it, if it is still kept.
    pub run: Option<RunRecord>,
}

impl History {
    /// What led to the state of an object, as far as it is kept. Writes that no controller made, such as a
    /// user's, are known by their revision only.
    pub fn why(&self, key: &Key) -> Why {
        let steps = self.read(|state| {
            let mut trail = Trail { state, seen: BTreeSet::new(), steps: Vec::new() };
            let newest = |write: &&WriteRecord| write.object == *key && write.answer.is_ok();
            if let Some(write) = state.writes.iter().rev().find(newest) {
                trail.follow(write, 0);
            }
            trail.steps
        });
        Why { key: key.clone(), steps: steps.unwrap_or_default() }
    }
}

struct Trail<'a> {
    state: &'a State,
    seen: BTreeSet<Revision>,
    steps: Vec<WhyStep>,
}

impl Trail<'_> {
    fn follow(&mut self, write: &WriteRecord, depth: usize) {
        let Ok(revision) = write.answer else { return };
        if self.steps.len() >= STEPS_MAX || !self.seen.insert(revision) {
            return;
        }
        let run = self.state.runs.get(&write.run).cloned();
        let causes = run.as_ref().map(|run| run.causes.clone()).unwrap_or_default();
        self.steps.push(WhyStep { depth, write: write.clone(), run });
        for cause in causes {
            let Cause::Changed { object, revision } = cause else { continue };
            let made = |write: &&WriteRecord| write.object == object && write.answer == Ok(revision);
            if let Some(before) = self.state.writes.iter().rev().find(made) {
                self.follow(before, depth + 1);
            }
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.steps.is_empty() {
            return writeln!(f, "{}: no write of a controller is known", self.key);
        }
        for WhyStep { depth, write, run } in &self.steps {
            let indent = "  ".repeat(*depth);
            write!(f, "{indent}{} {}", write.verb, write.object)?;
            match &write.answer {
                Ok(revision) => write!(f, " @{revision}")?,
                Err(error) => write!(f, " refused, {error}")?,
            }
            write!(f, " at {:?}", write.at.since_start())?;
            let Some(run) = run else {
                writeln!(f, " by {}, of which nothing more is known", write.run)?;
                continue;
            };
            writeln!(f, " by {} for {}, whose view was @{}", run.controller, run.key, run.view)?;
            for cause in &run.causes {
                writeln!(f, "{indent}  since {cause}")?;
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
