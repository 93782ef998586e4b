use super::{Recording, Sweep};
use crate::scenario::{Scenario, View};

/// Random runs that a check makes.
const SEEDS: u64 = 50;
/// Makes one recorded run in place of the search: the recording itself, its lines separated by semicolons.
const REPLAY: &str = "SIM_REPLAY";
/// Makes the random run of one seed in place of the search.
const SEED: &str = "SIM_SEED";

impl Scenario {
    /// Sweeps on informers and on direct snapshots, and makes some random runs: what a test calls.
    ///
    /// With `SIM_REPLAY` or `SIM_SEED` in the environment it makes that run only.
    ///
    /// # Panics
    ///
    /// With the history of the first run that goes wrong, and how to make it again.
    pub fn check(&self) {
        let result = if let Ok(text) = std::env::var(REPLAY) {
            let recording: Recording = text.parse().unwrap_or_else(|error| panic!("{REPLAY}: {error}"));
            self.replay(&recording).map(drop)
        } else if let Ok(text) = std::env::var(SEED) {
            let seed: u64 = text.parse().unwrap_or_else(|error| panic!("{SEED}: {error}"));
            self.random_one(seed, &mut super::Summary::default())
        } else {
            self.sweep(Sweep::full(View::Informers))
                .and_then(|_| self.sweep(Sweep::full(View::Direct)))
                .and_then(|_| self.random(0..SEEDS))
                .map(drop)
        };
        if let Err(failure) = result {
            panic!("{failure}");
        }
    }
}
