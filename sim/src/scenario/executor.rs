use std::time::Duration;

use setpoint_core::env::{Bounds, Env, Simulation};

#[cfg(feature = "paused-tokio")]
use super::paused::Paused;
use crate::choices::Stream;

/// What a world runs on.
pub(crate) enum Executor {
    /// The executor whose choices are all drawn.
    Simulation(Simulation),
    /// Tokio's, with its clock paused.
    #[cfg(feature = "paused-tokio")]
    Tokio(Paused),
}

/// A world that makes so many steps at one moment spins.
const STEPS_AT_ONCE_MAX: u64 = 500_000;
/// A world that goes on so long never ends.
const TIME_MAX: Duration = Duration::from_secs(7 * 24 * 3600);

impl Executor {
    pub(crate) fn simulation(choices: &Stream) -> Self {
        Self::Simulation(Simulation::with_choices(choices.executor()))
    }

    pub(crate) fn env(&self) -> Env {
        match self {
            Self::Simulation(simulation) => simulation.env(),
            #[cfg(feature = "paused-tokio")]
            Self::Tokio(paused) => paused.env(),
        }
    }

    /// Runs a future, and all that it starts, to its end.
    pub(crate) fn run<F: Future>(&self, future: F) -> Result<F::Output, String> {
        match self {
            Self::Simulation(simulation) => {
                let bounds = Bounds { steps_at_once_max: STEPS_AT_ONCE_MAX, time_max: TIME_MAX };
                simulation.run(future, bounds).map_err(|halt| halt.to_string())
            }
            #[cfg(feature = "paused-tokio")]
            Self::Tokio(paused) => paused.run(future, TIME_MAX),
        }
    }
}
