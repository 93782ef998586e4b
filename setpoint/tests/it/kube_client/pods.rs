//! Pods that run: logs, evictions, rollouts.

use futures::AsyncBufReadExt;
use futures::TryStreamExt;
use k8s_openapi::api::core::v1::{Node, Pod};
use kube::api::{EvictParams, ListParams, LogParams, PostParams};
use kube::runtime::wait::{await_condition, conditions};
use kube::{Api, ResourceExt};
use serde_json::json;

use super::*;

fn pod(name: &str, run_for: &str) -> Pod {
    let annotations = json!({
        "simulated.setpoint.dev/log": "one\ntwo\nthree", "simulated.setpoint.dev/run-for": run_for,
    });
    serde_json::from_value(json!({
        "metadata": {"name": name, "annotations": annotations},
        "spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "app:1"}]},
    }))
    .expect("a pod")
}

#[tokio::test(start_paused = true)]
async fn logs_are_read_and_followed() -> Outcome {
    // SUB-09
    let cluster = Cluster::working().await;
    let pods: Api<Pod> = Api::default_namespaced(cluster.client.clone());
    pods.create(&PostParams::default(), &pod("a", "60s")).await?;
    cluster.within(await_condition(pods.clone(), "a", conditions::is_pod_running())).await?;
    assert_eq!(pods.logs("a", &LogParams::default()).await?, "one\ntwo\nthree\n");
    let last = LogParams { tail_lines: Some(1), ..LogParams::default() };
    assert_eq!(pods.logs("a", &last).await?, "three\n");
    let follow = LogParams { follow: true, ..LogParams::default() };
    let lines = pods.log_stream("a", &follow).await?.lines();
    let lines: Vec<String> = cluster.within(lines.try_collect()).await?;
    assert_eq!(lines, ["one", "two", "three"], "it ends with the container");
    let wrong = LogParams { container: Some("none".to_owned()), ..LogParams::default() };
    let status = refused(pods.logs("a", &wrong).await);
    assert_eq!((status.code, &*status.message), (400, "container none is not valid for pod a"));
    cluster.end().await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_evicted_pod_goes() -> Outcome {
    // SUB-05
    let cluster = Cluster::working().await;
    let pods: Api<Pod> = Api::default_namespaced(cluster.client.clone());
    pods.create(&PostParams::default(), &pod("a", "forever")).await?;
    let running = await_condition(pods.clone(), "a", conditions::is_pod_running());
    let uid = cluster.within(running).await?.and_then(|pod| pod.uid()).expect("it is there");
    let status = pods.evict("a", &EvictParams::default()).await?;
    assert!(status.is_success() && status.code == 201);
    cluster.within(await_condition(pods.clone(), "a", conditions::is_deleted(&uid))).await?;
    assert!(refused(pods.evict("a", &EvictParams::default()).await).is_not_found());
    cluster.end().await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_deployment_is_rolled_out_and_restarted() -> Outcome {
    let cluster = Cluster::working().await;
    let deployments = cluster.deployments();
    deployments.create(&PostParams::default(), &deployment("web", 3)).await?;
    let complete = || await_condition(deployments.clone(), "web", conditions::is_deployment_completed());
    cluster.within(complete()).await?;
    let pods: Api<Pod> = Api::default_namespaced(cluster.client.clone());
    let of_web = ListParams::default().labels("app=web");
    let before: Vec<_> = pods.list(&of_web).await?.iter().map(ResourceExt::name_any).collect();
    assert_eq!(before.len(), 3);
    deployments.restart("web").await?;
    let is_new = |web: Option<&Deployment>| {
        web.and_then(|web| web.status.as_ref()).is_some_and(|status| {
            status.observed_generation == Some(2)
                && status.updated_replicas == Some(3)
                && status.available_replicas == Some(3)
                && status.replicas == Some(3)
        })
    };
    cluster.within(await_condition(deployments.clone(), "web", is_new)).await?;
    let after = pods.list(&of_web.fields("status.phase=Running")).await?;
    assert!(after.iter().filter(|pod| pod.metadata.deletion_timestamp.is_none()).count() == 3);
    assert!(after.iter().all(|pod| !before.contains(&pod.name_any())), "all pods are new");
    cluster.end().await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_cordoned_node_gets_no_pods() -> Outcome {
    let cluster = Cluster::working().await;
    let nodes: Api<Node> = Api::all(cluster.client.clone());
    let pods: Api<Pod> = Api::default_namespaced(cluster.client.clone());
    nodes.cordon("node-1").await?;
    pods.create(&PostParams::default(), &pod("a", "forever")).await?;
    let unschedulable = |pod: Option<&Pod>| {
        let conditions = pod.and_then(|pod| pod.status.as_ref()?.conditions.as_ref());
        conditions.into_iter().flatten().any(|it| it.reason.as_deref() == Some("Unschedulable"))
    };
    cluster.within(await_condition(pods.clone(), "a", unschedulable)).await?;
    nodes.uncordon("node-1").await?;
    cluster.within(await_condition(pods.clone(), "a", conditions::is_pod_running())).await?;
    cluster.end().await;
    Ok(())
}
