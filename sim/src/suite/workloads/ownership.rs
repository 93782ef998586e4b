use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Pod};
use serde_json::json;
use setpoint_controllers::namespace::NamespaceController;
use setpoint_store::request::DeleteOptions;
use setpoint_store::request::Propagation;

use super::objects::{delete, delete_those, deployment, gone, object, pod_spec, replica_set};
use super::{NS, controllers};
use crate::Scenario;

/// Pods are adopted and released, and children are orphaned, waited for and collected.
pub(super) fn ownership() -> Scenario {
    controllers("ownership").user(|user| async move {
        let orphan = json!({"metadata": {"name": "stray", "labels": {"app": "web"}}, "spec": pod_spec("v1")});
        user.ensure::<Pod>(NS, object(orphan)).await?;
        user.ensure(NS, replica_set("web", 2)).await?;
        user.settle().await;
        user.edit::<Pod>(NS, "stray", |pod| {
            pod.metadata.labels = Some([("app".to_owned(), "other".to_owned())].into());
        })
        .await?;
        user.settle().await;
        delete::<ReplicaSet>(&user, "web", Propagation::Orphan).await?;
        gone::<ReplicaSet>(&user, NS, "web").await?;
        user.settle().await;
        // How many there are depends on when; people clean up behind themselves.
        delete_those::<Pod>(&user, |_| true).await?;
        user.settle().await;
        user.ensure::<Deployment>(NS, object(deployment(2, "v1"))).await?;
        user.settle().await;
        delete::<Deployment>(&user, "web", Propagation::Foreground).await?;
        user.settle().await;
        Ok(())
    })
}

/// A namespace goes, with all that is in it, and comes again.
pub(super) fn namespaces() -> Scenario {
    const TEAM: Option<&str> = Some("team");
    controllers("namespaces").controller(NamespaceController::controller).user(|user| async move {
        for _ in 0..2 {
            user.ensure::<Namespace>(None, object(json!({"metadata": {"name": "team"}}))).await?;
            user.ensure::<Deployment>(TEAM, object(deployment(2, "v1"))).await?;
            user.ensure::<ConfigMap>(TEAM, object(json!({"metadata": {"name": "settings"}}))).await?;
            user.settle().await;
            user.objects::<Namespace>(None)?.delete("team", DeleteOptions::default()).await?;
            gone::<Namespace>(&user, None, "team").await?;
        }
        user.settle().await;
        Ok(())
    })
}
