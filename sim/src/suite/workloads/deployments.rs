use std::time::Duration;

use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use setpoint_store::request::Propagation;

use super::objects::{delete, delete_those, deployment, image, object, replica_set};
use super::{NS, controllers};
use crate::Scenario;

/// The annotation by which people ask to go back to a revision.
const ROLLBACK_TO: &str = "deprecated.deployment.rollback.to";

/// A Deployment is made, rolls out a second template, and grows.
pub(super) fn rollout() -> Scenario {
    controllers("rollout").user(|user| async move {
        user.ensure::<Deployment>(NS, object(deployment(2, "v1"))).await?;
        user.settle().await;
        user.edit::<Deployment>(NS, "web", |web| image(web, "v2")).await?;
        user.settle().await;
        user.edit::<Deployment>(NS, "web", |web| web.spec.replicas = Some(3)).await?;
        user.settle().await;
        Ok(())
    })
}

/// The same on a store in files, which crashes with all that works on it.
pub(in crate::suite) fn durable() -> Scenario {
    controllers("durable").with_durable_store().in_essence().user(|user| async move {
        user.ensure(NS, replica_set("api", 2)).await?;
        user.ensure::<Deployment>(NS, object(deployment(2, "v1"))).await?;
        user.sleep(Duration::from_secs(20)).await;
        user.edit::<Deployment>(NS, "web", |web| image(web, "v2")).await?;
        user.sleep(Duration::from_secs(20)).await;
        user.edit::<Deployment>(NS, "web", |web| web.spec.replicas = Some(3)).await?;
        user.sleep(Duration::from_secs(20)).await;
        delete::<Deployment>(&user, "web", Propagation::Background).await?;
        user.sleep(Duration::from_secs(20)).await;
        Ok(())
    })
}

/// A paused Deployment gets a second template, is let go on, and goes back to the first one.
pub(super) fn revisions() -> Scenario {
    controllers("revisions").user(|user| async move {
        user.ensure::<Deployment>(NS, object(deployment(2, "v1"))).await?;
        user.settle().await;
        user.edit::<Deployment>(NS, "web", |web| web.spec.paused = Some(true)).await?;
        user.settle().await;
        user.edit::<Deployment>(NS, "web", |web| image(web, "v2")).await?;
        user.settle().await;
        user.edit::<Deployment>(NS, "web", |web| web.spec.paused = None).await?;
        user.settle().await;
        user.edit::<Deployment>(NS, "web", |web| {
            let annotations = web.metadata.annotations.get_or_insert_default();
            annotations.insert(ROLLBACK_TO.to_owned(), "1".to_owned());
        })
        .await?;
        user.settle().await;
        Ok(())
    })
}

/// A Deployment is deleted and made again under the same name, and so are its ReplicaSets, which people delete by
/// hand at times.
pub(super) fn recreated() -> Scenario {
    controllers("recreated").in_essence().user(|user| async move {
        for _ in 0..4 {
            user.ensure::<Deployment>(NS, object(deployment(2, "v1"))).await?;
            user.sleep(Duration::from_secs([4, 15][user.choose("lives", 2)])).await;
            delete::<Deployment>(&user, "web", Propagation::Background).await?;
            if user.choose("by hand", 2) == 0 {
                delete_those::<ReplicaSet>(&user, |_| true).await?;
            }
            let waits = [0, 500, 5_000, 12_000];
            user.sleep(Duration::from_millis(waits[user.choose("wait", waits.len())])).await;
        }
        user.settle().await;
        user.ensure::<Deployment>(NS, object(deployment(2, "v1"))).await?;
        user.settle().await;
        Ok(())
    })
}
