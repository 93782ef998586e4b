use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use setpoint_core::env::Env;
use setpoint_core::{Error, Reason, Result};
use setpoint_store::{ObjectStore, Objects};

use crate::world::{PlainStore, USER, World};

/// Somebody who uses the control plane of a simulated world: what their script does is the workload.
///
/// Their requests arrive and are answered at once; what befalls the processes meanwhile does not concern them.
#[derive(Clone)]
pub struct User {
    world: Arc<World>,
    store: Arc<dyn ObjectStore>,
}

/// How long nothing must be written for things to have settled down.
const SETTLED: Duration = Duration::from_secs(400);
/// How long a user waits for that.
const SETTLED_MAX: Duration = Duration::from_secs(1800);

impl User {
    pub(crate) fn new(world: &Arc<World>) -> Self {
        let store = Arc::new(PlainStore { world: Arc::clone(world), who: USER });
        Self { world: Arc::clone(world), store }
    }

    /// The objects of a kind in a namespace; `None` for cluster-scoped kinds.
    ///
    /// # Errors
    ///
    /// `NotFound` if `K` is not registered.
    pub fn objects<K: Send + Sync + 'static>(&self, namespace: Option<&str>) -> Result<Objects<K>> {
        Objects::over(Arc::clone(&self.store), namespace.map(Into::into))
    }

    /// The store as it truly is.
    pub fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.store
    }

    /// The world's clock and entropy.
    pub fn env(&self) -> &Env {
        &self.world.env
    }

    /// Waits.
    pub async fn sleep(&self, duration: Duration) {
        self.world.env.sleep(duration).await;
    }

    /// Waits until nothing has been written for a while, at most for some minutes.
    pub async fn settle(&self) {
        // Faults may keep a world from settling; what it comes to afterwards is looked at in the end.
        let _in_time = settle(&self.world, SETTLED, SETTLED_MAX).await;
    }

    /// One of `bound` values, from the run's choices: 0 in the plain course.
    pub fn choose(&self, what: &str, bound: usize) -> usize {
        let site = self.world.choices.site(&format!("user/{what}"));
        self.world.choices.below(site, bound)
    }

    /// Creates an object, or leaves the one that is there.
    ///
    /// # Errors
    ///
    /// As a creation, other than `AlreadyExists`.
    pub async fn ensure<K: Send + Sync + 'static>(&self, namespace: Option<&str>, object: K) -> Result<()> {
        match self.objects::<K>(namespace)?.create(object).await {
            Err(error) if !error.is_already_exists() => Err(error),
            _ => Ok(()),
        }
    }

    /// Changes an object as it is now, if it is there; tells whether it was.
    ///
    /// # Errors
    ///
    /// As a replacement; a conflict is tried again.
    pub async fn edit<K>(&self, namespace: Option<&str>, name: &str, change: impl Fn(&mut K)) -> Result<bool>
    where
        K: Clone + Send + Sync + 'static,
    {
        let objects = self.objects::<K>(namespace)?;
        for _ in 0..EDITS_MAX {
            let Some(found) = objects.get_opt(name).await? else { return Ok(false) };
            let mut object = K::clone(found.whole());
            change(&mut object);
            match objects.replace(object).await {
                Err(error) if error.is_conflict() => {}
                Err(error) if error.is_not_found() => return Ok(false),
                Err(error) => return Err(error),
                Ok(_) => return Ok(true),
            }
        }
        Err(Error::new(Reason::Conflict, format!("{name} changes too fast to be edited")))
    }
}

/// How often an edit is tried.
const EDITS_MAX: usize = 20;

/// Waits until nothing has been written for `quiet`; false if that is not within `bound`.
pub(crate) async fn settle(world: &World, quiet: Duration, bound: Duration) -> bool {
    let env = &world.env;
    let begun = env.now();
    loop {
        let rests_at = world.written_at().max(begun) + quiet;
        if env.now() >= rests_at {
            return true;
        }
        if env.now() - begun >= bound {
            return false;
        }
        env.sleep_until(rests_at.min(begun + bound)).await;
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").finish_non_exhaustive()
    }
}
