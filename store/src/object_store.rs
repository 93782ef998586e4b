use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use futures::Stream;
use setpoint_core::kind::{Kind, KindId, Registry, Subresource};
use setpoint_core::object::{Draft, Key, ObjectRef, Revision};
use setpoint_core::patch::Patch;
use setpoint_core::{Error, Result};

use crate::engine::{Expired, Feed, Route};
use crate::request::{
    DeleteOptions, ListQuery, ObjectList, ReadAt, RequestContext, Selection, WatchEvent, WatchQuery, Write,
    Written,
};
use crate::tables::{Index, Snapshot};

/// The one seam: all shared state is behind it, and controllers know nothing else.
///
/// The same controller runs on objects in memory, on disk, in etcd, in a real Kubernetes, and on a store
/// that a simulation makes fail. All errors are Kubernetes' [`Error`]s.
#[async_trait]
pub trait ObjectStore: Send + Sync + 'static {
    /// The kinds it knows.
    fn registry(&self) -> &Registry;

    /// Reads an object.
    ///
    /// # Errors
    ///
    /// `NotFound`; `Timeout` if a revision in the future does not come.
    async fn get(&self, context: &RequestContext, key: &Key, at: ReadAt) -> Result<ObjectRef>;

    /// Reads a page of objects, all of one revision (LIST rows).
    ///
    /// # Errors
    ///
    /// `BadRequest` for what cannot be selected by and for a token that is none; `Expired` if the revision
    /// is no longer known.
    async fn list(&self, context: &RequestContext, query: &ListQuery) -> Result<ObjectList>;

    /// Tells of changes as they happen (WATCH rows).
    ///
    /// # Errors
    ///
    /// As [`ObjectStore::list`]; `Expired` may also come as the stream's last item.
    async fn watch(&self, context: &RequestContext, query: &WatchQuery) -> Result<WatchStream>;

    /// Applies a write (STORE, PATCH and SUB rows).
    ///
    /// # Errors
    ///
    /// `NotFound`, `AlreadyExists`, `Conflict`, `Invalid`, `Forbidden`, `BadRequest`, as upstream's.
    async fn write(&self, context: &RequestContext, write: Write) -> Result<Written>;

    /// Applies several writes, one after the other; each succeeds or fails for itself.
    async fn write_batch(&self, context: &RequestContext, writes: Vec<Write>) -> Vec<Result<Written>> {
        let mut results = Vec::with_capacity(writes.len());
        for write in writes {
            results.push(self.write(context, write).await);
        }
        results
    }

    /// Deletes all that is selected, each for itself; what is gone already is passed over (STORE-28).
    ///
    /// # Errors
    ///
    /// The first failure that is not `NotFound`; what was deleted until then stays deleted.
    async fn delete_collection(
        &self,
        context: &RequestContext,
        selection: &Selection,
        options: &DeleteOptions,
    ) -> Result<Vec<ObjectRef>>;

    /// Whether a write with [guards](RequestContext::guards) is applied only if they hold at its revision. A store that
    /// does not refuses such writes.
    fn honours_guards(&self) -> bool {
        false
    }

    /// All objects at one revision, if they are in this process. Remote stores have none.
    fn snapshot(&self) -> Option<Snapshot>;

    /// The changes of a kind after a revision, as the engine records them, old and new version side by side;
    /// `None` if the store is not in this process.
    fn feed(&self, kind: KindId, route: Route, from: Revision) -> Option<Result<Feed, Expired>>;

    /// Adds an index to a kind's snapshots. Without effect on stores that have none.
    fn add_index(&self, kind: KindId, index: Index);
}

/// What a watch tells, until an error ends it. The end without an error is to be resumed from.
pub type WatchStream = Pin<Box<dyn Stream<Item = Result<WatchEvent>> + Send>>;

/// The verbs one by one, for everything that is an [`ObjectStore`].
#[async_trait]
pub trait ObjectStoreExt: ObjectStore {
    /// Creates an object and gives it back as stored.
    ///
    /// # Errors
    ///
    /// As [`ObjectStore::write`].
    async fn create(&self, context: &RequestContext, draft: Draft) -> Result<ObjectRef> {
        Ok(self.write(context, Write::Create(draft)).await?.object)
    }

    /// Replaces an object, or one side of it.
    ///
    /// # Errors
    ///
    /// As [`ObjectStore::write`].
    async fn update(&self, context: &RequestContext, draft: Draft, side: Subresource) -> Result<ObjectRef> {
        Ok(self.write(context, Write::Update(draft, side)).await?.object)
    }

    /// Changes an object.
    ///
    /// # Errors
    ///
    /// As [`ObjectStore::write`].
    async fn patch(
        &self,
        context: &RequestContext,
        key: &Key,
        patch: Patch,
        side: Subresource,
    ) -> Result<ObjectRef> {
        Ok(self.write(context, Write::Patch(key.clone(), patch, side)).await?.object)
    }

    /// Deletes an object, or begins to.
    ///
    /// # Errors
    ///
    /// As [`ObjectStore::write`].
    async fn delete(&self, context: &RequestContext, key: &Key, options: DeleteOptions) -> Result<Written> {
        self.write(context, Write::Delete(key.clone(), options)).await
    }

    /// The kind that a Rust type stands for.
    ///
    /// # Errors
    ///
    /// `NotFound` if it is not registered.
    fn kind_of<K: 'static>(&self) -> Result<Arc<Kind>> {
        self.registry().of::<K>().ok_or_else(|| {
            let message = format!("{} is not a registered kind", std::any::type_name::<K>());
            Error::new(setpoint_core::Reason::NotFound, message)
        })
    }
}

impl<S: ObjectStore + ?Sized> ObjectStoreExt for S {}
