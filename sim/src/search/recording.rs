use std::fmt;
use std::str::FromStr;

use crate::choices::{NotASchedule, Schedule};
use crate::scenario::View;

/// A run, as it can be kept in a file: which scenario, how seen, and every departure from the plain course.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// The scenario's name.
    pub scenario: String,
    /// How its processes see the store.
    pub view: View,
    /// The choices.
    pub schedule: Schedule,
}

/// A text that is no recording.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotARecording {
    /// It names no scenario.
    #[error("no line `scenario …` is there")]
    NoScenario,
    /// It names a way to see the store that is none.
    #[error("{0:?} is no view; there are `informers` and `direct`")]
    View(String),
    /// The rest is no schedule.
    #[error(transparent)]
    Schedule(#[from] NotASchedule),
}

impl fmt::Display for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let view = match self.view {
            View::Informers => "informers",
            View::Direct => "direct",
        };
        write!(f, "scenario: {}\nview: {view}\n{}", self.scenario, self.schedule)
    }
}

impl FromStr for Recording {
    type Err = NotARecording;

    /// Lines may also be separated by semicolons, for command lines.
    fn from_str(text: &str) -> Result<Self, NotARecording> {
        let text = text.replace(';', "\n");
        let mut scenario = None;
        let mut view = View::Informers;
        let mut rest = Vec::new();
        for line in text.lines().map(str::trim) {
            if let Some(name) = line.strip_prefix("scenario:") {
                scenario = Some(name.trim().to_owned());
            } else if let Some(name) = line.strip_prefix("view:") {
                view = match name.trim() {
                    "informers" => View::Informers,
                    "direct" => View::Direct,
                    other => return Err(NotARecording::View(other.to_owned())),
                };
            } else {
                rest.push(line);
            }
        }
        let scenario = scenario.ok_or(NotARecording::NoScenario)?;
        Ok(Self { scenario, view, schedule: rest.join("\n").parse()? })
    }
}
