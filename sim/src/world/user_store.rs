use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use setpoint_core::Result;
use setpoint_core::kind::{KindId, Registry};
use setpoint_core::object::{Key, ObjectRef, Revision};
use setpoint_store::engine::{Expired, Feed, Route};
use setpoint_store::request::{
    DeleteOptions, ListQuery, ObjectList, ReadAt, RequestContext, Selection, WatchQuery, Write, Written,
};
use setpoint_store::tables::{Index, Snapshot};
use setpoint_store::{ObjectStore, WatchStream};

use super::{Origin, World};

/// How long people wait before they try once more.
const RETRY: Duration = Duration::from_millis(500);

/// The true store as people and machines reach it: nothing goes wrong, and what they write is written down.
pub(crate) struct PlainStore {
    pub(crate) world: Arc<World>,
    pub(crate) who: &'static str,
}

#[async_trait]
impl ObjectStore for PlainStore {
    fn registry(&self) -> &Registry {
        self.world.store.registry()
    }

    async fn get(&self, context: &RequestContext, key: &Key, at: ReadAt) -> Result<ObjectRef> {
        self.world.up().await;
        self.world.store.get(context, key, at).await
    }

    async fn list(&self, context: &RequestContext, query: &ListQuery) -> Result<ObjectList> {
        self.world.up().await;
        self.world.store.list(context, query).await
    }

    async fn watch(&self, context: &RequestContext, query: &WatchQuery) -> Result<WatchStream> {
        self.world.up().await;
        self.world.store.watch(context, query).await
    }

    async fn write(&self, context: &RequestContext, write: Write) -> Result<Written> {
        let origin = Origin { process: self.who, seen: None, late: false };
        let context = RequestContext { field_manager: self.who.into(), ..context.clone() };
        loop {
            self.world.up().await;
            match self.world.apply(&context, write.clone(), origin).await {
                // The store has crashed; once it is up again they try once more.
                Err(error) if error.is_retryable() && self.world.crashing.is_some() => {
                    self.world.env.sleep(RETRY).await;
                }
                answer => return answer,
            }
        }
    }

    async fn delete_collection(
        &self,
        context: &RequestContext,
        selection: &Selection,
        options: &DeleteOptions,
    ) -> Result<Vec<ObjectRef>> {
        let list = self.list(context, &ListQuery::new(selection.clone())).await?;
        let mut deleted = Vec::new();
        for object in list.items {
            deleted.push(self.write(context, Write::Delete(object.key(), options.clone())).await?.object);
        }
        Ok(deleted)
    }

    fn honours_guards(&self) -> bool {
        self.world.store.honours_guards()
    }

    fn snapshot(&self) -> Option<Snapshot> {
        self.world.store.snapshot()
    }

    fn feed(&self, kind: KindId, route: Route, from: Revision) -> Option<Result<Feed, Expired>> {
        self.world.store.feed(kind, route, from)
    }

    fn add_index(&self, kind: KindId, index: Index) {
        self.world.store.add_index(kind, index);
    }
}

impl fmt::Debug for PlainStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlainStore").field("who", &self.who).finish_non_exhaustive()
    }
}
