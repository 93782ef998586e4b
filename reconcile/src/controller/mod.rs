//! The engine of all controllers: relations that turn changes into keys, a queue, and workers that run keys.
//!
//! Promises:
//!
//! 1. A key is run by one worker at a time (INV-IN-05).
//! 2. A run that starts after a change was shown by the view sees it; a change during a run makes one more.
//! 3. No key runs before the view shows every kind that the controller is related to as it was when the
//!    controller began, or later (INV-IN-07), nor before it shows what the key's run before has written
//!    (INV-IN-06).
//! 4. A panic or a time-out of one key is that key's failure, and nobody else's.
//! 5. On shutdown no key is started any more, running ones get the time they are given, then are cancelled
//!    (INV-IN-09).

mod driver;
mod later_kinds;
mod missed;
mod relation;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use setpoint_core::kind::{Kind, KindId};
use setpoint_core::object::Key;
use setpoint_core::{Error, Reason};
use setpoint_store::ObjectStore;

use crate::history::RunId;
use crate::plan::{Executor, Planner, SyncEnd};
use crate::queue::Config as QueueConfig;
use crate::reconciler::{Context, Reconciler, ReconcilerWorker};

pub use self::driver::{Health, Running};
pub use self::relation::{IsRoot, Relation, SelectorOf, Wake};

/// A controller that is ready to be started.
pub struct Controller {
    pub(crate) name: &'static str,
    pub(crate) context: Context,
    pub(crate) worker: Arc<dyn Worker>,
    pub(crate) relations: Vec<Relation>,
    pub(crate) of_kinds: Option<Arc<OfKind>>,
    pub(crate) settings: Settings,
}

/// Gives the relation of a kind.
type OfKind = dyn Fn(&Kind) -> Option<Relation> + Send + Sync;

/// How a controller runs.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Keys that run at a time.
    pub workers: usize,
    /// How long one run may take.
    pub timeout: Duration,
    /// After so many failures in a row a key is left alone until it changes; `None` is never.
    pub retries_max: Option<u32>,
    /// How the queue delays.
    pub queue: QueueConfig,
}

impl Default for Settings {
    /// Five workers as upstream's controllers have, two minutes for a run, retries without end.
    fn default() -> Self {
        Self {
            workers: 5,
            timeout: Duration::from_secs(120),
            retries_max: None,
            queue: QueueConfig::default(),
        }
    }
}

/// What runs keys.
#[async_trait]
pub(crate) trait Worker: Send + Sync + 'static {
    /// Runs a key that has failed `attempt` times before.
    async fn run(&self, key: &Key, attempt: u32, run: RunId) -> Verdict;
}

/// What follows a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing until something changes.
    Done,
    /// Another run after this time.
    After(Duration),
    /// Another run with back-off.
    Retry(String),
    /// Another run at once.
    Conflict,
    /// A failure that only a change can mend.
    UntilChanged(String),
}

impl Controller {
    /// A controller made of a reconciler. Its root objects' changes wake it; more relations can follow.
    ///
    /// # Errors
    ///
    /// `NotFound` if the kind of its root objects is not registered.
    pub fn of<R: Reconciler>(reconciler: R, mut context: Context) -> Result<Self, Error> {
        let name = reconciler.name();
        context.request = setpoint_store::request::RequestContext::system(name);
        context.events = context.events.from_source(name);
        let root = kind_of::<R::Root>(&*context.store)?;
        let worker = Arc::new(ReconcilerWorker::new(reconciler, context.clone()));
        Ok(Self {
            name,
            context,
            worker,
            relations: vec![Relation::root(root.id)],
            of_kinds: None,
            settings: Settings::default(),
        })
    }

    /// A controller made of a planner, without relations.
    pub fn of_planner<P: Planner>(planner: P, mut context: Context) -> Self {
        let name = planner.name();
        context.request = setpoint_store::request::RequestContext::system(name);
        context.events = context.events.from_source(name);
        let Context { env, store, view, events, .. } = context.clone();
        let executor =
            Executor::new(planner, &env, store, view, events).with_history(context.history.clone());
        let worker = Arc::new(PlannerWorker(executor));
        let (relations, settings) = (Vec::new(), Settings::default());
        Self { name, context, worker, relations, of_kinds: None, settings }
    }

    /// Wakes the controller of an object of kind `K`, old and new, whenever it changes.
    ///
    /// # Errors
    ///
    /// `NotFound` if `K` is not registered.
    pub fn owns<K: 'static>(self, root: &Kind) -> Result<Self, Error> {
        let kind = kind_of::<K>(&*self.context.store)?;
        Ok(self.related(Relation::owned(kind.id, root)))
    }

    /// Adds a relation.
    #[must_use]
    pub fn related(mut self, relation: Relation) -> Self {
        self.relations.push(relation);
        self
    }

    /// Adds the relation that `of_kind` gives for each kind, also for kinds that are registered later; those are
    /// followed from then on, and all root objects are looked at once more.
    #[must_use]
    pub fn related_to_kinds(
        mut self,
        of_kind: impl Fn(&Kind) -> Option<Relation> + Send + Sync + 'static,
    ) -> Self {
        self.of_kinds = Some(Arc::new(of_kind));
        self
    }

    /// Runs otherwise than by default.
    #[must_use]
    pub fn with_settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// What it is called.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The kinds of its root objects, without those of `Controller::of_kinds`.
    pub fn roots(&self) -> impl Iterator<Item = KindId> {
        self.relations.iter().filter(|relation| relation.roots.is_some()).map(|relation| relation.kind)
    }
}

/// The kind that a Rust type stands for.
fn kind_of<K: 'static>(store: &dyn ObjectStore) -> Result<Arc<Kind>, Error> {
    store.registry().of::<K>().ok_or_else(|| {
        let message = format!("{} is not a registered kind", std::any::type_name::<K>());
        Error::new(Reason::NotFound, message)
    })
}

/// Drives a planner through its executor.
struct PlannerWorker<P>(Executor<P>);

#[async_trait]
impl<P: Planner> Worker for PlannerWorker<P> {
    async fn run(&self, key: &Key, _attempt: u32, run: RunId) -> Verdict {
        match self.0.sync_in(key, run).await {
            SyncEnd::Settled | SyncEnd::Gone => Verdict::Done,
            SyncEnd::After(delay) => Verdict::After(delay),
            SyncEnd::Failed(error) => Verdict::Retry(error),
        }
    }
}

impl fmt::Debug for Controller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Controller")
            .field("name", &self.name)
            .field("relations", &self.relations)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
