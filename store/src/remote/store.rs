use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures::FutureExt;
use kube::{Client, Config};
use setpoint_core::env::Env;
use setpoint_core::kind::{Kind, KindId, Registry};
use setpoint_core::object::{Key, ObjectRef, Revision};
use setpoint_core::{Error, Reason, Result};

use super::connection::Renew;
use super::decode::Decoder;
use super::exchange::Exchange;
use crate::engine::{Expired, Feed, Route};
use crate::object_store::{ObjectStore, WatchStream};
use crate::request::{
    DeleteOptions, ListQuery, ObjectList, ReadAt, RequestContext, Selection, WatchQuery, Write, Written,
};
use crate::tables::{Index, Snapshot};

/// A Kubernetes API server as an [`ObjectStore`]. Clones share. See [the module](super) for what it promises.
///
/// It needs a tokio runtime, since the client does; waits and time-outs are the environment's.
///
/// Servers do not show most of what they have removed. What a deletion answers then is the object as it was read right
/// before, under the first revision that its removal can have; the deletion is bound to that object's uid. After a
/// binding or an eviction the pod is read again. Whether a write has changed anything is known only if it named the
/// version that it replaces.
#[derive(Clone)]
pub struct Remote {
    inner: Arc<Inner>,
}

/// What all clones share.
pub(super) struct Inner {
    pub(super) exchange: Exchange,
    pub(super) registry: Registry,
    pub(super) decoder: Decoder,
}

impl Remote {
    /// The server that a client talks to, with the built-in kinds; for others see [`Remote::with_registry`] and
    /// [`Remote::discover`].
    ///
    /// The client's own retries are to be switched off (`Config::default_retry`): they send writes again of which
    /// nobody knows whether they were applied.
    pub fn new(env: &Env, client: Client) -> Self {
        Self::assemble(env, client, Registry::builtin(), None)
    }

    /// The same with other kinds.
    pub fn with_registry(env: &Env, client: Client, registry: Registry) -> Self {
        Self::assemble(env, client, registry, None)
    }

    /// The server of kubectl's current context, or of the pod this runs in. When its credentials are refused they are
    /// read anew.
    ///
    /// # Errors
    ///
    /// `Unauthorized` if there are no credentials, or none that can be used.
    pub async fn inferred(env: &Env) -> Result<Self> {
        Self::renewed_by(env, || async {
            let config = Config::infer().await.map_err(|error| unusable(&error))?;
            Self::client(config)
        })
        .await
    }

    /// A server whose client is made by `connect`: at the beginning, and whenever the server no longer takes its
    /// credentials.
    ///
    /// # Errors
    ///
    /// What `connect` answers.
    pub async fn renewed_by<F, Fut>(env: &Env, connect: F) -> Result<Self>
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Client>> + Send + 'static,
    {
        let client = connect().await?;
        let renew: Renew = Arc::new(move || connect().boxed());
        Ok(Self::assemble(env, client, Registry::builtin(), Some(renew)))
    }

    /// A client of a configuration that leaves it to a [`Remote`] what is sent again.
    ///
    /// # Errors
    ///
    /// `Unauthorized` if no client can be made of it.
    pub fn client(mut config: Config) -> Result<Client> {
        config.default_retry = false;
        Client::try_from(config).map_err(|error| unusable(&error))
    }

    fn assemble(env: &Env, client: Client, registry: Registry, renew: Option<Renew>) -> Self {
        let exchange = Exchange::new(env, client, renew);
        Self { inner: Arc::new(Inner { exchange, registry, decoder: Decoder::default() }) }
    }

    pub(super) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }
}

fn unusable(error: &dyn fmt::Display) -> Error {
    Error::new(Reason::Unauthorized, format!("no client can be made: {error}"))
}

impl Inner {
    pub(super) fn kind(&self, id: KindId) -> Result<Arc<Kind>> {
        self.registry.get(id).ok_or_else(|| Error::new(Reason::NotFound, "the kind is not registered here"))
    }
}

#[async_trait]
impl ObjectStore for Remote {
    fn registry(&self) -> &Registry {
        &self.inner.registry
    }

    async fn get(&self, context: &RequestContext, key: &Key, at: ReadAt) -> Result<ObjectRef> {
        self.inner.get(context, key, at).await
    }

    async fn list(&self, context: &RequestContext, query: &ListQuery) -> Result<ObjectList> {
        self.inner.list(context, query).await
    }

    async fn watch(&self, context: &RequestContext, query: &WatchQuery) -> Result<WatchStream> {
        self.inner.watch(context, query).await
    }

    async fn write(&self, context: &RequestContext, write: Write) -> Result<Written> {
        self.inner.write(context, write).await
    }

    /// Writes of one kind and sort that follow each other are sent some at a time; what is of another kind or sort, or
    /// to an object that was written before, waits for those before it.
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

    fn snapshot(&self) -> Option<Snapshot> {
        None
    }

    fn feed(&self, _kind: KindId, _route: Route, _from: Revision) -> Option<Result<Feed, Expired>> {
        None
    }

    fn add_index(&self, _kind: KindId, _index: Index) {}
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote")
            .field("exchange", &self.inner.exchange)
            .field("registry", &self.inner.registry)
            .finish_non_exhaustive()
    }
}
