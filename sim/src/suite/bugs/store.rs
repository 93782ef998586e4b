use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::{StreamExt, stream};
use parking_lot::Mutex;
use setpoint_core::env::{Env, Instant};
use setpoint_core::kind::{KindId, Registry};
use setpoint_core::object::{Draft, Key, Object, ObjectRef, Revision};
use setpoint_core::{Error, Reason, Result};
use setpoint_store::engine::{Expired, Feed, Route};
use setpoint_store::request::{
    DeleteOptions, ListQuery, ObjectList, Preconditions, ReadAt, RequestContext, Selection, WatchEvent,
    WatchFrom, WatchQuery, Write, Written,
};
use setpoint_store::tables::{Index, Snapshot};
use setpoint_store::{ObjectStore, WatchStream};

/// What is done wrong on the way to the store and back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tampering {
    /// Nobody asks how old a view is.
    OldCache,
    /// Every seventh event of a watch is dropped.
    SkipsEvents,
    /// A watch that is opened again begins now, not where the one before ended.
    ResumesNow,
    /// Deletions name no uid and no version.
    DeletesByName,
    /// Updates name no version.
    Overwrites,
    /// A creation that was not answered is sent again.
    RetriesBlindly,
    /// Finalizers are never removed.
    KeepsFinalizers,
    /// An object that was read once is read from memory.
    CachedReads,
    /// Every third pod is shown twice.
    Twins,
    /// Nothing.
    Nothing,
}

/// A store with a bug before it.
pub(in crate::suite) struct Tampered {
    store: Arc<dyn ObjectStore>,
    how: Tampering,
    read: Mutex<BTreeMap<Key, ObjectRef>>,
    /// Pods are refused until then: no bug of the controllers', but what makes one show.
    refuses: Option<(Env, Instant)>,
}

/// How long pods are refused.
const REFUSED: Duration = Duration::from_secs(30);

impl Tampered {
    pub(super) fn new(store: Arc<dyn ObjectStore>, how: Tampering) -> Self {
        Self { store, how, read: Mutex::default(), refuses: None }
    }

    /// A store that refuses pods for half a minute from now on.
    pub(in crate::suite) fn refusing(env: &Env, store: Arc<dyn ObjectStore>) -> Self {
        let refuses = Some((env.clone(), env.now() + REFUSED));
        Self { refuses, ..Self::new(store, Tampering::Nothing) }
    }

    fn is_refused(&self, write: &Write) -> bool {
        let Some((env, until)) = &self.refuses else { return false };
        let is_pod = matches!(write, Write::Create(draft) if draft.kind().names.kind == "Pod");
        is_pod && env.now() < *until
    }

    fn tamper(&self, write: Write) -> Write {
        match (self.how, write) {
            (Tampering::DeletesByName, Write::Delete(key, options)) => {
                Write::Delete(key, DeleteOptions { preconditions: Preconditions::default(), ..options })
            }
            (Tampering::Overwrites, Write::Update(mut draft, side)) => {
                draft.revision = None;
                Write::Update(draft, side)
            }
            (Tampering::KeepsFinalizers, Write::Update(mut draft, side)) => {
                let stored =
                    self.read.lock().get(&draft.key()).map(|object| object.meta().finalizers.clone());
                if let Some(finalizers) = stored.filter(|finalizers| !finalizers.is_empty()) {
                    draft.meta_mut().finalizers = finalizers;
                }
                Write::Update(draft, side)
            }
            (_, write) => write,
        }
    }
}

#[async_trait]
impl ObjectStore for Tampered {
    fn registry(&self) -> &Registry {
        self.store.registry()
    }

    async fn get(&self, context: &RequestContext, key: &Key, at: ReadAt) -> Result<ObjectRef> {
        if self.how == Tampering::CachedReads
            && let Some(known) = self.read.lock().get(key)
        {
            return Ok(Arc::clone(known));
        }
        let found = self.store.get(context, key, at).await?;
        self.read.lock().insert(key.clone(), Arc::clone(&found));
        Ok(found)
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
        let events = self.store.watch(context, &query).await?;
        Ok(match self.how {
            Tampering::SkipsEvents => {
                let mut count = 0_u32;
                let shown = move |event: &Result<WatchEvent>| {
                    count += u32::from(event.as_ref().is_ok_and(|event| event.object().is_some()));
                    let dropped = count.is_multiple_of(7);
                    count += u32::from(dropped);
                    futures::future::ready(!dropped)
                };
                events.filter(shown).boxed()
            }
            Tampering::Twins => events.flat_map(|event| stream::iter(with_twin(event))).boxed(),
            _ => events,
        })
    }

    async fn write(&self, context: &RequestContext, write: Write) -> Result<Written> {
        if self.is_refused(&write) {
            return Err(Error::new(Reason::Forbidden, "pods is forbidden: exceeded quota: none"));
        }
        if let (Tampering::KeepsFinalizers, Write::Update(draft, _)) = (self.how, &write) {
            // Whatever it fails for, the update will say.
            let _known = self.get(context, &draft.key(), ReadAt::Newest).await;
        }
        let write = self.tamper(write);
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

/// Some pods, and the same under another name.
fn with_twin(event: Result<WatchEvent>) -> Vec<Result<WatchEvent>> {
    let twin = |object: &ObjectRef| {
        let name = &object.meta().name;
        if object.kind().names.kind != "Pod" || name.bytes().last().is_none_or(|last| last % 3 != 0) {
            return None;
        }
        let mut draft = Draft::of(object);
        draft.meta_mut().name = format!("{name}-twin").into();
        Some(Arc::new(Object::from_draft(draft, object.revision())))
    };
    let twin = event.as_ref().ok().and_then(|event| match event {
        WatchEvent::Added(object) => twin(object).map(WatchEvent::Added),
        WatchEvent::Modified(object) => twin(object).map(WatchEvent::Modified),
        WatchEvent::Deleted(object) => twin(object).map(WatchEvent::Deleted),
        WatchEvent::Bookmark { .. } => None,
    });
    std::iter::once(event).chain(twin.map(Ok)).collect()
}
