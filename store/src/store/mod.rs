//! The rules over an engine: what makes stored values Kubernetes objects.
//!
//! Every write takes the same way (STORE-12): defaults, mutating admission, system metadata, the kind's own
//! preparation, validation, validating admission, record of ownership, commit. An update takes it anew
//! whenever the object has changed meanwhile (STORE-03), so that every step sees the newest version.

mod apply;
mod bind;
mod commit;
mod create;
mod delete;
mod evict;
mod expire;
mod kinds;
mod metadata;
mod page;
mod patch;
mod quota;
mod read;
mod record;
mod service;
mod update;
mod watch;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use setpoint_core::custom::renewed;
use setpoint_core::env::Env;
use setpoint_core::kind::{Kind, KindId, Registry};
use setpoint_core::object::{Draft, Key, ObjectRef, Revision};
use setpoint_core::{Error, Reason, Result};

use self::create::CreateMemo;
pub(crate) use self::kinds::WellKnown;
use self::page::Pages;
use self::record::{Ownership, Records};
use crate::admission::Chain;
use crate::engine::{CommitError, Engine, Expired, Feed, Memory, Route};
use crate::object_store::{ObjectStore, WatchStream};
use crate::rbac::{self, RoleKinds};
use crate::request::{
    DeleteOptions, ListQuery, ObjectList, ReadAt, RequestContext, Selection, WatchQuery, Write, Written,
};
use crate::service_network::{self, Allocator, ServiceNetwork};
use crate::tables::{Index, Snapshot};

/// An [`ObjectStore`] over an engine. Clones share.
///
/// ```
/// use k8s_openapi::api::core::v1::ConfigMap;
/// use setpoint_core::env::Simulation;
/// use setpoint_store::{Objects, Store};
///
/// let sim = Simulation::new(1);
/// let store = Store::memory(&sim.env());
/// let done = sim.block_on(async {
///     store.ensure_namespace("default").await?;
///     let maps = Objects::<ConfigMap>::namespaced(&store, "default")?;
///     let mut map = ConfigMap::default();
///     map.metadata.name = Some("greeting".to_owned());
///     map.data = Some([("text".to_owned(), "hello".to_owned())].into());
///     maps.create(map).await?;
///     let stored = maps.get("greeting").await?;
///     assert_eq!(stored.data.as_ref().unwrap()["text"], "hello");
///     setpoint_core::Result::<()>::Ok(())
/// });
/// done.expect("nothing waits").expect("all is valid");
/// ```
pub struct Store<E = Memory> {
    inner: Arc<Inner<E>>,
}

struct Inner<E> {
    env: Env,
    engine: E,
    registry: Registry,
    well_known: WellKnown,
    allocator: Option<Allocator>,
    admission: Chain,
    creates: CreateMemo,
    records: Records,
    pages: Pages,
}

/// How often a write is decided anew because the object has changed meanwhile.
const ATTEMPTS_MAX: usize = 64;

impl Store<Memory> {
    /// A store in memory with the built-in kinds and upstream's admission.
    pub fn memory(env: &Env) -> Self {
        Self::new(env, Memory::new(env), Registry::builtin(), Chain::upstream())
    }
}

#[cfg(feature = "durable")]
impl Store<crate::engine::Durable> {
    /// A store in files, with the built-in kinds and upstream's admission: what it acknowledges survives a crash. See
    /// [`engine::durable`](crate::engine::durable).
    ///
    /// # Errors
    ///
    /// If the files are in use, damaged, or none of a store; what is wrong is named.
    pub async fn durable(
        env: &Env,
        storage: impl crate::engine::durable::Storage,
    ) -> std::result::Result<Self, crate::engine::durable::StorageError> {
        use crate::engine::durable::{Durable, Settings};

        let registry = Registry::builtin();
        let engine = Durable::open(env, storage, &registry, Settings::STANDARD).await?;
        Ok(Self::new(env, engine, registry, Chain::upstream()))
    }
}

#[cfg(feature = "etcd")]
impl Store<crate::engine::Etcd> {
    /// A store in etcd, with the built-in kinds and upstream's admission. See [`engine::etcd`](crate::engine::etcd).
    ///
    /// # Errors
    ///
    /// If no member of it can be reached, or does not answer.
    pub async fn etcd(
        env: &Env,
        settings: crate::engine::etcd::EtcdSettings,
    ) -> std::result::Result<Self, crate::engine::etcd::EtcdError> {
        let registry = Registry::builtin();
        let engine = crate::engine::Etcd::open(env, &registry, settings).await?;
        Ok(Self::new(env, engine, registry, Chain::upstream()))
    }
}

impl<E: Engine> Store<E> {
    /// A store over an engine.
    ///
    /// The kinds of namespaces and priority classes, if any, are to be registered before; others can
    /// follow.
    pub fn new(env: &Env, engine: E, registry: Registry, admission: Chain) -> Self {
        Self::with_service_network(env, engine, registry, admission, ServiceNetwork::default())
    }

    /// The same with addresses and node ports of Services from elsewhere than usual.
    pub fn with_service_network(
        env: &Env,
        engine: E,
        registry: Registry,
        admission: Chain,
        network: ServiceNetwork,
    ) -> Self {
        let well_known = WellKnown::of(&registry);
        if let Some(pods) = well_known.pods {
            engine.add_index(pods, Index::node());
        }
        for bindings in well_known.roles.iter().flat_map(RoleKinds::bindings) {
            engine.add_index(bindings, rbac::index());
        }
        if let Some(services) = well_known.services {
            engine.add_index(services, service_network::index(&network));
        }
        let allocator = well_known.services.map(|services| Allocator::new(services, network));
        Self {
            inner: Arc::new(Inner {
                env: env.clone(),
                engine,
                registry,
                well_known,
                allocator,
                admission,
                creates: CreateMemo::default(),
                records: Records::default(),
                pages: Pages::default(),
            }),
        }
    }

    /// The engine below.
    pub fn engine(&self) -> &E {
        &self.inner.engine
    }

    /// The environment it takes time and entropy from.
    pub fn env(&self) -> &Env {
        &self.inner.env
    }

    /// Creates a namespace unless it is there.
    ///
    /// # Errors
    ///
    /// As a creation, other than `AlreadyExists`.
    pub async fn ensure_namespace(&self, name: &str) -> Result<()> {
        let namespaces = crate::Objects::<k8s_openapi::api::core::v1::Namespace>::cluster(self)?;
        let mut namespace = k8s_openapi::api::core::v1::Namespace::default();
        namespace.metadata.name = Some(name.to_owned());
        match namespaces.create(namespace).await {
            Err(error) if !error.is_already_exists() => Err(error),
            _ => Ok(()),
        }
    }
}

impl<E> Inner<E> {
    fn kind(&self, id: KindId) -> Result<Arc<Kind>> {
        self.registry.get(id).ok_or_else(|| Error::new(Reason::NotFound, "the kind is not registered here"))
    }

    async fn write(&self, context: &RequestContext, write: Write) -> Result<Written>
    where
        E: Engine,
    {
        match write {
            Write::Create(draft) => self.create(context, draft, &Ownership::OfWriter).await,
            Write::Update(draft, side) => self.update(context, draft, side).await,
            Write::Patch(key, patch, side) => self.patch(context, &key, &patch, side).await,
            Write::Delete(key, options) => self.delete(context, &key, &options).await,
            Write::Bind(binding) => self.bind(context, &binding).await,
            Write::Evict(eviction) => self.evict(context, &eviction).await,
        }
    }

    /// A draft of the kind as it is now: it may have changed since the draft was made.
    fn of_kind_now(&self, draft: &mut Draft) -> Result<()> {
        let kind = self.kind(draft.kind().id)?;
        if !Arc::ptr_eq(&kind, draft.kind()) {
            draft.set_kind(kind);
        }
        Ok(())
    }

    /// An object as its kind shows it now.
    fn shown_now(&self, object: &ObjectRef) -> ObjectRef {
        match self.registry.get(object.kind().id) {
            Some(kind) => shown_as(object, &kind),
            None => Arc::clone(object),
        }
    }

    fn not_found(&self, key: &Key) -> Error {
        match self.registry.get(key.kind) {
            Some(kind) => Error::not_found(&kind.resource, &key.name),
            None => Error::new(Reason::NotFound, "the kind is not registered here"),
        }
    }
}

/// An object as a kind shows it.
fn shown_as(object: &ObjectRef, kind: &Arc<Kind>) -> ObjectRef {
    renewed(object, kind).map_or_else(|| Arc::clone(object), Arc::new)
}

/// What an engine's failure means to a client; a mismatch is the caller's to answer.
fn engine_error(error: &CommitError) -> Error {
    match error {
        CommitError::Mismatch { .. } => Error::internal(error),
        CommitError::TooLarge { .. } => Error::new(Reason::RequestEntityTooLarge, error.to_string()),
        CommitError::Unavailable(_) => Error::new(Reason::ServiceUnavailable, error.to_string()),
        CommitError::Unknown(_) => Error::outcome_unknown(error.to_string()),
    }
}

#[async_trait]
impl<E: Engine> ObjectStore for Store<E> {
    fn registry(&self) -> &Registry {
        &self.inner.registry
    }

    async fn get(&self, _context: &RequestContext, key: &Key, at: ReadAt) -> Result<ObjectRef> {
        let snapshot = self.inner.snapshot_for(at).await?;
        let object = snapshot.get(key).ok_or_else(|| self.inner.not_found(key))?;
        Ok(self.inner.shown_now(object))
    }

    async fn list(&self, _context: &RequestContext, query: &ListQuery) -> Result<ObjectList> {
        self.inner.list(query).await
    }

    async fn watch(&self, _context: &RequestContext, query: &WatchQuery) -> Result<WatchStream> {
        self.inner.watch(query).await
    }

    async fn write(&self, context: &RequestContext, write: Write) -> Result<Written> {
        self.inner.write(context, write).await
    }

    async fn write_batch(&self, context: &RequestContext, writes: Vec<Write>) -> Vec<Result<Written>> {
        self.inner.write_batch(context, writes).await
    }

    async fn delete_collection(
        &self,
        context: &RequestContext,
        selection: &Selection,
        options: &DeleteOptions,
    ) -> Result<Vec<ObjectRef>> {
        self.inner.delete_collection(context, selection, options).await
    }

    fn honours_guards(&self) -> bool {
        true
    }

    fn snapshot(&self) -> Option<Snapshot> {
        Some(self.inner.engine.snapshot())
    }

    fn feed(&self, kind: KindId, route: Route, from: Revision) -> Option<Result<Feed, Expired>> {
        Some(self.inner.engine.feed(kind, route, from))
    }

    fn add_index(&self, kind: KindId, index: Index) {
        self.inner.engine.add_index(kind, index);
    }
}

impl<E> Clone for Store<E> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<E: fmt::Debug> fmt::Debug for Store<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("engine", &self.inner.engine)
            .field("registry", &self.inner.registry)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
