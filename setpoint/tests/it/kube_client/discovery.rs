//! What a client learns of a server it does not know.

use k8s_openapi::api::apps::v1::Deployment;
use kube::api::{ApiResource, DynamicObject, ListParams, PostParams};
use kube::core::GroupVersionKind;
use kube::discovery::{Discovery, Scope, oneshot, verbs};
use kube::{Api, ResourceExt};
use serde_json::json;

use super::*;

#[tokio::test(start_paused = true)]
async fn both_ways_of_discovery_tell_the_same() -> Outcome {
    // DISC-01, DISC-02, DISC-03, DISC-04, DISC-05
    let cluster = Cluster::bare().await;
    let mut told = Vec::new();
    let singly = Discovery::new(cluster.client.clone()).run().await?;
    let in_one_piece = Discovery::new(cluster.client.clone()).run_aggregated().await?;
    for discovery in [&singly, &in_one_piece] {
        let mut resources = Vec::new();
        for group in discovery.groups_alphabetical() {
            for (resource, can) in group.recommended_resources() {
                let mut verbs = can.operations.clone();
                verbs.sort();
                let mut subs: Vec<_> = can.subresources.iter().map(|(sub, _)| sub.plural.clone()).collect();
                subs.sort();
                let place = format!("{} {} {}", resource.api_version, resource.kind, resource.plural);
                resources.push((place, can.scope == Scope::Namespaced, verbs, subs));
            }
        }
        resources.sort();
        told.push(resources);
    }
    let in_one_piece = told.pop().unwrap_or_default();
    let singly = told.pop().unwrap_or_default();
    assert_eq!(singly, in_one_piece);
    let pods = singly.iter().find(|(place, ..)| place == "v1 Pod pods").expect("pods are there");
    assert!(pods.1 && pods.2.iter().any(|verb| verb == verbs::WATCH));
    cluster.end().await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn objects_of_discovered_kinds_are_handled_without_their_types() -> Outcome {
    let cluster = Cluster::bare().await;
    let apps = oneshot::group(&cluster.client, "apps").await?;
    let (resource, can) = apps.recommended_kind("Deployment").expect("deployments are there");
    assert!(can.supports_operation(verbs::PATCH) && can.scope == Scope::Namespaced);
    let gvk = GroupVersionKind::gvk("apps", "v1", "Deployment");
    let (pinned, _) = oneshot::pinned_kind(&cluster.client, &gvk).await?;
    assert_eq!(pinned, resource);
    let objects: Api<DynamicObject> = Api::default_namespaced_with(cluster.client.clone(), &resource);
    let object = DynamicObject::new("web", &resource).data(json!({"spec": deployment("web", 1).spec}));
    objects.create(&PostParams::default(), &object).await?;
    let list = objects.list(&ListParams::default()).await?;
    assert_eq!(list.types.kind, "DeploymentList");
    let names: Vec<_> = list.iter().map(ResourceExt::name_any).collect();
    assert_eq!(names, ["web"]);
    assert_eq!(ApiResource::erase::<Deployment>(&()), resource);
    cluster.end().await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_version_is_told() -> Outcome {
    // DISC-07
    let cluster = Cluster::bare().await;
    let version = cluster.client.apiserver_version().await?;
    assert_eq!((&*version.major, &*version.minor), ("1", "36"));
    cluster.end().await;
    Ok(())
}
