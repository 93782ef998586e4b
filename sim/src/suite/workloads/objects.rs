//! What people write, and how.

use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::Pod;
use serde_json::{Value, json};
use setpoint_core::Result;
use setpoint_core::object::Obj;
use setpoint_store::request::{DeleteOptions, Propagation};

use super::NS;
use crate::User;

pub(in crate::suite) fn object<K: serde::de::DeserializeOwned>(value: Value) -> K {
    serde_json::from_value(value).expect("a valid object")
}

/// The Deployment `web`.
pub(in crate::suite) fn deployment(replicas: i32, image: &str) -> Value {
    json!({"metadata": {"name": "web"}, "spec": spec("web", replicas, image)})
}

/// A ReplicaSet.
pub(in crate::suite) fn replica_set(app: &str, replicas: i32) -> ReplicaSet {
    object(json!({"metadata": {"name": app}, "spec": spec(app, replicas, "v1")}))
}

fn spec(app: &str, replicas: i32, image: &str) -> Value {
    json!({
        "replicas": replicas,
        "selector": {"matchLabels": {"app": app}},
        "template": {"metadata": {"labels": {"app": app}}, "spec": pod_spec(image)},
    })
}

pub(super) fn pod_spec(image: &str) -> Value {
    json!({"containers": [{"name": "main", "image": format!("app:{image}")}]})
}

/// A Deployment's pods are to run another image.
pub(in crate::suite) fn image(web: &mut Deployment, to: &str) {
    if let Some(spec) = &mut web.spec.template.spec {
        spec.containers.iter_mut().for_each(|container| container.image = Some(format!("app:{to}")));
    }
}

pub(super) async fn scale(user: &User, name: &str, replicas: i32) -> Result<()> {
    user.edit::<ReplicaSet>(NS, name, |set| set.spec.replicas = Some(replicas)).await.map(drop)
}

pub(in crate::suite) async fn delete<K: Send + Sync + 'static>(
    user: &User,
    name: &str,
    how: Propagation,
) -> Result<()> {
    let options = DeleteOptions { propagation: Some(how), ..DeleteOptions::default() };
    match user.objects::<K>(NS)?.delete(name, options).await {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    }
}

/// Deletes those of a kind that are chosen.
pub(super) async fn delete_those<K: Send + Sync + 'static>(
    user: &User,
    which: impl Fn(&Obj<K>) -> bool,
) -> Result<()> {
    let all = user.objects::<K>(NS)?.list().await?;
    for object in all.iter().filter(|object| which(object)) {
        delete::<K>(user, &object.object().meta().name, Propagation::Background).await?;
    }
    Ok(())
}

pub(super) fn is_stray(pod: &Obj<Pod>) -> bool {
    pod.object().meta().labels.get("app") == Some("stray")
}

/// Waits until an object is not there any more, for an hour at the most.
pub(super) async fn gone<K: Send + Sync + 'static>(
    user: &User,
    namespace: Option<&str>,
    name: &str,
) -> Result<()> {
    for _ in 0..3600 {
        if user.objects::<K>(namespace)?.get_opt(name).await?.is_none() {
            break;
        }
        user.sleep(std::time::Duration::from_secs(1)).await;
    }
    Ok(())
}
