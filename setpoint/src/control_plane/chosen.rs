use std::sync::Arc;

use futures::future::BoxFuture;
use jiff::SignedDuration;
use setpoint_core::Result;
use setpoint_core::env::Env;
use setpoint_store::engine::Engine;
use setpoint_store::{ObjectStore, Store};

/// How long events are kept (STORE-30).
const EVENT_AGE_MAX: SignedDuration = SignedDuration::from_hours(1);

/// A store, how its events expire, if it is one that lets them, and how it is closed, if it is the control plane's own.
pub(super) struct Chosen {
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) expire: Option<Expire>,
    pub(super) close: Option<Close>,
}

pub(super) type OpenStore = Box<dyn FnOnce(Env) -> BoxFuture<'static, Result<Chosen>> + Send>;
pub(super) type Close = Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>;
pub(super) type Expire = Arc<dyn Fn() -> BoxFuture<'static, Result<usize>> + Send + Sync>;

impl Chosen {
    /// A store in this process, whose events are for the control plane to expire.
    pub(super) fn engine<E: Engine>(store: Store<E>) -> Self {
        let expiring = store.clone();
        let expire: Expire = Arc::new(move || {
            let store = expiring.clone();
            Box::pin(async move { store.expire_events(EVENT_AGE_MAX).await })
        });
        Self { store: Arc::new(store), expire: Some(expire), close: None }
    }

    /// One in files, which is closed in the end.
    #[cfg(feature = "durable")]
    pub(super) async fn durable(
        env: &Env,
        storage: impl setpoint_store::engine::durable::Storage,
    ) -> Result<Self> {
        let store = Store::durable(env, storage).await.map_err(setpoint_core::Error::internal)?;
        let closing = store.clone();
        let close: Close = Box::new(move || Box::pin(async move { closing.engine().close().await }));
        Ok(Self { close: Some(close), ..Self::engine(store) })
    }

    /// One in etcd, whose events are etcd's to expire.
    #[cfg(feature = "etcd")]
    pub(super) async fn etcd(
        env: &Env,
        settings: setpoint_store::engine::etcd::EtcdSettings,
    ) -> Result<Self> {
        let store = Store::etcd(env, settings).await?;
        let closing = store.clone();
        let close: Close = Box::new(move || Box::pin(async move { closing.engine().close().await }));
        Ok(Self { store: Arc::new(store), expire: None, close: Some(close) })
    }
}
