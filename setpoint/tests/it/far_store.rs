//! The control plane on a store that is somewhere else and fails now and then.

use std::sync::Arc;
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::Pod;
use serde_json::json;
use setpoint::env::{Env, Simulation};
use setpoint::model::object::ObjectRef;
use setpoint::store::ObjectStoreExt;
use setpoint::store::request::{DeleteOptions, Propagation};
use setpoint::watch::faulty::{Faults, FaultyStore};
use setpoint::watch::{Changes, DirectView, Notice, View};
use setpoint::{ControlPlane, Objects, Result, Store};

/// A store, a control plane that sees it from afar, and the time after which all has come to rest.
struct World {
    env: Env,
    store: Store,
    far: FaultyStore,
}

const SETTLED: Duration = Duration::from_secs(3600);

impl World {
    async fn rough(&self, time: Duration) {
        self.far.set_faults(Faults::ROUGH);
        self.env.sleep(time).await;
        self.far.set_faults(Faults::NONE);
        self.env.sleep(SETTLED).await;
    }

    /// Creates a ReplicaSet, past all faults.
    async fn create_replica_set(&self, replicas: i32) -> Result<()> {
        let set: ReplicaSet = serde_json::from_value(json!({
            "metadata": {"name": "web"},
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": {"app": "web"}},
                "template": {
                    "metadata": {"labels": {"app": "web"}},
                    "spec": {"containers": [{"name": "c", "image": "i"}]},
                },
            },
        }))
        .expect("a ReplicaSet");
        Objects::<ReplicaSet>::namespaced(&self.store, "default")?.create(set).await.map(drop)
    }

    /// What really becomes of pods.
    fn pod_changes(&self) -> Changes {
        let view = DirectView::new(Arc::new(self.store.clone())).expect("in memory");
        view.changes(self.store.kind_of::<Pod>().expect("a built-in kind").id)
    }

    async fn pods(&self) -> Result<Vec<ObjectRef>> {
        let pods = Objects::<Pod>::namespaced(&self.store, "default")?.list().await?;
        Ok(pods.into_iter().map(|pod| pod.into_object()).collect())
    }
}

fn play<F: Future<Output = Result<()>>>(seed: u64, scene: impl FnOnce(World) -> F) {
    let sim = Simulation::new(seed);
    let env = sim.env();
    let done = sim.block_on(async {
        let store = Store::memory(&env);
        let far = FaultyStore::new(&env, Arc::new(store.clone()), Faults::NONE);
        let shared = Arc::new(far.clone());
        let plane = ControlPlane::builder(&env).shared_store(shared).workload_controllers().start().await?;
        let done = scene(World { env, store, far }).await;
        assert!(plane.informer_health().iter().all(|informer| informer.has_synced));
        plane.shut_down().await;
        done
    });
    let done = done.unwrap_or_else(|stalled| panic!("{stalled} (SEED={seed})"));
    done.unwrap_or_else(|error| panic!("{error} (SEED={seed})"));
}

#[test]
fn a_replica_set_gets_its_pods_and_nothing_is_left_of_it() {
    for seed in 0..10 {
        play(seed, |world| async move {
            world.create_replica_set(7).await?;
            world.rough(Duration::from_secs(120)).await;
            let pods = world.pods().await?;
            let active = pods.iter().filter(|pod| !pod.meta().is_terminating()).count();
            assert_eq!(active, 7, "SEED={seed}");
            let sets = Objects::<ReplicaSet>::namespaced(&world.store, "default")?;
            let set = sets.get("web").await?;
            assert_eq!(set.status.as_ref().map(|status| status.replicas), Some(7), "SEED={seed}");
            let background =
                DeleteOptions { propagation: Some(Propagation::Background), ..DeleteOptions::default() };
            sets.delete("web", background).await?;
            world.rough(Duration::from_secs(60)).await;
            assert!(world.pods().await?.is_empty(), "SEED={seed}");
            Ok(())
        });
    }
}

#[test]
fn as_many_pods_are_made_as_were_asked_for() {
    // INV-IN-06: however late the watch is, and whatever is not answered.
    let faults = Faults { watch_late: 700, late_ms_max: 5_000, write_unanswered: 200, ..Faults::NONE };
    for seed in 0..10 {
        play(seed, |world| async move {
            world.far.set_faults(faults);
            let mut changes = world.pod_changes();
            world.create_replica_set(5).await?;
            world.env.sleep(Duration::from_secs(600)).await;
            world.far.set_faults(Faults::NONE);
            world.env.sleep(SETTLED).await;
            assert_eq!(world.pods().await?.len(), 5, "SEED={seed}");
            let mut made = 0;
            while let Some(Some(notice)) = changes.next().now_or_never() {
                made += usize::from(matches!(notice, Notice::Change(change) if change.old.is_none()));
            }
            assert_eq!(made, 5, "none too many in between, SEED={seed}");
            Ok(())
        });
    }
}

#[test]
fn a_deployment_has_one_replica_set_for_each_template() {
    // INV-IN-06: a ReplicaSet that was made and not seen yet is not made again.
    for seed in 0..10 {
        play(seed, |world| async move {
            let deployment: Deployment = serde_json::from_value(json!({
                "metadata": {"name": "web"},
                "spec": {
                    "replicas": 4,
                    "selector": {"matchLabels": {"app": "web"}},
                    "template": {
                        "metadata": {"labels": {"app": "web"}},
                        "spec": {"containers": [{"name": "c", "image": "i"}]},
                    },
                },
            }))
            .expect("a Deployment");
            Objects::<Deployment>::namespaced(&world.store, "default")?.create(deployment).await?;
            world.rough(Duration::from_secs(120)).await;
            let sets = Objects::<ReplicaSet>::namespaced(&world.store, "default")?.list().await?;
            assert_eq!(sets.len(), 1, "SEED={seed}");
            assert_eq!(world.pods().await?.len(), 4, "SEED={seed}");
            Ok(())
        });
    }
}
