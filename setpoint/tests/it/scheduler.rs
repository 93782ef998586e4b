//! A control plane with controllers and a scheduler: Deployments become pods on nodes.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Node, Pod};
use serde_json::{Value, json};
use setpoint::env::Simulation;
use setpoint::{ControlPlane, Error};

async fn add_node(plane: &ControlPlane, name: &str) -> Result<(), Error> {
    let nodes = plane.all_objects::<Node>()?;
    let value = json!({
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
        "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"}},
    });
    let node: Node = serde_json::from_value(value).expect("a node");
    let status = node.status.clone();
    let mut node = Node::clone(nodes.create(node).await?.whole());
    node.status = status;
    let mut node = Node::clone(nodes.replace_status(node).await?.whole());
    node.spec.as_mut().expect("a new node is tainted").taints = None;
    nodes.replace(node).await.map(drop)
}

/// How many pods are on each node, those on none under the empty name.
async fn spread(plane: &ControlPlane) -> Result<BTreeMap<String, usize>, Error> {
    let mut spread = BTreeMap::new();
    for pod in plane.objects::<Pod>("default")?.list().await? {
        *spread.entry(pod.spec().node_name().unwrap_or_default().to_owned()).or_default() += 1;
    }
    Ok(spread)
}

fn deployment(replicas: i32, cpu: &str) -> Value {
    let resources = json!({"requests": {"cpu": cpu}});
    json!({
        "metadata": {"name": "web"},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "main", "image": "app:1", "resources": resources}]}}},
    })
}

#[test]
fn replicas_of_a_deployment_land_on_all_nodes() {
    // SCHED-14, SCHED-29
    let sim = Simulation::new(3);
    let env = sim.env();
    let done = sim.block_on(async {
        let plane = ControlPlane::builder(&env).workload_controllers().scheduler().start().await?;
        for name in ["a", "b", "c"] {
            add_node(&plane, name).await?;
        }
        let web: Deployment = serde_json::from_value(deployment(9, "1")).expect("a Deployment");
        plane.objects::<Deployment>("default")?.create(web).await?;
        env.sleep(Duration::from_secs(5)).await;
        assert_eq!(spread(&plane).await?, ["a", "b", "c"].map(|name| (name.to_owned(), 3)).into());

        // Room for three more on the nodes; the rest waits for the next node.
        let deployments = plane.objects::<Deployment>("default")?;
        let mut web = Deployment::clone(deployments.get("web").await?.whole());
        web.spec.replicas = Some(15);
        deployments.replace(web).await?;
        env.sleep(Duration::from_secs(5)).await;
        assert_eq!(spread(&plane).await?.get(""), Some(&3));
        add_node(&plane, "d").await?;
        env.sleep(Duration::from_secs(15)).await;
        let expect = [("a", 4), ("b", 4), ("c", 4), ("d", 3)].map(|(name, pods)| (name.to_owned(), pods));
        assert_eq!(spread(&plane).await?, expect.into());
        plane.shut_down().await;
        Ok::<_, Error>(())
    });
    done.expect("nothing waits for ever").expect("all is valid");
}
