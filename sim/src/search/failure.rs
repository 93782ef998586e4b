use std::fmt;

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
        let told = |what: &str| !what.contains(" events ") && !what.contains(" leases ");
        let history = run
            .entries
            .iter()
            .filter(|entry| entry.is_fault || told(&entry.what))
            .map(|entry| {
                let mark = if entry.is_fault { '!' } else { ' ' };
                format!("{mark} {:>10.3}s  {}: {}", entry.at.as_secs_f64(), entry.who, entry.what)
            })
            .collect();
        Self { violation, seed, recording, history }
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
