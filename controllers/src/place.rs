use std::sync::Arc;
use std::time::Duration;

use setpoint_core::Result;
use setpoint_core::env::{Env, Simulation};
use setpoint_reconcile::manager::Manager;
use setpoint_store::{ObjectStore, Store};
use setpoint_watch::faulty::{Faults, FaultyStore};
use setpoint_watch::{DirectView, InformerView};

/// Where the controller of a test is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the store's process.
    Near,
    /// Behind a network that fails.
    Far,
}

impl Place {
    /// Near once, and far away with as many seeds as that.
    pub(crate) fn all(seeds: u64) -> impl Iterator<Item = (u64, Self)> {
        std::iter::once((1, Self::Near)).chain((0..seeds).map(|seed| (seed, Self::Far)))
    }

    /// Plays a scene to its end on virtual time.
    ///
    /// # Panics
    ///
    /// If it fails or stalls, with the seed and the place.
    pub(crate) fn play<F: Future<Output = Result<()>>>(self, seed: u64, scene: impl FnOnce(Env) -> F) {
        let sim = Simulation::new(seed);
        let done = sim.block_on(scene(sim.env()));
        let done = done.unwrap_or_else(|stalled| panic!("{stalled} (SEED={seed}, {self:?})"));
        done.unwrap_or_else(|error| panic!("{error} (SEED={seed}, {self:?})"));
    }

    /// A manager there, and the network between it and the store.
    pub(crate) fn manager(self, env: &Env, store: &Store) -> (Manager, Option<FaultyStore>) {
        let near: Arc<dyn ObjectStore> = Arc::new(store.clone());
        match self {
            Self::Near => {
                let view = DirectView::new(Arc::clone(&near)).expect("the store is in this process");
                (Manager::new(env, near, Arc::new(view)), None)
            }
            Self::Far => {
                let far = FaultyStore::new(env, near, Faults::ROUGH);
                let view = InformerView::new(env, Arc::new(far.clone()));
                (Manager::new(env, Arc::new(far.clone()), Arc::new(view)), Some(far))
            }
        }
    }
}

/// Waits until controllers have nothing to do: so long where nothing fails, else without failures for long enough.
pub(crate) async fn rest(env: &Env, far: Option<&FaultyStore>, near: Duration) {
    env.sleep(near).await;
    if let Some(far) = far {
        far.set_faults(Faults::NONE);
        // A watch that went silent is noticed after minutes.
        env.sleep(Duration::from_secs(1800)).await;
        far.set_faults(Faults::ROUGH);
    }
}
