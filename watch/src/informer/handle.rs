use std::fmt;
use std::sync::Arc;
use std::task::Context;

use async_trait::async_trait;
use futures::StreamExt;
use parking_lot::Mutex;
use setpoint_core::env::{Env, Task};
use setpoint_core::kind::{Kind, KindId};
use setpoint_core::object::Revision;
use setpoint_core::{Error, Reason, Result};
use setpoint_store::ObjectStore;
use setpoint_store::request::Selection;
use setpoint_store::tables::{Index, Snapshot};

use super::shared::Shared;
use super::stream::Subscription;
use crate::cache::Cache;
use crate::reflector::{Fill, Reflector, Trouble, drive};
use crate::view::{Changes, View};

/// A local, indexed copy of the objects that a selection names, kept up by one watch. Clones share.
///
/// It is a [`View`] of its kind: it is read by a [`Lister`](crate::Lister) and told of by [`View::changes`].
///
/// ```
/// use futures::StreamExt;
/// use k8s_openapi::api::core::v1::ConfigMap;
/// use setpoint_core::env::Simulation;
/// use setpoint_store::request::Selection;
/// use setpoint_store::{ObjectStore, ObjectStoreExt, Objects, Store};
/// use setpoint_watch::{Informer, InformerConfig, Lister, Notice, View};
/// use std::sync::Arc;
///
/// let sim = Simulation::new(1);
/// let env = sim.env();
/// let done = sim.block_on(async {
///     let store = Store::memory(&env); // or a store that is somewhere else
///     store.ensure_namespace("default").await?;
///     let kind = store.kind_of::<ConfigMap>()?;
///     let informer =
///         Informer::start(&env, Arc::new(store.clone()), Selection::all(kind.id), InformerConfig::default())?;
///     informer.synced().await;
///     let mut changes = informer.changes(kind.id);
///
///     let mut map = ConfigMap::default();
///     map.metadata.name = Some("greeting".to_owned());
///     Objects::<ConfigMap>::namespaced(&store, "default")?.create(map).await?;
///     let Some(Notice::Change(change)) = changes.next().await else { panic!("it goes on") };
///     assert!(change.old.is_none());
///
///     let lister = Lister::<ConfigMap>::of_parts(Arc::new(informer.clone()), &kind);
///     assert!(lister.get(Some("default"), "greeting").expect("a config map").is_some());
///     informer.shut_down().await;
///     setpoint_core::Result::<()>::Ok(())
/// });
/// done.expect("nothing waits for ever").expect("all is valid");
/// ```
#[derive(Clone)]
pub struct Informer(Arc<Running>);

struct Running {
    shared: Arc<Shared>,
    task: Mutex<Option<Task<()>>>,
}

/// How an informer works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InformerConfig {
    /// How it gets to know what is there.
    pub fill: Fill,
    /// Changes that wait for one reader at the most.
    pub pending_max: usize,
}

/// How an informer is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InformerHealth {
    /// The kind's group-resource, as in `deployments.apps`.
    pub resource: String,
    /// Whether it has ever had a complete state.
    pub has_synced: bool,
    /// Everything up to here is shown.
    pub revision: Revision,
    /// What keeps it from its work, if anything does.
    pub trouble: Option<Trouble>,
}

impl InformerConfig {
    /// Changes that wait for one reader, if nothing else is said.
    pub const PENDING_MAX: usize = 10_000;
}

impl Default for InformerConfig {
    /// Streamed lists where the store has them, upstream's pages, 10,000 changes for each reader.
    fn default() -> Self {
        Self { fill: Fill::Streamed { page_max: Fill::PAGE_MAX }, pending_max: Self::PENDING_MAX }
    }
}

impl Informer {
    /// Starts watching what a selection names.
    ///
    /// # Errors
    ///
    /// `NotFound` if the kind is not registered. What the store refuses is not an error but
    /// [`Informer::health`], since it may allow it later.
    pub fn start(
        env: &Env,
        store: Arc<dyn ObjectStore>,
        selection: Selection,
        config: InformerConfig,
    ) -> Result<Self> {
        let Some(kind) = store.registry().get(selection.kind) else {
            return Err(Error::new(Reason::NotFound, "the kind is not registered here"));
        };
        Ok(Self::with_cache(env, store, &kind, selection, config, Arc::new(Cache::new())))
    }

    /// Starts watching, and keeps what it learns in a cache that others use for other kinds.
    pub(crate) fn with_cache(
        env: &Env,
        store: Arc<dyn ObjectStore>,
        kind: &Kind,
        selection: Selection,
        config: InformerConfig,
        cache: Arc<Cache>,
    ) -> Self {
        // Until its first state is there, the cache is known up to nothing.
        cache.reached(kind.id, Revision::ZERO);
        let shared = Arc::new(Shared::new(kind, cache, config.pending_max));
        let (clock, told) = (env.clone(), Arc::clone(&shared));
        let task = env.spawn(&format!("informer {}", kind.resource), async move {
            let reflector = Reflector::new(selection, config.fill);
            let tell = |reflector: &Reflector, update| told.update(reflector, update);
            drive(&clock, store, reflector, tell, |cx: &mut Context<'_>| told.poll_asked(cx)).await;
        });
        Self(Arc::new(Running { shared, task: Mutex::new(Some(task)) }))
    }

    /// Whether a complete first state was taken in.
    pub fn has_synced(&self) -> bool {
        self.0.shared.has_synced()
    }

    /// Waits for a complete first state; false if it is shut down before.
    pub async fn synced(&self) -> bool {
        self.0.shared.reached(Revision::ZERO).await
    }

    /// Reads everything anew as soon as it follows the watch, and is at the newest revision then: a watch on which
    /// nothing happens tells only now and then how far it has come.
    pub fn reread(&self) {
        self.0.shared.ask_reread();
    }

    /// How it is doing.
    pub fn health(&self) -> InformerHealth {
        self.0.shared.health()
    }

    /// Ends the watch and all readers' streams, and waits until it has ended. What was read last stays
    /// readable.
    pub async fn shut_down(&self) {
        self.0.shared.close();
        let task = self.0.task.lock().take();
        if let Some(task) = task {
            task.cancel();
            // Cancelled is how it ends.
            let _end = task.join().await;
        }
    }
}

#[async_trait]
impl View for Informer {
    fn snapshot(&self) -> Snapshot {
        self.0.shared.cache().snapshot()
    }

    fn changes(&self, kind: KindId) -> Changes {
        if kind != self.0.shared.kind() {
            return futures::stream::empty().boxed();
        }
        Subscription::new(&self.0.shared).boxed()
    }

    async fn synced(&self, kind: KindId) -> bool {
        kind == self.0.shared.kind() && self.0.shared.reached(Revision::ZERO).await
    }

    async fn reached(&self, kind: KindId, revision: Revision) -> bool {
        kind == self.0.shared.kind() && self.0.shared.reached(revision).await
    }

    fn add_index(&self, kind: KindId, index: Index) {
        self.0.shared.cache().add_index(kind, index);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The task is cancelled with its handle.
        self.shared.close();
    }
}

impl fmt::Debug for Informer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Informer").field(&self.health()).finish()
    }
}
