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

use super::{OwnWrites, kind_written};
use crate::history::{Asked, History, RunId};

/// A store that notes what one key writes, and is the store it wraps otherwise.
pub(crate) struct Recording {
    store: Arc<dyn ObjectStore>,
    own: Arc<OwnWrites>,
    key: Key,
    noted: Noted,
}

/// Where it is noted for whoever asks why.
pub(crate) struct Noted {
    pub(crate) env: Env,
    pub(crate) history: History,
    pub(crate) run: RunId,
}

impl Noted {
    fn wrote(&self, asked: Asked, answer: &Result<Written>) {
        self.history.wrote(self.env.now(), self.run, asked, answer);
    }
}

impl Recording {
    pub(crate) fn new(store: Arc<dyn ObjectStore>, own: Arc<OwnWrites>, key: Key, noted: Noted) -> Self {
        Self { store, own, key, noted }
    }

    fn end(&self, kind: Option<KindId>, result: &Result<Written>) {
        if let Some(kind) = kind {
            self.own.end(&self.key, kind, result.as_ref().map(|written| written.object.revision()));
        }
    }

    fn begin(&self, write: &Write) -> Option<KindId> {
        let kind = kind_written(write)?;
        self.own.begin(&self.key, kind);
        Some(kind)
    }
}

#[async_trait]
impl ObjectStore for Recording {
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
        let kind = self.begin(&write);
        let asked = self.noted.history.asked(context, &write);
        let result = self.store.write(context, write).await;
        self.end(kind, &result);
        self.noted.wrote(asked, &result);
        result
    }

    async fn write_batch(&self, context: &RequestContext, writes: Vec<Write>) -> Vec<Result<Written>> {
        let begun: Vec<(Option<KindId>, Asked)> = writes
            .iter()
            .map(|write| (self.begin(write), self.noted.history.asked(context, write)))
            .collect();
        let results = self.store.write_batch(context, writes).await;
        for ((kind, asked), result) in begun.into_iter().zip(&results) {
            self.end(kind, result);
            self.noted.wrote(asked, result);
        }
        results
    }

    async fn delete_collection(
        &self,
        context: &RequestContext,
        selection: &Selection,
        options: &DeleteOptions,
    ) -> Result<Vec<ObjectRef>> {
        self.own.begin(&self.key, selection.kind);
        let before = self.store.snapshot().map(|snapshot| snapshot.revision());
        let deleted = self.store.delete_collection(context, selection, options).await?;
        if let Some(before) = before {
            let Noted { env, history, run } = &self.noted;
            history.deleted(env.now(), *run, context, before, &deleted);
        }
        // A failure may have deleted some: then nobody knows.
        let newest = deleted.iter().map(|object| object.revision()).max().unwrap_or(Revision::ZERO);
        self.own.end(&self.key, selection.kind, Ok(newest));
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
