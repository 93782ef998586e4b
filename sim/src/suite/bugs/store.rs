use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use futures::{StreamExt, stream};
use parking_lot::Mutex;
use setpoint_core::kind::{KindId, Registry};
use setpoint_core::object::{Key, ObjectRef, Revision};
use setpoint_core::{Error, Reason, Result};
use setpoint_store::engine::{Expired, Feed, Route};
use setpoint_store::request::{
    DeleteOptions, ListQuery, ObjectList, ReadAt, RequestContext, Selection, WatchEvent, WatchFrom,
    WatchQuery, Write, Written,
};
use setpoint_store::tables::{Index, Snapshot};
use setpoint_store::{ObjectStore, WatchStream};

use super::tampering::Tampering;

/// A store with a bug before it.
pub(super) struct Tampered {
    store: Arc<dyn ObjectStore>,
    how: Tampering,
    /// What watches and reads have shown.
    shown: Arc<Mutex<BTreeMap<Key, ObjectRef>>>,
}

impl Tampered {
    pub(super) fn new(store: Arc<dyn ObjectStore>, how: Tampering) -> Self {
        Self { store, how, shown: Arc::default() }
    }

    fn known(&self, key: &Key) -> Option<ObjectRef> {
        self.shown.lock().get(key).cloned()
    }
}

#[async_trait]
impl ObjectStore for Tampered {
    fn registry(&self) -> &Registry {
        self.store.registry()
    }

    async fn get(&self, context: &RequestContext, key: &Key, at: ReadAt) -> Result<ObjectRef> {
        if self.how == Tampering::CachedReads {
            let missing = || Error::new(Reason::NotFound, format!("{key} is not in the cache"));
            return self.known(key).ok_or_else(missing);
        }
        self.store.get(context, key, at).await
    }

    async fn list(&self, context: &RequestContext, query: &ListQuery) -> Result<ObjectList> {
        let list = self.store.list(context, query).await?;
        if self.how == Tampering::OldCache && query.limit == Some(1) {
            return Ok(ObjectList { revision: Revision::ZERO, ..list });
        }
        Ok(list)
    }

    async fn watch(&self, context: &RequestContext, query: &WatchQuery) -> Result<WatchStream> {
        let mut query = query.clone();
        if self.how == Tampering::ResumesNow && matches!(query.from, WatchFrom::After(_)) {
            query.from = WatchFrom::Now;
        }
        let (how, shown) = (self.how, Arc::clone(&self.shown));
        let mut is_initial = matches!(query.from, WatchFrom::State | WatchFrom::InitialEvents(_));
        let mut count = 0_u32;
        let tamper = move |event: Result<WatchEvent>| {
            let Ok(event) = event else { return stream::iter(vec![event]) };
            note(&mut shown.lock(), &event);
            if let WatchEvent::Bookmark { initial_events_end: true, .. } = event {
                is_initial = false;
            }
            count += u32::from(event.object().is_some());
            if how == Tampering::SkipsEvents && event.object().is_some() && count.is_multiple_of(7) {
                return stream::iter(Vec::new());
            }
            stream::iter(how.of_event(event, is_initial).into_iter().map(Ok).collect::<Vec<_>>())
        };
        Ok(self.store.watch(context, &query).await?.flat_map(tamper).boxed())
    }

    async fn write(&self, context: &RequestContext, write: Write) -> Result<Written> {
        let known = match &write {
            Write::Update(draft, _) => self.known(&draft.key()),
            _ => None,
        };
        let write = self.how.of_write(write, known.as_ref());
        let again = match (self.how, &write) {
            (Tampering::RetriesBlindly, Write::Create(_)) => Some(write.clone()),
            _ => None,
        };
        match (self.store.write(context, write).await, again) {
            (Err(error), Some(again)) if error.reason() == Reason::Timeout => {
                self.store.write(context, again).await
            }
            (result, _) => result,
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
        self.how != Tampering::NoFence && self.store.honours_guards()
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

fn note(shown: &mut BTreeMap<Key, ObjectRef>, event: &WatchEvent) {
    match event {
        WatchEvent::Added(object) | WatchEvent::Modified(object) => {
            shown.insert(object.key(), Arc::clone(object));
        }
        WatchEvent::Deleted(object) => drop(shown.remove(&object.key())),
        WatchEvent::Bookmark { .. } => {}
    }
}
