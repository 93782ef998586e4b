use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;
use setpoint_core::env::Env;
use setpoint_core::kind::{KindId, Registry};
use setpoint_core::object::{Key, ObjectRef, Revision};
use setpoint_core::{Error, Reason, Result};
use setpoint_store::engine::{Expired, Feed, Route};
use setpoint_store::request::{
    DeleteOptions, ListQuery, ObjectList, ReadAt, RequestContext, Selection, WatchFrom, WatchQuery, Write,
    Written,
};
use setpoint_store::tables::{Index, Snapshot};
use setpoint_store::{ObjectStore, WatchStream};

use super::Faults;
use super::watch::FaultyWatch;

/// How many earlier revisions a stale list can show.
const EARLIER_MAX: usize = 16;

/// A store that fails now and then. Clones share.
///
/// It seems to be somewhere else: it has no snapshots, so that a view of it is an
/// [`InformerView`](crate::InformerView).
#[derive(Clone)]
pub struct FaultyStore(Arc<Inner>);

struct Inner {
    store: Arc<dyn ObjectStore>,
    chance: Chance,
    /// Revisions of lists, oldest first.
    earlier: Mutex<VecDeque<Revision>>,
}

/// Decides what goes wrong.
#[derive(Clone)]
pub(super) struct Chance {
    pub(super) env: Env,
    faults: Arc<Mutex<Faults>>,
}

impl FaultyStore {
    /// Makes a store fail.
    pub fn new(env: &Env, store: Arc<dyn ObjectStore>, faults: Faults) -> Self {
        let chance = Chance { env: env.clone(), faults: Arc::new(Mutex::new(faults)) };
        Self(Arc::new(Inner { store, chance, earlier: Mutex::default() }))
    }

    /// From now on this goes wrong, also with watches that are open. Those that went silent stay so.
    pub fn set_faults(&self, faults: Faults) {
        *self.0.chance.faults.lock() = faults;
    }

    fn read(&self) -> Result<()> {
        self.0.chance.refuse(|faults| faults.read_refused)
    }

    fn before_write(&self) -> Result<()> {
        self.0.chance.refuse(|faults| faults.write_refused)
    }

    fn after_write(&self) -> Result<()> {
        if self.0.chance.strikes(|faults| faults.write_unanswered) {
            return Err(Error::new(Reason::Timeout, "the answer was lost"));
        }
        Ok(())
    }
}

impl Chance {
    pub(super) fn faults(&self) -> Faults {
        *self.faults.lock()
    }

    /// Whether it happens this time.
    pub(super) fn strikes(&self, chance: impl FnOnce(&Faults) -> u32) -> bool {
        let chance = chance(&self.faults.lock());
        chance > 0 && self.env.random_below(1000) < u64::from(chance)
    }

    fn refuse(&self, chance: impl FnOnce(&Faults) -> u32) -> Result<()> {
        if self.strikes(chance) {
            return Err(Error::new(Reason::ServiceUnavailable, "the connection was refused"));
        }
        Ok(())
    }

    pub(super) fn expire(&self) -> Result<()> {
        if self.strikes(|faults| faults.expired) {
            return Err(Error::expired("too old resource version"));
        }
        Ok(())
    }
}

#[async_trait]
impl ObjectStore for FaultyStore {
    fn registry(&self) -> &Registry {
        self.0.store.registry()
    }

    async fn get(&self, context: &RequestContext, key: &Key, at: ReadAt) -> Result<ObjectRef> {
        self.read()?;
        self.0.store.get(context, key, at).await
    }

    async fn list(&self, context: &RequestContext, query: &ListQuery) -> Result<ObjectList> {
        let Inner { store, chance, earlier } = &*self.0;
        self.read()?;
        if query.continue_token.is_some() {
            chance.expire()?;
            return store.list(context, query).await;
        }
        let known = earlier.lock().iter().copied().collect::<Vec<_>>();
        if query.at == ReadAt::Newest && !known.is_empty() && chance.strikes(|faults| faults.list_stale) {
            let pick = chance.env.random_below(known.len() as u64);
            let revision = known.into_iter().nth(usize::try_from(pick).unwrap_or(0)).unwrap_or_default();
            let at = ReadAt::Exactly(revision);
            // What is no longer kept cannot be shown: then it is the newest state.
            if let Ok(list) = store.list(context, &ListQuery { at, ..query.clone() }).await {
                return Ok(list);
            }
        }
        let list = store.list(context, query).await?;
        let mut earlier = earlier.lock();
        if earlier.back() != Some(&list.revision) {
            earlier.push_back(list.revision);
        }
        if earlier.len() > EARLIER_MAX {
            earlier.pop_front();
        }
        Ok(list)
    }

    async fn watch(&self, context: &RequestContext, query: &WatchQuery) -> Result<WatchStream> {
        let Inner { store, chance, .. } = &*self.0;
        self.read()?;
        if matches!(query.from, WatchFrom::InitialEvents(_)) && chance.faults().streams_refused {
            return Err(Error::new(Reason::Invalid, "sendInitialEvents is forbidden for watch"));
        }
        if matches!(query.from, WatchFrom::After(_)) {
            chance.expire()?;
        }
        let stream = store.watch(context, query).await?;
        Ok(Box::pin(FaultyWatch::new(chance.clone(), stream)))
    }

    async fn write(&self, context: &RequestContext, write: Write) -> Result<Written> {
        self.before_write()?;
        let written = self.0.store.write(context, write).await?;
        self.after_write()?;
        Ok(written)
    }

    async fn delete_collection(
        &self,
        context: &RequestContext,
        selection: &Selection,
        options: &DeleteOptions,
    ) -> Result<Vec<ObjectRef>> {
        self.before_write()?;
        let deleted = self.0.store.delete_collection(context, selection, options).await?;
        self.after_write()?;
        Ok(deleted)
    }

    fn honours_guards(&self) -> bool {
        self.0.store.honours_guards()
    }

    fn snapshot(&self) -> Option<Snapshot> {
        None
    }

    fn feed(&self, _kind: KindId, _route: Route, _from: Revision) -> Option<Result<Feed, Expired>> {
        None
    }

    fn add_index(&self, _kind: KindId, _index: Index) {}
}

impl fmt::Debug for FaultyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultyStore").field("faults", &self.0.chance.faults()).finish_non_exhaustive()
    }
}
