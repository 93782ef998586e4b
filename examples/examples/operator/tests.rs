use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, WatchEvent, WatchParams};
use kube::runtime::wait::conditions;
use serde_json::json;

use super::*;
use crate::operator::WebsiteStatus;

type Outcome = std::result::Result<(), setpoint_examples::Failure>;

impl Cluster {
    fn websites(&self) -> Api<Website> {
        Api::default_namespaced(self.client.clone())
    }

    /// Waits, no more than ten minutes of the paused clock, until the status of a website is this.
    async fn serves(&self, name: &str, image: &str, ready_replicas: i32) -> Outcome {
        let wanted = WebsiteStatus { image: image.to_owned(), ready_replicas };
        let serves = |site: Option<&Website>| site.is_some_and(|site| site.status.as_ref() == Some(&wanted));
        let limit = Duration::from_secs(600);
        self.plane.env().timeout(limit, await_condition(self.websites(), name, serves)).await??;
        Ok(())
    }

    async fn blog(&self, image: &str, replicas: i32) -> Outcome {
        let site = Website::new("blog", WebsiteSpec { image: image.to_owned(), replicas });
        self.websites().create(&PostParams::default(), &site).await?;
        self.serves("blog", image, replicas).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_website_is_served_by_as_many_pods_as_it_asks_for() -> Outcome {
    let cluster = Cluster::start(&Env::tokio()).await?;
    cluster.blog("blog:1", 3).await?;
    let pods: Api<Pod> = Api::default_namespaced(cluster.client.clone());
    assert_eq!(pods.list(&ListParams::default().labels("website=blog")).await?.items.len(), 3);
    let fewer = Patch::Merge(json!({"spec": {"replicas": 1}}));
    cluster.websites().patch("blog", &PatchParams::default(), &fewer).await?;
    cluster.serves("blog", "blog:1", 1).await?;
    cluster.stop().await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_new_image_is_rolled_out_without_a_gap() -> Outcome {
    let cluster = Cluster::start(&Env::tokio()).await?;
    cluster.blog("blog:1", 3).await?;
    let deployments: Api<Deployment> = Api::default_namespaced(cluster.client.clone());
    let mut changes = deployments.watch(&WatchParams::default(), "0").await?.boxed();
    let fewest = Arc::new(AtomicI32::new(i32::MAX));
    let seen = Arc::clone(&fewest);
    let visitor = cluster.plane.env().spawn("visitor", async move {
        while let Ok(Some(event)) = changes.try_next().await {
            let WatchEvent::Modified(deployment) = event else { continue };
            let available = deployment.status.and_then(|status| status.available_replicas);
            seen.fetch_min(available.unwrap_or(0), Ordering::Relaxed);
        }
    });
    let image = Patch::Merge(json!({"spec": {"image": "blog:2"}}));
    cluster.websites().patch("blog", &PatchParams::default(), &image).await?;
    cluster.serves("blog", "blog:2", 3).await?;
    visitor.cancel();
    assert_eq!(fewest.load(Ordering::Relaxed), 3, "pods that serve, at the worst of times");
    cluster.stop().await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_website_takes_everything_along_when_it_goes() -> Outcome {
    let cluster = Cluster::start(&Env::tokio()).await?;
    cluster.blog("blog:1", 2).await?;
    let deployments: Api<Deployment> = Api::default_namespaced(cluster.client.clone());
    let uid = deployments.get("blog").await?.metadata.uid.unwrap_or_default();
    cluster.websites().delete("blog", &DeleteParams::default()).await?;
    let gone = await_condition(deployments, "blog", conditions::is_deleted(&uid));
    cluster.plane.env().timeout(Duration::from_secs(600), gone).await??;
    cluster.plane.env().sleep(Duration::from_secs(60)).await;
    let pods: Api<Pod> = Api::default_namespaced(cluster.client.clone());
    assert!(pods.list(&ListParams::default()).await?.items.is_empty());
    cluster.stop().await;
    Ok(())
}
