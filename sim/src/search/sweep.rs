use super::{Failure, Likeness, Summary};
use crate::choices::{Drawn, Schedule};
use crate::link::Faults;
use crate::scenario::{Plan, Scenario, Source, View, run};

/// Which single faults a sweep tries, each at each place where it can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sweep {
    /// How the processes see the store.
    pub view: View,
    /// Every `stride`-th place only; 1 is all of them.
    pub stride: u64,
}

/// The seed of what no fault depends on.
const IDS: u64 = 1;
/// The first three values of a write are crashes, after which nothing may be made twice.
const CRASHES: u32 = 2;
/// A late request may make what was made again since.
const LATE: u32 = 7;

impl Sweep {
    /// Every fault at every place.
    pub const fn full(view: View) -> Self {
        Self { view, stride: 1 }
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
        let plan = |schedule| Plan {
            source: Source::Schedule(schedule),
            view: sweep.view,
            faults: Faults::NONE,
            faulty: true,
        };
        let learned = run(self, &plan(Schedule::plain(IDS)));
        summary.count(&learned);
        if let Some(violation) = learned.violation.clone() {
            return Err(self.shrink(
                violation,
                None,
                &plan(Schedule::plain(IDS)),
                &learned.schedule,
                Likeness::Exact,
            ));
        }
        for (site, index, value) in learned.drawn.iter().flat_map(departures) {
            if index % sweep.stride != u64::from(value) % sweep.stride {
                continue;
            }
            let schedule = Schedule::plain(IDS).with(&site, index, value);
            let tried = run(self, &plan(schedule.clone()));
            summary.count(&tried);
            let likeness = self.likeness(&site, value);
            if let Some(violation) = self.judge(&tried, sweep.view, likeness) {
                return Err(self.shrink(violation, None, &plan(schedule.clone()), &schedule, likeness));
            }
        }
        Ok(summary)
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
    let swept =
        ["write/", "event/", "read/", "watch/", "resume/"].iter().any(|it| drawn.site.starts_with(it));
    let Drawn { site, times, values } = drawn.clone();
    let times = if swept { times } else { 0 };
    (0..times).flat_map(move |index| {
        let site = site.clone();
        (1..values).map(move |value| (site.clone(), index, value))
    })
}
