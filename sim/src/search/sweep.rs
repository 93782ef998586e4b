use super::{Failure, Likeness, Summary};
use crate::choices::{Drawn, Schedule};
use crate::link::Faults;
use crate::scenario::{Plan, Scenario, Source, View, run};
use crate::world::Violation;

/// Which single faults a sweep tries, each at each place where it can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sweep {
    /// How the processes see the store.
    pub view: View,
    /// Every `stride`-th place only; 1 is all of them.
    pub stride: u64,
    /// It ends after so many runs.
    pub runs_max: u64,
}

/// The seed of what no fault depends on.
const IDS: u64 = 1;
/// The first three values of a write are crashes, after which nothing may be made twice.
const CRASHES: u32 = 2;
/// A late request may make what was made again since.
const LATE: u32 = 7;

/// A run that goes wrong.
struct Found {
    violation: Violation,
    schedule: Schedule,
    likeness: Likeness,
}

impl Sweep {
    /// Every fault at every place.
    pub const fn full(view: View) -> Self {
        Self { view, stride: 1, runs_max: u64::MAX }
    }

    fn plan(self, schedule: Schedule) -> Plan {
        Plan { source: Source::Schedule(schedule), view: self.view, faults: Faults::NONE, faulty: true }
    }
}

impl Scenario {
    /// Makes a run without faults, and then one for each fault at each write, event, read and watch of it: a
    /// crash before and after every write, every answer lost, every pair of events coalesced, and so on.
    ///
    /// # Errors
    ///
    /// The first run that goes wrong.
    pub fn sweep(&self, sweep: Sweep) -> Result<Summary, Box<Failure>> {
        let mut summary = Summary::default();
        match self.swept(sweep, &mut summary) {
            Ok(()) => Ok(summary),
            Err(found) => {
                let Found { violation, schedule, likeness } = *found;
                Err(self.shrink(violation, None, &sweep.plan(schedule.clone()), &schedule, likeness))
            }
        }
    }

    /// The same without a look for a shorter run.
    ///
    /// # Errors
    ///
    /// What goes wrong first.
    pub fn try_sweep(&self, sweep: Sweep, summary: &mut Summary) -> Result<(), Violation> {
        self.swept(sweep, summary).map_err(|found| found.violation)
    }

    fn swept(&self, sweep: Sweep, summary: &mut Summary) -> Result<(), Box<Found>> {
        let found = |violation, schedule, likeness| Err(Box::new(Found { violation, schedule, likeness }));
        let plain = Schedule::plain(IDS);
        let learned = run(self, &sweep.plan(plain.clone()));
        summary.count(&learned);
        let exact = if self.exact { Likeness::Exact } else { Likeness::Essential };
        if let Some(violation) = self.judge(&learned, sweep.view, exact) {
            return found(violation, plain, exact);
        }
        for (site, index, value) in learned.drawn.iter().flat_map(departures) {
            if summary.runs >= sweep.runs_max {
                break;
            }
            if index % sweep.stride != u64::from(value) % sweep.stride {
                continue;
            }
            let schedule = plain.clone().with(&site, index, value);
            let tried = run(self, &sweep.plan(schedule.clone()));
            summary.count(&tried);
            let likeness = self.likeness(&site, value);
            if let Some(violation) = self.judge(&tried, sweep.view, likeness) {
                return found(violation, schedule, likeness);
            }
        }
        Ok(())
    }

    fn likeness(&self, site: &str, value: u32) -> Likeness {
        let is_write = site.starts_with("write/");
        match (self.exact, is_write) {
            (false, _) => Likeness::Essential,
            (true, true) if value <= CRASHES => Likeness::Counted,
            (true, true) if value == LATE => Likeness::Essential,
            (true, _) => Likeness::Exact,
        }
    }
}

/// Each departure that is possible at a site.
fn departures(drawn: &Drawn) -> impl Iterator<Item = (String, u64, u32)> + use<> {
    let swept = ["write/", "event/", "read/", "watch/", "resume/", "machine/", "store/", "rate/"]
        .iter()
        .any(|it| drawn.site.starts_with(it));
    let Drawn { site, times, values } = drawn.clone();
    let times = if swept { times } else { 0 };
    (0..times).flat_map(move |index| {
        let site = site.clone();
        (1..values).map(move |value| (site.clone(), index, value))
    })
}
