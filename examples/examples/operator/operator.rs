//! An operator as one writes it with kube: a website becomes a Deployment. It knows nothing of setpoint.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use k8s_openapi::api::apps::v1::Deployment;
use kube::api::{Patch, PatchParams};
use kube::runtime::controller::{Action, Controller};
use kube::runtime::watcher;
use kube::{Api, Client, CustomResource, Resource, ResourceExt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What is to be served, and by how many.
#[derive(CustomResource, Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[kube(group = "example.com", version = "v1", kind = "Website", namespaced, status = "WebsiteStatus")]
pub(crate) struct WebsiteSpec {
    pub(crate) image: String,
    pub(crate) replicas: i32,
}

/// What serves.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WebsiteStatus {
    pub(crate) image: String,
    pub(crate) ready_replicas: i32,
}

/// Runs for ever.
pub(crate) async fn run(client: Client) {
    Controller::new(Api::<Website>::all(client.clone()), watcher::Config::default())
        .owns(Api::<Deployment>::all(client.clone()), watcher::Config::default())
        .run(reconcile, |_, _, _| Action::requeue(Duration::from_secs(5)), Arc::new(client))
        .for_each(async |_| {})
        .await;
}

async fn reconcile(site: Arc<Website>, client: Arc<Client>) -> kube::Result<Action> {
    let (namespace, name) = (site.namespace().unwrap_or_default(), site.name_any());
    let (client, params) = (Client::clone(&client), PatchParams::apply("website-operator").force());
    let deployments = Api::<Deployment>::namespaced(client.clone(), &namespace);
    let deployment = deployments.patch(&name, &params, &Patch::Apply(deployment(&site))).await?;
    let current = deployment.status.unwrap_or_default();
    let is_new = current.observed_generation == deployment.metadata.generation
        && current.updated_replicas == current.replicas;
    // Until all pods are new, visitors may still see what was there before.
    let before = site.status.clone().unwrap_or_default().image;
    let image = if is_new { site.spec.image.clone() } else { before };
    let status = WebsiteStatus { image, ready_replicas: current.ready_replicas.unwrap_or(0) };
    let status = json!({"apiVersion": "example.com/v1", "kind": "Website", "status": status});
    let websites = Api::<Website>::namespaced(client, &namespace);
    websites.patch_status(&name, &params, &Patch::Apply(status)).await?;
    Ok(Action::await_change())
}

fn deployment(site: &Website) -> serde_json::Value {
    let labels = json!({"website": site.name_any()});
    let container = json!({"name": "web", "image": site.spec.image});
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": site.name_any(), "ownerReferences": [site.controller_owner_ref(&())]},
        "spec": {
            "replicas": site.spec.replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    })
}
