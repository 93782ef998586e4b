use std::time::Duration;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use serde_json::{Value, json};
use setpoint_controllers::deployment::DeploymentController;
use setpoint_controllers::garbage_collector::GarbageCollector;
use setpoint_controllers::replica_set::ReplicaSetController;
use setpoint_core::Result;
use setpoint_store::request::{DeleteOptions, Propagation};

use super::workloads::{NS, delete, image, kinds, object};
use crate::{Scenario, User};

/// How many minutes it is.
const MINUTES: usize = 60;

/// An hour of a control plane with many pods: each minute pods are deleted and a Deployment is scaled, every
/// five minutes one rolls out a new template, and every ten minutes one is deleted and made again.
pub fn hour(deployments: usize, replicas: usize) -> Scenario {
    Scenario::new("hour")
        .registry(kinds)
        .controller(|context| Ok(GarbageCollector::controller(context)))
        .controller(ReplicaSetController::controller)
        .controller(DeploymentController::controller)
        .with_kubelet()
        .user(move |user| async move {
            for number in 0..deployments {
                user.ensure::<Deployment>(NS, object(app(number, replicas))).await?;
            }
            for minute in 0..MINUTES {
                user.sleep(Duration::from_secs(60)).await;
                churn(&user, minute, deployments, replicas).await?;
            }
            Ok(())
        })
}

async fn churn(user: &User, minute: usize, deployments: usize, replicas: usize) -> Result<()> {
    let name = |number: usize| format!("app-{}", number % deployments);
    let pods = user.objects::<Pod>(NS)?.list().await?;
    for pod in pods.iter().skip(minute * 7 % pods.len().max(1)).step_by(200) {
        let name = pod.object().meta().name.to_string();
        // It may be on its way out already.
        let _gone = user.objects::<Pod>(NS)?.delete(&name, DeleteOptions::default()).await;
    }
    let wanted = i32::try_from(replicas - minute % 3).unwrap_or(1);
    user.edit::<Deployment>(NS, &name(minute), |app| app.spec.replicas = Some(wanted)).await?;
    if minute % 5 == 4 {
        user.edit::<Deployment>(NS, &name(minute * 3), |app| image(app, &format!("v{minute}"))).await?;
    }
    if minute % 10 == 9 {
        let number = minute * 11 % deployments;
        delete::<Deployment>(user, &name(number), Propagation::Background).await?;
        user.sleep(Duration::from_secs(5)).await;
        user.ensure::<Deployment>(NS, object(app(number, replicas))).await?;
    }
    Ok(())
}

fn app(number: usize, replicas: usize) -> Value {
    let name = format!("app-{number}");
    json!({
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "main", "image": "app:v1"}]},
            },
        },
    })
}
