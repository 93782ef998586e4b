use std::time::Duration;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use setpoint_store::request::{DeleteOptions, Propagation};

use super::objects::{delete, delete_those, deployment, gone, image, is_stray, object};
use super::{NS, controllers};
use crate::{Scenario, User};

/// People change their minds at random.
pub(super) fn churn() -> Scenario {
    controllers("churn").in_essence().user(|user| async move {
        let steps = 3 + user.choose("steps", 8);
        for _ in 0..steps {
            change(&user).await?;
            let waits = [30_000, 0, 50, 1_500, 8_000];
            user.sleep(Duration::from_millis(waits[user.choose("wait", waits.len())])).await;
        }
        // What is left in the end is what is compared.
        let web = user.objects::<Deployment>(NS)?.get_opt("web").await?;
        if web.is_some_and(|web| web.object().meta().is_terminating()) {
            gone::<Deployment>(&user, NS, "web").await?;
        }
        user.ensure::<Deployment>(NS, object(deployment(2, "v1"))).await?;
        user.edit::<Deployment>(NS, "web", |web| {
            web.spec.replicas = Some(2);
            image(web, "v1");
        })
        .await?;
        user.settle().await;
        delete_those(&user, is_stray).await?;
        Ok(())
    })
}

async fn change(user: &User) -> setpoint_core::Result<()> {
    let images = ["v1", "v2", "v3"];
    match user.choose("change", 8) {
        0 => user.ensure::<Deployment>(NS, object(deployment(2, "v1"))).await?,
        1 => {
            let replicas = i32::try_from(user.choose("replicas", 6)).unwrap_or(0);
            user.edit::<Deployment>(NS, "web", |web| web.spec.replicas = Some(replicas)).await?;
        }
        2 | 3 => {
            let to = images[user.choose("image", images.len())];
            user.edit::<Deployment>(NS, "web", |web| image(web, to)).await?;
        }
        4 => {
            let pods = user.objects::<Pod>(NS)?.list().await?;
            if let Some(pod) = pods.get(user.choose("pod", 4)) {
                let name = pod.object().meta().name.to_string();
                // Somebody else may have been faster.
                let _gone = user.objects::<Pod>(NS)?.delete(&name, DeleteOptions::default()).await;
            }
        }
        5 => {
            let pods = user.objects::<Pod>(NS)?.list().await?;
            if let Some(pod) = pods.get(user.choose("pod", 4)) {
                let name = pod.object().meta().name.to_string();
                user.edit::<Pod>(NS, &name, |pod| {
                    pod.metadata.labels = Some([("app".to_owned(), "stray".to_owned())].into());
                })
                .await?;
            }
        }
        6 => {
            let policies = [Propagation::Background, Propagation::Foreground];
            let how = policies[user.choose("policy", policies.len())];
            delete::<Deployment>(user, "web", how).await?;
            user.settle().await;
        }
        _ => {
            let paused = user.choose("paused", 2) == 0;
            user.edit::<Deployment>(NS, "web", |web| web.spec.paused = Some(paused)).await?;
            user.sleep(Duration::from_secs(5)).await;
            user.edit::<Deployment>(NS, "web", |web| web.spec.paused = None).await?;
        }
    }
    Ok(())
}
