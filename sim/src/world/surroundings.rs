use std::fmt;
use std::sync::Arc;

use setpoint_core::env::Env;
use setpoint_core::object::Revision;
use setpoint_store::tables::Snapshot;

use super::World;

/// The world as something outside the control plane knows it, such as a node's machine: it outlives the crashes of
/// processes, and what goes wrong with it is chosen like everything else.
#[derive(Clone)]
pub struct Surroundings {
    world: Arc<World>,
}

impl Surroundings {
    pub(crate) fn new(world: &Arc<World>) -> Self {
        Self { world: Arc::clone(world) }
    }

    /// The world's clock and entropy.
    pub fn env(&self) -> &Env {
        &self.world.env
    }

    /// Whether something goes wrong now, and what: value `n` with the chance at `n - 1`, in thousandths, otherwise
    /// 0, as always after the last fault. What may go wrong at the site is part of sweeps if its name begins with
    /// `machine/`.
    pub fn fault(&self, site: &str, chances: &[u32]) -> usize {
        if !self.world.is_faulty() {
            return 0;
        }
        let factor = self.world.faults.machine;
        let chances: Vec<u32> = chances.iter().map(|chance| chance * factor / 100).collect();
        self.world.choices.weighted(self.world.choices.site(site), &chances)
    }

    /// Writes down what happens.
    pub fn note(&self, who: &str, what: impl Into<String>) {
        self.world.note(who, what.into());
    }

    /// Writes down what goes wrong.
    pub fn note_fault(&self, who: &str, what: impl Into<String>) {
        self.world.note_fault(who, what.into());
    }

    /// Something is that must not be: the run has failed.
    pub fn violated(&self, check: &str, message: impl Into<String>) {
        self.world.violated(check, message.into());
    }

    /// The store as it truly is.
    pub fn truth(&self) -> Snapshot {
        self.world.snapshot()
    }

    /// A revision as histories show it.
    pub fn at(&self, revision: Revision) -> String {
        self.world.at(revision)
    }
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings").finish_non_exhaustive()
    }
}
