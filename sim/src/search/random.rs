use std::ops::Range;

use super::{Failure, Likeness, Summary};
use crate::choices::Schedule;
use crate::link::Faults;
use crate::scenario::{Plan, Run, Scenario, Source, View, run};
use crate::world::Violation;

impl Scenario {
    /// Makes a random run for each seed, every other one on direct snapshots, with a mix of faults of its own.
    ///
    /// # Errors
    ///
    /// The first run that goes wrong, in its shortest form.
    pub fn random(&self, seeds: Range<u64>) -> Result<Summary, Box<Failure>> {
        let mut summary = Summary::default();
        for seed in seeds {
            self.random_one(seed, &mut summary)?;
        }
        Ok(summary)
    }

    /// The random run of one seed.
    ///
    /// # Errors
    ///
    /// If it goes wrong, its shortest form.
    pub fn random_one(&self, seed: u64, summary: &mut Summary) -> Result<(), Box<Failure>> {
        let plan = plan(seed);
        match self.tried(&plan, summary) {
            Ok(()) => Ok(()),
            Err((violation, run)) => {
                Err(self.shrink(violation, Some(seed), &plan, &run.schedule, Likeness::Essential))
            }
        }
    }

    /// One run in which nothing goes wrong.
    ///
    /// # Errors
    ///
    /// If it goes wrong nevertheless.
    pub fn plain(&self, view: View) -> Result<Summary, Violation> {
        let source = Source::Schedule(Schedule::plain(0));
        let run = run(self, &Plan { source, view, faults: Faults::NONE, faulty: false });
        let mut summary = Summary::default();
        summary.count(&run);
        match run.violation {
            Some(violation) => Err(violation),
            None => Ok(summary),
        }
    }

    /// The random run of one seed, without a look for a shorter one.
    ///
    /// # Errors
    ///
    /// What goes wrong.
    pub fn try_seed(&self, seed: u64, summary: &mut Summary) -> Result<(), Violation> {
        self.tried(&plan(seed), summary).map_err(|(violation, _)| violation)
    }

    fn tried(&self, plan: &Plan, summary: &mut Summary) -> Result<(), (Violation, Box<Run>)> {
        let run = run(self, plan);
        summary.count(&run);
        match self.judge(&run, plan.view, Likeness::Essential) {
            None => Ok(()),
            Some(violation) => Err((violation, Box::new(run))),
        }
    }
}

fn plan(seed: u64) -> Plan {
    let view = if seed % 4 == 3 { View::Direct } else { View::Informers };
    Plan { source: Source::Seed(seed), view, faults: Faults::ALL.swarm(seed), faulty: true }
}

/// The fingerprint of a seed's run: the same in every build and on every machine.
pub fn trace_of(scenario: &Scenario, seed: u64) -> u64 {
    let Run { fingerprint, .. } = run(scenario, &plan(seed));
    fingerprint
}
