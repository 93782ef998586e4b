use super::{Failure, Likeness, Recording, Summary};
use crate::link::Faults;
use crate::scenario::{Plan, Scenario, Source, run};

impl Scenario {
    /// Makes a recorded run again.
    ///
    /// # Errors
    ///
    /// If it goes wrong.
    pub fn replay(&self, recording: &Recording) -> Result<Summary, Box<Failure>> {
        let plan = Plan {
            source: Source::Schedule(recording.schedule.clone()),
            view: recording.view,
            faults: Faults::NONE,
            faulty: true,
        };
        let run = run(self, &plan);
        let mut summary = Summary::default();
        summary.count(&run);
        match self.judge(&run, recording.view, Likeness::Essential) {
            None => Ok(summary),
            Some(violation) => Err(Box::new(Failure::new(violation, None, recording.clone(), &run))),
        }
    }
}
