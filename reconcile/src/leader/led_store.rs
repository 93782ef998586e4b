use std::borrow::Cow;
use std::sync::Arc;

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

use super::term::Term;

/// The store of a leader: what it writes is refused when another leads (INV-IN-11).
pub(super) struct LedStore {
    store: Arc<dyn ObjectStore>,
    term: Arc<Term>,
}

impl LedStore {
    pub(super) fn new(store: Arc<dyn ObjectStore>, term: Arc<Term>) -> Self {
        Self { store, term }
    }

    fn guarded<'a>(&self, context: &'a RequestContext) -> Cow<'a, RequestContext> {
        if self.term.guards.is_empty() {
            return Cow::Borrowed(context);
        }
        let guards = if context.guards.is_empty() {
            Arc::clone(&self.term.guards)
        } else {
            context.guards.iter().chain(&*self.term.guards).cloned().collect()
        };
        Cow::Owned(RequestContext { guards, ..context.clone() })
    }
}

#[async_trait]
impl ObjectStore for LedStore {
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
        self.term.check()?;
        let answer = self.store.write(&self.guarded(context), write).await;
        self.term.note(&answer);
        answer
    }

    async fn write_batch(&self, context: &RequestContext, writes: Vec<Write>) -> Vec<Result<Written>> {
        if let Err(deposed) = self.term.check() {
            return writes.iter().map(|_| Err(deposed.clone())).collect();
        }
        let answers = self.store.write_batch(&self.guarded(context), writes).await;
        answers.iter().for_each(|answer| self.term.note(answer));
        answers
    }

    async fn delete_collection(
        &self,
        context: &RequestContext,
        selection: &Selection,
        options: &DeleteOptions,
    ) -> Result<Vec<ObjectRef>> {
        self.term.check()?;
        let answer = self.store.delete_collection(&self.guarded(context), selection, options).await;
        self.term.note(&answer);
        answer
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
