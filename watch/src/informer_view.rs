use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use k8s_openapi::api::core::v1::Pod;
use parking_lot::Mutex;
use setpoint_core::env::Env;
use setpoint_core::kind::KindId;
use setpoint_core::object::Revision;
use setpoint_store::ObjectStore;
use setpoint_store::request::Selection;
use setpoint_store::tables::{Index, Snapshot};

use crate::cache::Cache;
use crate::informer::{Informer, InformerConfig, InformerHealth};
use crate::view::{Changes, View};

/// How long [`View::reached`] waits for a revision.
const REACHED_MAX: Duration = Duration::from_secs(10);
/// After how long the objects are read anew for it: on a kind of which nothing changes, a watch comes to the revision of
/// a change of another kind only with the next bookmark.
const REREAD_AFTER: Duration = Duration::from_secs(5);

/// The view of a store that is somewhere else: one informer for each kind that anybody asks for.
///
/// With it controllers run on a remote store, or a faulty one, as they do on one in this process. A kind is
/// watched from the first call of [`View::changes`], [`View::synced`], [`View::reached`] or
/// [`View::add_index`] for it on; [`View::snapshot`] shows the kinds that are watched. Each kind is at a
/// revision of its own, see [`Cache::snapshot`]. Clones share.
#[derive(Clone)]
pub struct InformerView(Arc<Informers>);

struct Informers {
    env: Env,
    store: Arc<dyn ObjectStore>,
    config: InformerConfig,
    cache: Arc<Cache>,
    /// Nothing after the view was shut down.
    running: Mutex<Option<BTreeMap<KindId, Informer>>>,
}

impl InformerView {
    /// The view of a store. Nothing is watched yet.
    pub fn new(env: &Env, store: Arc<dyn ObjectStore>) -> Self {
        Self::with_config(env, store, InformerConfig::default())
    }

    /// The view of a store, by informers that work so.
    pub fn with_config(env: &Env, store: Arc<dyn ObjectStore>, config: InformerConfig) -> Self {
        let cache = Arc::new(Cache::new());
        if let Some(pods) = store.registry().of::<Pod>() {
            // As a store's own snapshots have it.
            cache.add_index(pods.id, Index::node());
        }
        let running = Mutex::new(Some(BTreeMap::new()));
        Self(Arc::new(Informers { env: env.clone(), store, config, cache, running }))
    }

    /// How the informers are doing, in order of their kinds.
    pub fn health(&self) -> Vec<InformerHealth> {
        self.0.running.lock().iter().flat_map(BTreeMap::values).map(Informer::health).collect()
    }

    /// Ends all informers and their readers' streams, and waits until they have ended.
    pub async fn shut_down(&self) {
        let running = self.0.running.lock().take();
        for informer in running.into_iter().flat_map(BTreeMap::into_values) {
            informer.shut_down().await;
        }
    }

    /// The informer of a kind, started if need be; `None` after the end, and for a kind that is not known.
    fn informer(&self, kind: KindId) -> Option<Informer> {
        let Informers { env, store, config, cache, running } = &*self.0;
        let known = store.registry().get(kind)?;
        let informers = &mut *running.lock();
        let informer = informers.as_mut()?.entry(kind).or_insert_with(|| {
            let selection = Selection::all(kind);
            Informer::with_cache(env, Arc::clone(store), &known, selection, *config, Arc::clone(cache))
        });
        Some(informer.clone())
    }
}

#[async_trait]
impl View for InformerView {
    fn snapshot(&self) -> Snapshot {
        self.0.cache.snapshot()
    }

    fn changes(&self, kind: KindId) -> Changes {
        match self.informer(kind) {
            Some(informer) => informer.changes(kind),
            None => futures::stream::empty().boxed(),
        }
    }

    async fn synced(&self, kind: KindId) -> bool {
        match self.informer(kind) {
            Some(informer) => informer.synced().await,
            None => false,
        }
    }

    async fn reached(&self, kind: KindId, revision: Revision) -> bool {
        let Some(informer) = self.informer(kind) else { return false };
        let reached = informer.reached(kind, revision);
        if let Ok(reached) = self.0.env.timeout(REREAD_AFTER, reached).await {
            return reached;
        }
        informer.reread();
        let reached = informer.reached(kind, revision);
        self.0.env.timeout(REACHED_MAX.saturating_sub(REREAD_AFTER), reached).await.unwrap_or(false)
    }

    fn add_index(&self, kind: KindId, index: Index) {
        self.0.cache.add_index(kind, index);
        self.informer(kind);
    }
}

impl fmt::Debug for InformerView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InformerView").field("health", &self.health()).finish_non_exhaustive()
    }
}
