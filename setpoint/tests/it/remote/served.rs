//! Over HTTPS, on real sockets and real time: a server that goes and comes back, and tokens that are no longer taken.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::StreamExt;
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use setpoint::apiserver::ApiServer;
use setpoint::apiserver::authentication::administrator;
use setpoint::apiserver::serve::{Authority, Server};
use setpoint::env::Env;
use setpoint::store::ObjectStoreExt;
use setpoint::store::remote::Remote;
use setpoint::store::request::{RequestContext, Selection, WatchEvent, WatchFrom, WatchQuery};
use setpoint::{ControlPlane, Objects, Result, Store};

use super::{client, deployment};

/// How long, in real time, what is waited for may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server that comes back where it was, certified by the same authority.
struct World {
    env: Env,
    store: Store,
    folder: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        let env = Env::tokio();
        let store = Store::memory(&env);
        store.ensure_namespace("default").await.expect("it is new");
        Self { env, store, folder: tempfile::tempdir().expect("a folder") }
    }

    async fn serve(&self, address: Option<SocketAddr>, token: &str) -> Server {
        let authority = Authority::open(&self.env, self.folder.path()).expect("an authority");
        let api = ApiServer::builder(&self.env, Arc::new(self.store.clone()));
        let builder = Server::builder(&self.env, api).authority(authority).token(token, administrator());
        let builder = address.into_iter().fold(builder, |builder, address| builder.listen(address));
        builder.start().await.expect("it listens")
    }
}

#[tokio::test]
async fn a_watch_survives_a_server_that_goes_and_comes_back() {
    let world = World::new().await;
    let server = world.serve(None, "one").await;
    let remote = Remote::new(&world.env, client(&server).await.expect("a client"));
    let maps = Objects::<ConfigMap>::namespaced(&world.store, "default").expect("a built-in kind");
    let kind = remote.kind_of::<ConfigMap>().expect("a built-in kind").id;
    let map = |name: &str| {
        let mut map = ConfigMap::default();
        map.metadata.name = Some(name.to_owned());
        map
    };
    maps.create(map("a")).await.expect("it is new");
    let query = WatchQuery { selection: Selection::all(kind), from: WatchFrom::State, bookmarks: false };
    let mut events = remote.watch_all(&query).await.expect("it is opened");
    let mut told = Vec::new();
    let address = server.address();
    server.shut_down().await;
    maps.create(map("b")).await.expect("it is new");
    let server = world.serve(Some(address), "one").await;
    maps.create(map("c")).await.expect("it is new");
    while told.len() < 3 {
        let next = world.env.timeout(PATIENCE, events.next()).await.expect("it is told in time");
        if let WatchEvent::Added(object) = next.expect("it goes on").expect("nothing has expired") {
            told.push(object.meta().name.to_string());
        }
    }
    assert_eq!(told, ["a", "b", "c"]);
    server.shut_down().await;
    let gone = remote.objects_of::<ConfigMap>().list().await.expect_err("nobody is there");
    assert!(gone.is_retryable() && !gone.is_outcome_unknown(), "{gone}");
    let unsent = remote.objects_of::<ConfigMap>().create(map("d")).await.expect_err("nobody is there");
    assert!(unsent.is_retryable() && !unsent.is_outcome_unknown(), "it was surely not sent: {unsent:?}");
}

#[tokio::test]
async fn a_token_that_is_no_longer_taken_is_had_anew() {
    let world = World::new().await;
    let server = world.serve(None, "one").await;
    let address = server.address();
    let old = Remote::new(&world.env, client(&server).await.expect("a client"));
    let first = client(&server).await.expect("a client");
    server.shut_down().await;
    let server = world.serve(Some(address), "two").await;
    let refused = old.objects_of::<ConfigMap>().list().await.expect_err("the token has changed");
    assert_eq!(refused.code(), 401, "{refused}");
    let second = client(&server).await.expect("a client");
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let renewed = Remote::renewed_by(&world.env, move || {
        let is_first = count.fetch_add(1, Ordering::Relaxed) == 0;
        let client = if is_first { first.clone() } else { second.clone() };
        async move { Ok(client) }
    });
    let renewed = renewed.await.expect("there is a client");
    let (one, other) = (renewed.objects_of::<ConfigMap>(), renewed.objects_of::<Pod>());
    let (one, other) = futures::join!(one.list(), other.list());
    assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
    assert_eq!(asked.load(Ordering::Relaxed), 2, "two requests were refused, and one other token was had");
    server.shut_down().await;
}

#[tokio::test]
async fn controllers_make_a_hundred_pods_over_https_though_the_server_goes_and_comes_back() {
    let world = World::new().await;
    let server = world.serve(None, "one").await;
    let remote = Arc::new(Remote::new(&world.env, client(&server).await.expect("a client")));
    let plane =
        ControlPlane::builder(&world.env).shared_store(remote.clone()).workload_controllers().start().await;
    let plane = plane.expect("the control plane starts");
    remote.create(&RequestContext::system("test"), deployment(&*remote, 100)).await.expect("it is new");
    let address = server.address();
    server.shut_down().await;
    let server = world.serve(Some(address), "one").await;
    let pods = Objects::<Pod>::namespaced(&world.store, "default").expect("a built-in kind");
    let all = async {
        while pods.list().await.expect("it can be listed").len() < 100 {
            world.env.sleep(Duration::from_millis(20)).await;
        }
    };
    world.env.timeout(PATIENCE, all).await.expect("all are made in time");
    plane.shut_down().await;
    server.shut_down().await;
    assert_eq!(pods.list().await.expect("it can be listed").len(), 100, "and no more");
}

/// Shorter ways to ask.
trait Asking {
    async fn watch_all(&self, query: &WatchQuery) -> Result<setpoint::store::WatchStream>;
    fn objects_of<K: Send + Sync + 'static>(&self) -> Objects<K>;
}

impl Asking for Remote {
    async fn watch_all(&self, query: &WatchQuery) -> Result<setpoint::store::WatchStream> {
        setpoint::ObjectStore::watch(self, &RequestContext::system("test"), query).await
    }

    fn objects_of<K: Send + Sync + 'static>(&self) -> Objects<K> {
        Objects::namespaced(self, "default").expect("a built-in kind")
    }
}
