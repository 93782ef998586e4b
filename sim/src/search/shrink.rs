use super::{Failure, Likeness, Recording};
use crate::choices::Schedule;
use crate::scenario::{Plan, Run, Scenario, Source, run};
use crate::world::Violation;

/// Runs that are made to shorten one.
const RUNS_MAX: usize = 400;

type Departure = (String, u64, u32);

/// What is being shortened.
struct Shrinking<'a> {
    scenario: &'a Scenario,
    plan: Plan,
    likeness: Likeness,
    check: String,
    runs: usize,
    best: (Schedule, Run, Violation),
}

impl Scenario {
    /// The shortest run that violates the same check, as far as one is found in good time.
    pub(super) fn shrink(
        &self,
        violation: Violation,
        seed: Option<u64>,
        plan: &Plan,
        schedule: &Schedule,
        likeness: Likeness,
    ) -> Box<Failure> {
        let plan = Plan { source: Source::Schedule(schedule.clone()), ..plan.clone() };
        let first = run(self, &plan);
        let check = violation.check.clone();
        let recorded = first.schedule.clone();
        let best = (recorded, first, violation);
        let mut shrinking = Shrinking { scenario: self, plan, likeness, check, runs: 0, best };
        shrinking.without_kinds();
        shrinking.without_parts();
        shrinking.with_less();
        let Shrinking { best: (schedule, run, violation), plan, .. } = shrinking;
        let recording = Recording { scenario: self.name().to_owned(), view: plan.view, schedule };
        Box::new(Failure::new(violation, seed, recording, &run))
    }
}

impl Shrinking<'_> {
    /// Tries a simpler schedule; true if it fails too.
    fn fails(&mut self, schedule: &Schedule) -> bool {
        if self.runs >= RUNS_MAX {
            return false;
        }
        self.runs += 1;
        let plan = Plan { source: Source::Schedule(schedule.clone()), ..self.plan.clone() };
        let tried = run(self.scenario, &plan);
        match self.scenario.judge(&tried, self.plan.view, self.likeness) {
            Some(violation) if violation.check == self.check => {
                // What was not drawn any more is not part of it.
                self.best = (tried.schedule.clone(), tried, violation);
                true
            }
            _ => false,
        }
    }

    /// Whole kinds of choices first: most failures need no particular order of tasks.
    fn without_kinds(&mut self) {
        let kind_of = |site: &str| site.split('/').next().unwrap_or_default().to_owned();
        let mut kinds: Vec<String> = self.best.0.iter().map(|(site, ..)| kind_of(site)).collect();
        kinds.sort_unstable_by_key(|kind| (kind != "order", kind.clone()));
        kinds.dedup();
        for kind in kinds {
            let simpler = self.best.0.only(|site, _, _| kind_of(site) != kind);
            self.fails(&simpler);
        }
    }

    /// Then ever smaller parts of what is left.
    fn without_parts(&mut self) {
        let mut size = self.best.0.len().div_ceil(2);
        while size > 0 && self.runs < RUNS_MAX {
            let mut from = 0;
            let mut removed = false;
            while from < self.best.0.len() && self.runs < RUNS_MAX {
                let departures = departures(&self.best.0);
                let kept = departures.iter().enumerate().filter(|(at, _)| *at < from || *at >= from + size);
                let simpler = schedule(self.best.0.ids, kept.map(|(_, departure)| departure));
                if self.fails(&simpler) {
                    removed = true;
                } else {
                    from += size;
                }
            }
            if size == 1 && !removed {
                return;
            }
            size = if size == 1 { 1 } else { size / 2 };
        }
    }

    /// Then the smaller of two values, which are in order of their weight.
    fn with_less(&mut self) {
        for (site, index, value) in departures(&self.best.0) {
            for less in 1..value.min(8) {
                let simpler = self.best.0.clone().with(&site, index, less);
                if self.fails(&simpler) {
                    break;
                }
            }
        }
    }
}

fn departures(schedule: &Schedule) -> Vec<Departure> {
    schedule.iter().map(|(site, index, value)| (site.to_owned(), index, value)).collect()
}

fn schedule<'a>(ids: u64, departures: impl Iterator<Item = &'a Departure>) -> Schedule {
    departures
        .fold(Schedule::plain(ids), |schedule, (site, index, value)| schedule.with(site, *index, *value))
}
