//! The reference controllers on a remote store.

use std::sync::Arc;
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::Pod;
use setpoint::env::Env;
use setpoint::model::kind::Registry;
use setpoint::store::ObjectStoreExt;
use setpoint::store::admission::Chain;
use setpoint::store::engine::Memory;
use setpoint::store::engine::memory::HistoryLimits;
use setpoint::store::remote::Remote;
use setpoint::store::request::{DeleteOptions, Propagation, RequestContext};
use setpoint::watch::{Changes, DirectView, Notice, View};
use setpoint::{ControlPlane, Objects, Store};

use super::cuts::{Cuts, Rough};
use super::{deployment, in_process};

const PODS: usize = 100;
/// After which all has come to rest, on the paused clock.
const SETTLED: Duration = Duration::from_secs(1800);

/// Lets the controllers make the pods of a Deployment, and collect them when it goes.
async fn live(env: &Env, store: &Store, remote: Remote, mut rest: impl FnMut()) {
    let remote = Arc::new(remote);
    let plane = ControlPlane::builder(env).shared_store(remote.clone()).workload_controllers().start().await;
    let plane = plane.expect("the control plane starts");
    let mut changes = pod_changes(store);
    let context = RequestContext::system("test");
    let draft = deployment(&*remote, PODS);
    remote.create(&context, draft.clone()).await.expect("it is new");
    env.sleep(Duration::from_secs(600)).await;
    rest();
    env.sleep(SETTLED).await;
    assert_eq!(pods(store).await, PODS);
    assert_eq!(made(&mut changes), PODS, "INV-IN-06: none too many in between");
    let deployments = Objects::<Deployment>::namespaced(store, "default").expect("a built-in kind");
    let status = deployments.get("web").await.expect("it is there").status.clone().unwrap_or_default();
    assert_eq!(status.replicas, Some(100));
    let options = DeleteOptions { propagation: Some(Propagation::Foreground), ..DeleteOptions::default() };
    remote.delete(&context, &draft.key(), options).await.expect("it is there");
    env.sleep(SETTLED).await;
    assert_eq!(pods(store).await, 0);
    let sets = Objects::<ReplicaSet>::namespaced(store, "default").expect("a built-in kind");
    assert!(sets.list().await.expect("it can be listed").is_empty());
    assert!(deployments.get_opt("web").await.expect("it can be read").is_none());
    assert!(plane.informer_health().iter().all(|informer| informer.trouble.is_none()));
    plane.shut_down().await;
}

fn pod_changes(store: &Store) -> Changes {
    let view = DirectView::new(Arc::new(store.clone())).expect("in memory");
    view.changes(store.kind_of::<Pod>().expect("a built-in kind").id)
}

/// How many pods were made.
fn made(changes: &mut Changes) -> usize {
    let mut made = 0;
    while let Some(Some(notice)) = changes.next().now_or_never() {
        made += usize::from(matches!(notice, Notice::Change(change) if change.old.is_none()));
    }
    made
}

async fn pods(store: &Store) -> usize {
    let pods = Objects::<Pod>::namespaced(store, "default").expect("a built-in kind");
    pods.list().await.expect("it can be listed").len()
}

#[tokio::test(start_paused = true)]
async fn a_deployment_gets_its_pods_and_nothing_is_left_of_it() {
    let env = Env::tokio();
    let (store, remote) = in_process(&env).await;
    live(&env, &store, remote, || ()).await;
}

#[tokio::test(start_paused = true)]
async fn as_many_pods_are_made_though_every_watch_is_cut() {
    let env = Env::tokio();
    let (store, _) = in_process(&env).await;
    let cuts = Cuts { bytes_max: Some(20_000), throttled: 0 };
    let rough = Rough::new(&env, store.clone(), cuts);
    live(&env, &store, rough.store(), || rough.stop()).await;
    let done = rough.done();
    assert!(done.cut > 10, "{} watches were cut", done.cut);
}

#[tokio::test(start_paused = true)]
async fn as_many_pods_are_made_though_the_server_has_too_much_to_do() {
    let env = Env::tokio();
    let (store, _) = in_process(&env).await;
    let rough = Rough::new(&env, store.clone(), Cuts { bytes_max: None, throttled: 400 });
    live(&env, &store, rough.store(), || rough.stop()).await;
    assert!(rough.done().throttled > 0, "somebody was told to come back");
}

#[tokio::test(start_paused = true)]
async fn as_many_pods_are_made_though_revisions_expire() {
    let env = Env::tokio();
    let limits = HistoryLimits { changes_max: 3, ..HistoryLimits::UPSTREAM };
    let store = Store::new(&env, Memory::with_history(&env, limits), Registry::builtin(), Chain::upstream());
    let cuts = Cuts { bytes_max: Some(20_000), throttled: 0 };
    let rough = Rough::new(&env, store.clone(), cuts);
    live(&env, &store, rough.store(), || rough.stop()).await;
    assert!(rough.done().expired > 0, "somebody was told to read anew");
}
