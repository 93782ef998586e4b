//! How long it takes until 100 ReplicaSets of 100 pods have their pods and say so, in one process, in memory.
//!
//! `cargo bench -p setpoint-controllers --bench replica_sets` prints a line of JSON for each run.

#![expect(clippy::print_stdout, reason = "the output is the result")]
#![expect(clippy::disallowed_methods, reason = "it is real time that is measured")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use k8s_openapi::api::apps::v1::{ReplicaSet, ReplicaSetStatus};
use k8s_openapi::api::core::v1::{Event, Pod};
use serde_json::json;
use setpoint_controllers::replica_set::ReplicaSetController;
use setpoint_core::env::Env;
use setpoint_core::object::Draft;
use setpoint_core::{Error, Result};
use setpoint_reconcile::manager::Manager;
use setpoint_store::request::{RequestContext, Write};
use setpoint_store::{ObjectStore, ObjectStoreExt, Store};
use setpoint_watch::DirectView;

const REPLICA_SETS: usize = 100;
const REPLICAS: i32 = 100;
const RUNS: usize = 7;

fn main() -> Result<()> {
    for _ in 0..RUNS {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let runtime = runtime.map_err(|error| Error::internal(error.to_string()))?;
        runtime.block_on(run())?;
    }
    Ok(())
}

async fn run() -> Result<()> {
    let env = Env::tokio();
    let store = Store::memory(&env);
    store.ensure_namespace("bench").await?;
    let shared: Arc<dyn ObjectStore> = Arc::new(store.clone());
    let view = DirectView::new(Arc::clone(&shared)).ok_or_else(|| Error::internal("not in this process"))?;
    let mut manager = Manager::new(&env, shared, Arc::new(view));
    manager.start(ReplicaSetController::controller(manager.context())?);
    // The controller is at rest when the work comes.
    env.sleep(Duration::from_millis(20)).await;
    let replica_sets = store.kind_of::<ReplicaSet>()?;
    let creations = (0..REPLICA_SETS).map(|index| {
        let draft = Draft::from_value(Arc::clone(&replica_sets), replica_set(index));
        draft.map(Write::Create).map_err(|error| Error::internal(error.to_string()))
    });
    let creations = creations.collect::<Result<Vec<_>>>()?;

    let before = Instant::now();
    for result in store.write_batch(&RequestContext::system("bench"), creations).await {
        result?;
    }
    let counted = |store: &Store| {
        let snapshot = store.snapshot().expect("in memory");
        snapshot.list(replica_sets.id).all(|object| {
            object.status::<ReplicaSetStatus>().is_some_and(|status| status.replicas == REPLICAS)
        })
    };
    while !counted(&store) {
        tokio::task::yield_now().await;
    }
    let seconds = before.elapsed().as_secs_f64();
    let health = manager.health();
    manager.shut_down(Duration::from_secs(1)).await;
    let drained = before.elapsed().as_secs_f64();
    let snapshot = store.snapshot().expect("in memory");
    let result = json!({
        "bench": "replica_sets",
        "pods": snapshot.count(store.kind_of::<Pod>()?.id),
        "events": snapshot.count(store.kind_of::<Event>()?.id),
        "syncs": health.iter().map(|health| health.runs).sum::<u64>(),
        "seconds": seconds,
        "seconds_with_events": drained,
    });
    println!("{result}");
    Ok(())
}

fn replica_set(index: usize) -> serde_json::Value {
    let labels = json!({"app": format!("app-{index}")});
    json!({
        "metadata": {"name": format!("app-{index}"), "namespace": "bench", "labels": labels},
        "spec": {
            "replicas": REPLICAS,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{
                    "name": "app",
                    "image": "registry.example.com/app:1",
                    "ports": [{"containerPort": 8080}],
                    "env": [{"name": "MODE", "value": "production"}],
                    "resources": {
                        "requests": {"cpu": "100m", "memory": "128Mi"},
                        "limits": {"memory": "256Mi"},
                    },
                }]},
            },
        },
    })
}
