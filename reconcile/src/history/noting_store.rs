use std::sync::Arc;

use async_trait::async_trait;
use setpoint_core::Result;
use setpoint_core::env::Env;
use setpoint_core::kind::{KindId, Registry};
use setpoint_core::object::{Key, ObjectRef, Revision};
use setpoint_store::engine::{Expired, Feed, Route};
use setpoint_store::request::{
    DeleteOptions, ListQuery, ObjectList, ReadAt, RequestContext, Selection, WatchQuery, Write, Written,
};
use setpoint_store::tables::{Index, Snapshot};
use setpoint_store::{ObjectStore, WatchStream};

use super::record::{Asked, History, RunId};

/// A store whose writes are noted, whoever makes them.
struct NotingStore {
    store: Arc<dyn ObjectStore>,
    env: Env,
    history: History,
}

impl History {
    /// The same store, with all that is written through it recorded: who wrote what, and when. Of a controller's writes
    /// its own records say more; this is for those of everybody else. A history that is off gives the store back.
    pub fn over(&self, env: &Env, store: Arc<dyn ObjectStore>) -> Arc<dyn ObjectStore> {
        if self.is_on() {
            Arc::new(NotingStore { store, env: env.clone(), history: self.clone() })
        } else {
            store
        }
    }
}

impl NotingStore {
    fn note(&self, asked: Asked, answer: &Result<Written>) {
        // Nobody wants to know who was refused: it made nothing as it is.
        if answer.is_ok() {
            self.history.wrote(self.env.now(), RunId::default(), asked, answer);
        }
    }
}

#[async_trait]
impl ObjectStore for NotingStore {
    fn registry(&self) -> &Registry {
        self.store.registry()
    }

    async fn get(&self, context: &RequestContext, key: &Key, at: ReadAt) -> Result<ObjectRef> {
        self.store.get(context, key, at).await
    }

    async fn list(&self, context: &RequestContext, query: &ListQuery) -> Result<ObjectList> {
        self.store.list(context, query).await
    }

    async fn watch(&self, context: &RequestContext, query: &WatchQuery) -> Result<WatchStream> {
        self.store.watch(context, query).await
    }

    async fn write(&self, context: &RequestContext, write: Write) -> Result<Written> {
        let asked = self.history.asked(context, &write);
        let answer = self.store.write(context, write).await;
        self.note(asked, &answer);
        answer
    }

    async fn write_batch(&self, context: &RequestContext, writes: Vec<Write>) -> Vec<Result<Written>> {
        let asked: Vec<_> = writes.iter().map(|write| self.history.asked(context, write)).collect();
        let answers = self.store.write_batch(context, writes).await;
        for (asked, answer) in asked.into_iter().zip(&answers) {
            self.note(asked, answer);
        }
        answers
    }

    async fn delete_collection(
        &self,
        context: &RequestContext,
        selection: &Selection,
        options: &DeleteOptions,
    ) -> Result<Vec<ObjectRef>> {
        let before = self.store.snapshot().map(|snapshot| snapshot.revision());
        let deleted = self.store.delete_collection(context, selection, options).await?;
        if let Some(before) = before {
            self.history.deleted(self.env.now(), RunId::default(), context, before, &deleted);
        }
        Ok(deleted)
    }

    fn honours_guards(&self) -> bool {
        self.store.honours_guards()
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
