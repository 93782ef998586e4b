//! Several control planes on one store: one of them leads (OTHER-13, INV-C-09).

use std::time::Duration;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use serde_json::json;
use setpoint::env::{Env, Simulation};
use setpoint::reconcile::leader::ElectionSettings;
use setpoint::{ControlPlane, Objects, Result, Store};

async fn start(env: &Env, store: &Store, name: &str) -> Result<ControlPlane> {
    ControlPlane::builder(env)
        .store(store.clone())
        .leader_election(ElectionSettings::new("kube-system", "setpoint", name))
        .workload_controllers()
        .start()
        .await
}

fn runs(plane: &ControlPlane) -> u64 {
    plane.health().iter().map(|controller| controller.runs).sum()
}

async fn scale(store: &Store, replicas: i32) -> Result<()> {
    let deployments = Objects::<Deployment>::namespaced(store, "default")?;
    let mut web = Deployment::clone(deployments.get("web").await?.whole());
    web.spec.replicas = Some(replicas);
    deployments.replace(web).await.map(drop)
}

async fn pods(store: &Store) -> Result<usize> {
    Ok(Objects::<Pod>::namespaced(store, "default")?.list().await?.len())
}

#[test]
fn one_control_plane_works_and_the_next_goes_on() {
    let sim = Simulation::new(3);
    let env = sim.env();
    let done = sim.block_on(async {
        let store = Store::memory(&env);
        let a = start(&env, &store, "a").await?;
        env.sleep(Duration::from_secs(1)).await;
        let b = start(&env, &store, "b").await?;
        let deployment = json!({
            "metadata": {"name": "web"},
            "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "web"}}, "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "main", "image": "app:1"}]}}},
        });
        let deployment = serde_json::from_value(deployment).expect("a Deployment");
        Objects::<Deployment>::namespaced(&store, "default")?.create(deployment).await?;
        env.sleep(Duration::from_secs(60)).await;
        assert_eq!(pods(&store).await?, 3);
        assert_eq!((a.is_leading(), b.is_leading()), (true, false));
        assert_eq!((a.leader().as_deref(), b.leader().as_deref()), (Some("a"), Some("a")));
        assert!(runs(&a) > 0);
        assert_eq!((runs(&b), b.health().len()), (0, 0), "its controllers are not there");

        a.shut_down().await;
        env.sleep(Duration::from_secs(5)).await;
        assert!(b.is_leading());
        scale(&store, 5).await?;
        env.sleep(Duration::from_secs(60)).await;
        assert_eq!(pods(&store).await?, 5);

        let again = start(&env, &store, "a2").await?;
        env.sleep(Duration::from_secs(60)).await;
        assert_eq!((again.is_leading(), b.is_leading()), (false, true));
        again.shut_down().await;
        b.shut_down().await;
        Result::<()>::Ok(())
    });
    done.expect("nothing waits for ever").expect("all is valid");
    assert!(sim.is_empty(), "nothing outlives the control planes");
}

#[test]
fn settings_that_make_no_election_are_refused_at_the_start() {
    let sim = Simulation::new(3);
    let env = sim.env();
    let started = sim.block_on(start(&env, &Store::memory(&env), ""));
    let refused = started.expect("nothing waits for ever").expect_err("nobody can be called nothing");
    assert!(refused.message().contains("identity"), "{refused}");
    assert!(sim.is_empty());
}
