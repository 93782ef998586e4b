use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use futures::StreamExt;
use serde_json::Value;
use setpoint_core::kind::{DecodeError, Kind, Subresource};
use setpoint_core::object::{Draft, Key, Obj, ObjectRef, Text};
use setpoint_core::patch::Patch;
use setpoint_core::selector::FieldSelector;
use setpoint_core::{Error, Result};

use crate::object_store::{ObjectStore, ObjectStoreExt};
use crate::request::{
    DeleteOptions, ListQuery, ReadAt, RequestContext, Selection, WatchEvent, WatchQuery, Written,
};

/// The objects of one kind in a store, as values of the API type `K`.
///
/// What `kube::Api` is to an API server, this is to an [`ObjectStore`]: made for a namespace, for all of
/// them, or for a cluster-scoped kind.
pub struct Objects<K> {
    store: Arc<dyn ObjectStore>,
    kind: Arc<Kind>,
    namespace: Option<Text>,
    context: RequestContext,
    marker: PhantomData<fn() -> K>,
}

impl<K: Send + Sync + 'static> Objects<K> {
    /// The objects in a namespace.
    ///
    /// # Errors
    ///
    /// `NotFound` if `K` is not registered.
    pub fn namespaced<S: ObjectStore + Clone>(store: &S, namespace: impl Into<Text>) -> Result<Self> {
        Self::over(Arc::new(store.clone()), Some(namespace.into()))
    }

    /// The objects of a cluster-scoped kind, or those of all namespaces, to be read.
    ///
    /// # Errors
    ///
    /// `NotFound` if `K` is not registered.
    pub fn cluster<S: ObjectStore + Clone>(store: &S) -> Result<Self> {
        Self::over(Arc::new(store.clone()), None)
    }

    /// The same over a shared store.
    ///
    /// # Errors
    ///
    /// `NotFound` if `K` is not registered.
    pub fn over(store: Arc<dyn ObjectStore>, namespace: Option<Text>) -> Result<Self> {
        let kind = store.kind_of::<K>()?;
        Ok(Self { store, kind, namespace, context: RequestContext::system("objects"), marker: PhantomData })
    }

    /// Asks as somebody else.
    #[must_use]
    pub fn with_context(mut self, context: RequestContext) -> Self {
        self.context = context;
        self
    }

    /// The kind.
    pub fn kind(&self) -> &Arc<Kind> {
        &self.kind
    }

    /// The store.
    pub fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.store
    }

    /// Where the object of this name is.
    pub fn key(&self, name: &str) -> Key {
        Key { kind: self.kind.id, namespace: self.namespace.clone(), name: name.into() }
    }

    /// Reads an object.
    ///
    /// # Errors
    ///
    /// As [`ObjectStore::get`].
    pub async fn get(&self, name: &str) -> Result<Obj<K>> {
        self.typed(self.store.get(&self.context, &self.key(name), ReadAt::Newest).await?)
    }

    /// Reads an object that may be missing.
    ///
    /// # Errors
    ///
    /// As [`ObjectStore::get`], other than `NotFound`.
    pub async fn get_opt(&self, name: &str) -> Result<Option<Obj<K>>> {
        match self.get(name).await {
            Ok(object) => Ok(Some(object)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads all objects.
    ///
    /// # Errors
    ///
    /// As [`ObjectStore::list`].
    pub async fn list(&self) -> Result<Vec<Obj<K>>> {
        let list = self.store.list(&self.context, &ListQuery::new(self.selection())).await?;
        list.items.into_iter().map(|object| self.typed(object)).collect()
    }

    /// All objects, to be narrowed further for lists and watches.
    pub fn selection(&self) -> Selection {
        Selection { namespace: self.namespace.clone(), ..Selection::all(self.kind.id) }
    }

    /// Creates an object.
    ///
    /// # Errors
    ///
    /// As [`ObjectStore::write`].
    pub async fn create(&self, object: K) -> Result<Obj<K>> {
        let draft = self.draft(object)?;
        self.typed(self.store.create(&self.context, draft).await?)
    }

    /// Replaces an object, if it is still at the resource version that `object` has.
    ///
    /// # Errors
    ///
    /// As [`ObjectStore::write`].
    pub async fn replace(&self, object: K) -> Result<Obj<K>> {
        self.update(object, Subresource::Main).await
    }

    /// Replaces what was observed of an object.
    ///
    /// # Errors
    ///
    /// As [`ObjectStore::write`].
    pub async fn replace_status(&self, object: K) -> Result<Obj<K>> {
        self.update(object, Subresource::Status).await
    }

    /// Changes an object.
    ///
    /// # Errors
    ///
    /// As [`ObjectStore::write`].
    pub async fn patch(&self, name: &str, patch: Patch) -> Result<Obj<K>> {
        self.typed(self.store.patch(&self.context, &self.key(name), patch, Subresource::Main).await?)
    }

    /// Makes the fields that `object` sets what it says, and creates it if it is missing: a forced server-side
    /// apply under the context's field manager. Fields that an earlier apply set and this one does not are
    /// removed.
    ///
    /// # Errors
    ///
    /// As [`ObjectStore::write`].
    pub async fn apply(&self, object: K) -> Result<Obj<K>> {
        let draft = self.draft(object)?;
        let Value::Object(config) = draft.to_value() else {
            return Err(Error::internal("an object is an object in JSON"));
        };
        let patch = Patch::Apply { config, force: true };
        self.typed(self.store.patch(&self.context, &draft.key(), patch, Subresource::Main).await?)
    }

    /// Waits until a condition holds for an object, or for its absence, as long as it takes. To bound the wait,
    /// put it into [`Env::timeout`](setpoint_core::env::Env::timeout).
    ///
    /// # Errors
    ///
    /// As [`ObjectStore::list`] and [`ObjectStore::watch`].
    pub async fn wait_for(
        &self,
        name: &str,
        condition: impl Fn(Option<&K>) -> bool + Send,
    ) -> Result<Option<Obj<K>>> {
        let fields = FieldSelector::equals("metadata.name", name);
        let selection = self.selection().fields(fields);
        loop {
            let list = self.store.list(&self.context, &ListQuery::new(selection.clone())).await?;
            let found = list.items.into_iter().next().map(|object| self.typed(object)).transpose()?;
            if condition(found.as_deref()) {
                return Ok(found);
            }
            let query = WatchQuery::after(selection.clone(), list.revision);
            let mut events = self.store.watch(&self.context, &query).await?;
            // A watch that ends, for whatever reason, begins anew with what is there.
            while let Some(Ok(event)) = events.next().await {
                let found = match event {
                    WatchEvent::Added(object) | WatchEvent::Modified(object) => Some(self.typed(object)?),
                    WatchEvent::Deleted(_) => None,
                    WatchEvent::Bookmark { .. } => continue,
                };
                if condition(found.as_deref()) {
                    return Ok(found);
                }
            }
        }
    }

    /// Changes what was observed of an object.
    ///
    /// # Errors
    ///
    /// As [`ObjectStore::write`].
    pub async fn patch_status(&self, name: &str, patch: Patch) -> Result<Obj<K>> {
        self.typed(self.store.patch(&self.context, &self.key(name), patch, Subresource::Status).await?)
    }

    /// Deletes an object, or begins to.
    ///
    /// # Errors
    ///
    /// As [`ObjectStore::write`].
    pub async fn delete(&self, name: &str, options: DeleteOptions) -> Result<Written> {
        self.store.delete(&self.context, &self.key(name), options).await
    }

    async fn update(&self, object: K, side: Subresource) -> Result<Obj<K>> {
        let draft = self.draft(object)?;
        self.typed(self.store.update(&self.context, draft, side).await?)
    }

    /// A draft of the value; without a namespace it is in this one.
    fn draft(&self, object: K) -> Result<Draft> {
        let mut draft =
            Draft::from_whole(Arc::clone(&self.kind), object).map_err(|error| unreadable(&error))?;
        if draft.meta().namespace.is_none() && self.namespace.is_some() {
            draft.meta_mut().namespace = self.namespace.clone();
        }
        if draft.meta().namespace != self.namespace && self.namespace.is_some() {
            let message =
                "the namespace of the provided object does not match the namespace sent on the request";
            return Err(Error::bad_request(message));
        }
        Ok(draft)
    }

    fn typed(&self, object: ObjectRef) -> Result<Obj<K>> {
        Obj::new(object).map_err(|error| unreadable(&error))
    }
}

fn unreadable(error: &DecodeError) -> Error {
    Error::bad_request(error.to_string())
}

impl<K> Clone for Objects<K> {
    fn clone(&self) -> Self {
        Self {
            store: Arc::clone(&self.store),
            kind: Arc::clone(&self.kind),
            namespace: self.namespace.clone(),
            context: self.context.clone(),
            marker: PhantomData,
        }
    }
}

impl<K> fmt::Debug for Objects<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Objects")
            .field("kind", &self.kind.resource)
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}
