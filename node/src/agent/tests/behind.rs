use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use setpoint_core::env::Env;
use setpoint_core::kind::{KindId, Registry};
use setpoint_core::object::{Key, ObjectRef, Revision};
use setpoint_core::{Error, Result};
use setpoint_store::engine::{Expired, Feed, Route};
use setpoint_store::request::{
    DeleteOptions, ListQuery, ObjectList, ReadAt, RequestContext, Selection, WatchQuery, Write, Written,
};
use setpoint_store::tables::{Index, Snapshot};
use setpoint_store::{ObjectStore, Store, WatchStream};

/// A store that shows an older state when it is read first, as a server does whose cache lags.
pub(super) struct Behind {
    store: Store,
    env: Env,
    first: Mutex<Option<Snapshot>>,
    /// Pods cannot be looked up: so long it takes until that is said.
    refuses_after: Option<Duration>,
}

impl Behind {
    pub(super) fn new(store: Store, env: Env, first: Snapshot) -> Self {
        Self { store, env, first: Mutex::new(Some(first)), refuses_after: None }
    }

    pub(super) fn refuses_after(mut self, time: Duration) -> Self {
        self.refuses_after = Some(time);
        self
    }
}

#[async_trait]
impl ObjectStore for Behind {
    fn registry(&self) -> &Registry {
        self.store.registry()
    }

    async fn get(&self, context: &RequestContext, key: &Key, at: ReadAt) -> Result<ObjectRef> {
        if let (Some(time), true) = (self.refuses_after, key.namespace.as_deref() == Some("default")) {
            self.env.sleep(time).await;
            return Err(Error::new(setpoint_core::Reason::ServiceUnavailable, "not now"));
        }
        self.store.get(context, key, at).await
    }

    async fn list(&self, context: &RequestContext, query: &ListQuery) -> Result<ObjectList> {
        self.store.list(context, query).await
    }

    async fn watch(&self, context: &RequestContext, query: &WatchQuery) -> Result<WatchStream> {
        self.store.watch(context, query).await
    }

    async fn write(&self, context: &RequestContext, write: Write) -> Result<Written> {
        self.store.write(context, write).await
    }

    async fn delete_collection(
        &self,
        context: &RequestContext,
        selection: &Selection,
        options: &DeleteOptions,
    ) -> Result<Vec<ObjectRef>> {
        self.store.delete_collection(context, selection, options).await
    }

    fn snapshot(&self) -> Option<Snapshot> {
        self.first.lock().take().or_else(|| self.store.snapshot())
    }

    fn feed(&self, kind: KindId, route: Route, from: Revision) -> Option<Result<Feed, Expired>> {
        self.store.feed(kind, route, from)
    }

    fn add_index(&self, kind: KindId, index: Index) {
        self.store.add_index(kind, index);
    }
}

impl fmt::Debug for Behind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Behind").finish_non_exhaustive()
    }
}
