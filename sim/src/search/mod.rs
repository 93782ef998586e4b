//! Looking for runs that go wrong: sweeps of all single faults, random runs, replays, and the shortest form of
//! what was found.

mod check;
mod failure;
mod random;
mod recording;
mod replay;
mod shrink;
mod sweep;

pub use self::failure::Failure;
pub use self::random::trace_of;
pub use self::recording::{NotARecording, Recording};
pub use self::sweep::Sweep;

use std::collections::BTreeMap;
use std::time::Duration;

use parking_lot::Mutex;

use crate::choices::Schedule;
use crate::end_state::EndState;
use crate::scenario::{Plan, Run, Scenario, Source, View, run};
use crate::world::Violation;

/// What a search looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Runs that were made, without those that only tell what is to be expected.
    pub runs: u64,
    /// How long they were, on their own clocks.
    pub lasted: Duration,
    /// Faults that happened.
    pub faults: u64,
}

impl Summary {
    /// Both together.
    pub fn add(&mut self, other: &Self) {
        self.runs += other.runs;
        self.lasted += other.lasted;
        self.faults += other.faults;
    }

    pub(crate) fn count(&mut self, run: &Run) {
        self.runs += 1;
        self.lasted += run.lasted;
        self.faults += run.entries.iter().filter(|entry| entry.is_fault).count() as u64;
    }
}

/// How far a run must be like the one without faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Likeness {
    /// The same end state, and as many objects made and deleted on the way.
    Counted,
    /// The same end state.
    Exact,
    /// What is asked for is there.
    Essential,
}

/// What a run without faults comes to.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    state: EndState,
    counts: Counts,
}

type Counts = BTreeMap<(String, &'static str), u64>;

/// Expectations that are kept; most scenarios have one for each view.
const EXPECTED_MAX: usize = 4096;

/// What was expected before, by likeness, view and what people do.
pub(crate) type KnownExpectations = Mutex<BTreeMap<(bool, bool, String), Expected>>;

impl Run {
    fn state(&self, likeness: Likeness) -> EndState {
        let (kinds, truth) = &self.truth;
        match likeness {
            Likeness::Essential => EndState::in_essence(kinds, truth),
            Likeness::Counted | Likeness::Exact => EndState::exactly(kinds, truth),
        }
    }
}

impl Scenario {
    /// What the run comes to in which only people make choices.
    pub(crate) fn expected(&self, schedule: &Schedule, view: View, likeness: Likeness) -> Expected {
        let schedule = schedule.only(|site, _, _| site.starts_with("user/"));
        // What is compared does not depend on ids.
        let mut choices = schedule.clone();
        choices.ids = 0;
        let choices = choices.to_string();
        let key = (likeness == Likeness::Essential, view == View::Direct, choices);
        if let Some(known) = self.expectations.lock().get(&key) {
            return known.clone();
        }
        let faults = crate::link::Faults::NONE;
        let plain = run(self, &Plan { source: Source::Schedule(schedule), view, faults, faulty: false });
        let expected = Expected { state: plain.state(likeness), counts: plain.counts };
        let known = &mut *self.expectations.lock();
        if known.len() < EXPECTED_MAX {
            known.insert(key, expected.clone());
        }
        expected
    }

    /// What is wrong with a run, if anything is.
    pub(crate) fn judge(&self, run: &Run, view: View, likeness: Likeness) -> Option<Violation> {
        if let Some(violation) = &run.violation {
            return Some(violation.clone());
        }
        let expected = self.expected(&run.schedule, view, likeness);
        let state = run.state(likeness);
        let wrong = |message: String| Violation { check: "INV-C-05".to_owned(), message, at: run.lasted };
        if state != expected.state {
            let difference = state.difference(&expected.state);
            return Some(wrong(format!(
                "the end state is not that of a run without faults:\n  {difference}"
            )));
        }
        if likeness == Likeness::Counted && run.counts != expected.counts {
            let (here, there) = (&run.counts, &expected.counts);
            return Some(wrong(format!("made and deleted {here:?}, without faults {there:?}")));
        }
        None
    }
}
