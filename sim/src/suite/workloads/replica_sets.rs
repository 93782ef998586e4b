use std::time::Duration;

use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::api::core::v1::{Pod, ResourceQuota};
use serde_json::json;
use setpoint_controllers::replica_set::ReplicaSetController;
use setpoint_controllers::resource_quota::ResourceQuotaController;
use setpoint_reconcile::controller::Settings;
use setpoint_store::request::Propagation;

use super::objects::{delete, object, replica_set, scale};
use super::{NS, controllers, kinds};
use crate::{Scenario, checks};

/// A ReplicaSet is made, scaled up and down, and deleted; of several pods the one goes that costs least.
pub(super) fn replica_sets() -> Scenario {
    controllers("replica-set").user(|user| async move {
        user.ensure(NS, replica_set("web", 2)).await?;
        user.settle().await;
        scale(&user, "web", 3).await?;
        user.settle().await;
        let pods = user.objects::<Pod>(NS)?.list().await?;
        if let Some(pod) = pods.iter().max_by_key(|pod| pod.object().meta().name.clone()) {
            let name = pod.object().meta().name.to_string();
            user.edit::<Pod>(NS, &name, |pod| {
                let annotations = pod.metadata.annotations.get_or_insert_default();
                annotations.insert(COST.to_owned(), "-10".to_owned());
            })
            .await?;
        }
        user.settle().await;
        scale(&user, "web", 2).await?;
        user.settle().await;
        scale(&user, "web", 1).await?;
        user.ensure(NS, replica_set("api", 2)).await?;
        user.settle().await;
        delete::<ReplicaSet>(&user, "api", Propagation::Background).await?;
        user.settle().await;
        Ok(())
    })
}

const COST: &str = "controller.kubernetes.io/pod-deletion-cost";

/// A ReplicaSet is scaled to and fro, so that an old view shows pods where there are none any more.
pub(super) fn scaled() -> Scenario {
    controllers("scaled").user(|user| async move {
        user.ensure(NS, replica_set("web", 1)).await?;
        user.sleep(Duration::from_secs(5)).await;
        for replicas in [3, 1, 3, 0, 2] {
            scale(&user, "web", replicas).await?;
            user.sleep(Duration::from_secs(5)).await;
        }
        user.settle().await;
        Ok(())
    })
}

/// Pods are refused at first: a quota has no room. `settings` are the ReplicaSet controller's.
pub(in crate::suite) fn refused(settings: Option<Settings>) -> Scenario {
    let scenario = Scenario::new("refused")
        .registry(kinds)
        .controller(ResourceQuotaController::controller)
        .controller(move |context| {
            let controller = ReplicaSetController::controller(context)?;
            Ok(match &settings {
                Some(settings) => controller.with_settings(settings.clone()),
                None => controller,
            })
        })
        .with_kubelet()
        .checks(checks::of_workloads);
    scenario.user(|user| async move {
        let none = json!({"metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}});
        user.ensure::<ResourceQuota>(NS, object(none)).await?;
        user.settle().await;
        user.ensure(NS, replica_set("web", 2)).await?;
        user.sleep(REFUSED).await;
        delete::<ResourceQuota>(&user, "none", Propagation::Background).await?;
        user.settle().await;
        Ok(())
    })
}

/// How long pods are refused: for longer than it takes to say so, whatever goes wrong.
const REFUSED: Duration = Duration::from_secs(700);
