//! The way from a machine to the store: requests take time, get lost, or come late.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::channel::oneshot;
use parking_lot::Mutex;
use setpoint_core::env::{Env, Task};
use setpoint_core::kind::{KindId, Registry};
use setpoint_core::object::{Key, ObjectRef, Revision};
use setpoint_core::{Error, Reason, Result};
use setpoint_store::engine::{Expired, Feed, Route};
use setpoint_store::request::{
    DeleteOptions, ListQuery, ObjectList, ReadAt, RequestContext, Selection, WatchQuery, Write, Written,
};
use setpoint_store::tables::{Index, Snapshot};
use setpoint_store::{ObjectStore, WatchStream};

use super::machine::Fate;

pub(super) struct Road {
    pub(super) world: Env,
    pub(super) fate: Arc<Fate>,
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) honours_guards: bool,
    pub(super) journal: Arc<Journal>,
}

/// What arrived at the store.
#[derive(Default)]
pub(super) struct Journal {
    pub(super) written: Mutex<Vec<ObjectRef>>,
    pub(super) refused: Mutex<usize>,
    pub(super) on_the_way: Mutex<Vec<Task<()>>>,
}

impl Road {
    async fn arrive(&self) -> Result<()> {
        self.world.sleep(Duration::from_millis(1 + self.world.random_below(50))).await;
        self.fate.until(|state| !state.held && !state.cut).await;
        Ok(())
    }
}

#[async_trait]
impl ObjectStore for Road {
    fn registry(&self) -> &Registry {
        self.store.registry()
    }

    async fn get(&self, context: &RequestContext, key: &Key, at: ReadAt) -> Result<ObjectRef> {
        self.arrive().await?;
        self.store.get(context, key, at).await
    }

    async fn list(&self, context: &RequestContext, query: &ListQuery) -> Result<ObjectList> {
        self.arrive().await?;
        self.store.list(context, query).await
    }

    async fn watch(&self, context: &RequestContext, query: &WatchQuery) -> Result<WatchStream> {
        self.store.watch(context, query).await
    }

    /// Once sent, a request goes its way, whatever becomes of who has sent it.
    async fn write(&self, context: &RequestContext, write: Write) -> Result<Written> {
        let Self { world, fate, store, journal, .. } = self;
        let (answer, answered) = oneshot::channel();
        let (env, fate) = (world.clone(), Arc::clone(fate));
        let (store, noted, context) = (Arc::clone(store), Arc::clone(journal), context.clone());
        let way = world.spawn("request", async move {
            env.sleep(Duration::from_millis(1 + env.random_below(50))).await;
            if fate.is(|state| state.cut) {
                return;
            }
            fate.until(|state| !state.held).await;
            let result = store.write(&context, write).await;
            match &result {
                Ok(written) => noted.written.lock().push(Arc::clone(&written.object)),
                Err(error) if error.is_fenced() => *noted.refused.lock() += 1,
                Err(_) => {}
            }
            if !fate.is(|state| state.cut) {
                // Nobody may wait for it any more.
                drop(answer.send(result));
            }
        });
        journal.on_the_way.lock().push(way);
        match answered.await {
            Ok(result) => result,
            Err(_) => {
                self.fate.until(|state| !state.cut).await;
                Err(Error::new(Reason::ServiceUnavailable, "the connection was lost"))
            }
        }
    }

    async fn delete_collection(
        &self,
        context: &RequestContext,
        selection: &Selection,
        options: &DeleteOptions,
    ) -> Result<Vec<ObjectRef>> {
        self.store.delete_collection(context, selection, options).await
    }

    fn honours_guards(&self) -> bool {
        self.honours_guards
    }

    fn snapshot(&self) -> Option<Snapshot> {
        self.store.snapshot()
    }

    fn feed(&self, kind: KindId, route: Route, from: Revision) -> Option<Result<Feed, Expired>> {
        self.store.feed(kind, route, from)
    }

    fn add_index(&self, kind: KindId, index: Index) {
        self.store.add_index(kind, index);
    }
}
