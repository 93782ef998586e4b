//! A control plane on a store in files, which ends or crashes in the middle of its work and goes on.

use std::time::Duration;

use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::Pod;
use serde_json::json;
use setpoint::env::{Env, Simulation};
use setpoint::store::engine::durable::Faulty;
use setpoint::store::engine::durable::storage::Crash;
use setpoint::{ControlPlane, Result};

const REPLICAS: usize = 300;
const SETTLED: Duration = Duration::from_secs(600);

async fn start(env: &Env, storage: &Faulty) -> ControlPlane {
    let plane = ControlPlane::builder(env).durable(storage.clone()).workload_controllers().start().await;
    plane.expect("the store opens")
}

fn deployment() -> Deployment {
    serde_json::from_value(json!({
        "metadata": {"name": "web"},
        "spec": {
            "replicas": REPLICAS,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "c", "image": "i"}]},
            },
        },
    }))
    .expect("a Deployment")
}

/// What there is: uids of pods, and what the Deployment's status counts.
async fn state(plane: &ControlPlane) -> Result<(Vec<String>, i32)> {
    let pods = plane.objects::<Pod>("default")?.list().await?;
    let mut uids: Vec<String> = pods.iter().filter_map(|pod| pod.metadata.uid.clone()).collect();
    uids.sort();
    let web = plane.objects::<Deployment>("default")?.get_opt("web").await?;
    let replicas = web.and_then(|web| web.status.as_ref()?.replicas).unwrap_or_default();
    Ok((uids, replicas))
}

#[test]
fn a_control_plane_goes_on_where_it_ended() {
    let storage = Faulty::new();
    let sim = Simulation::new(1);
    let env = sim.env();
    let before = sim.block_on(async {
        let plane = start(&env, &storage).await;
        plane.objects::<Deployment>("default")?.create(deployment()).await?;
        // A part of the pods: they are made in batches that double.
        while plane.objects::<Pod>("default")?.list().await?.is_empty() {
            env.sleep(Duration::from_micros(100)).await;
        }
        let state = state(&plane).await?;
        plane.shut_down().await;
        Ok::<_, setpoint::Error>(state)
    });
    let (before, _) = before.expect("nothing waits for ever").expect("nothing fails");
    assert!(!before.is_empty() && before.len() < REPLICAS, "it ended in the middle: {}", before.len());
    drop(sim);
    let sim = Simulation::new(2);
    let env = sim.env();
    let done = sim.block_on(async {
        let plane = start(&env, &storage).await;
        env.sleep(SETTLED).await;
        let (after, replicas) = state(&plane).await?;
        assert!(before.iter().all(|uid| after.contains(uid)), "what was there is there");
        assert_eq!((after.len(), usize::try_from(replicas)), (REPLICAS, Ok(REPLICAS)));
        assert_eq!(plane.objects::<ReplicaSet>("default")?.list().await?.len(), 1);
        plane.shut_down().await;
        Ok::<_, setpoint::Error>(())
    });
    done.expect("nothing waits for ever").expect("nothing fails");
}

#[test]
fn a_control_plane_goes_on_after_a_crash_at_any_time() {
    // INV-ST-02, INV-C-01: whatever was told is there, and the rest is done.
    for (number, mode) in (0u64..15).zip(Crash::ALL.into_iter().cycle()) {
        let storage = Faulty::new();
        let sim = Simulation::new(number);
        let env = sim.env();
        let told = sim.block_on(async {
            let plane = start(&env, &storage).await;
            plane.objects::<Deployment>("default")?.create(deployment()).await?;
            env.sleep(Duration::from_micros(150) * u32::try_from(number * number).unwrap_or_default()).await;
            let told = state(&plane).await?;
            let left = storage.crash(mode, number);
            // Nothing is shut down.
            drop(plane);
            Ok::<_, setpoint::Error>((told, left))
        });
        let ((told, _), left) = told.expect("nothing waits for ever").expect("nothing fails");
        drop(sim);
        let sim = Simulation::new(100 + number);
        let env = sim.env();
        let done = sim.block_on(async {
            let plane = start(&env, &left).await;
            env.sleep(SETTLED).await;
            let (after, replicas) = state(&plane).await?;
            let case = format!("{mode:?}, {} pods before", told.len());
            assert!(told.iter().all(|uid| after.contains(uid)), "{case}");
            assert_eq!((after.len(), usize::try_from(replicas)), (REPLICAS, Ok(REPLICAS)), "{case}");
            assert_eq!(plane.objects::<ReplicaSet>("default")?.list().await?.len(), 1, "{case}");
            plane.shut_down().await;
            Ok::<_, setpoint::Error>(())
        });
        done.expect("nothing waits for ever").expect("nothing fails");
    }
}
