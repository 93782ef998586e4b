use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::{ConfigMap, Event, Namespace, Node, Pod};
use k8s_openapi::api::scheduling::v1::PriorityClass;
use serde_json::{Value, json};
use setpoint_controllers::deployment::DeploymentController;
use setpoint_controllers::garbage_collector::GarbageCollector;
use setpoint_controllers::replica_set::ReplicaSetController;
use setpoint_core::kind::{Kind, Registry};
use setpoint_core::object::Obj;
use setpoint_reconcile::controller::Settings;
use setpoint_store::request::{DeleteOptions, Propagation};

use super::bugs::store::Tampered;
use crate::checks;
use crate::{Scenario, User};

const NS: Option<&str> = Some("default");

/// All of them.
pub fn scenarios() -> Vec<Scenario> {
    vec![replica_set(), rollout(), ownership(), scaled(), recreated(), refused(None), churn()]
}

/// One of them.
///
/// # Panics
///
/// If there is none of this name.
pub fn scenario(name: &str) -> Scenario {
    scenarios().into_iter().find(|it| it.name() == name).expect("there is a scenario of this name")
}

/// A ReplicaSet is scaled to and fro, so that an old view shows pods where there are none any more.
fn scaled() -> Scenario {
    controllers("scaled").user(|user| async move {
        user.ensure::<ReplicaSet>(NS, object(json!({"metadata": {"name": "web"}, "spec": spec(1, "v1")})))
            .await?;
        user.sleep(Duration::from_secs(5)).await;
        for replicas in [3, 1, 3, 0, 2] {
            user.edit::<ReplicaSet>(NS, "web", |set| set.spec.replicas = Some(replicas)).await?;
            user.sleep(Duration::from_secs(5)).await;
        }
        user.settle().await;
        Ok(())
    })
}

/// A Deployment is deleted and made again under the same name, and so are its ReplicaSets.
fn recreated() -> Scenario {
    controllers("recreated").in_essence().user(|user| async move {
        for _ in 0..3 {
            user.ensure::<Deployment>(NS, object(deployment(2, "v1"))).await?;
            user.sleep(Duration::from_secs(4)).await;
            delete::<Deployment>(&user, "web", Propagation::Background).await?;
            user.sleep(Duration::from_millis([0, 500, 5_000][user.choose("wait", 3)])).await;
        }
        user.settle().await;
        user.ensure::<Deployment>(NS, object(deployment(2, "v1"))).await?;
        user.settle().await;
        Ok(())
    })
}

/// Pods are refused at first.
pub(super) fn refused(settings: Option<Settings>) -> Scenario {
    let scenario = Scenario::new("refused")
        .registry(kinds)
        .controller(move |context| {
            let controller = ReplicaSetController::controller(context)?;
            Ok(match &settings {
                Some(settings) => controller.with_settings(settings.clone()),
                None => controller,
            })
        })
        .with_kubelet()
        .checks(checks::of_workloads)
        .control_plane(|plane| plane.store(|env, store| Arc::new(Tampered::refusing(env, store))));
    scenario.user(|user| async move {
        user.ensure::<ReplicaSet>(NS, object(json!({"metadata": {"name": "web"}, "spec": spec(2, "v1")})))
            .await?;
        user.settle().await;
        Ok(())
    })
}

/// A ReplicaSet is made, scaled up and down, and deleted.
fn replica_set() -> Scenario {
    controllers("replica-set").user(|user| async move {
        user.ensure::<ReplicaSet>(NS, object(json!({"metadata": {"name": "web"}, "spec": spec(2, "v1")})))
            .await?;
        user.settle().await;
        user.edit::<ReplicaSet>(NS, "web", |set| set.spec.replicas = Some(3)).await?;
        user.settle().await;
        user.edit::<ReplicaSet>(NS, "web", |set| set.spec.replicas = Some(1)).await?;
        user.settle().await;
        user.ensure::<ReplicaSet>(
            NS,
            object(json!({"metadata": {"name": "api"}, "spec": spec_of("api", 2, "v1")})),
        )
        .await?;
        user.settle().await;
        delete::<ReplicaSet>(&user, "api", Propagation::Background).await?;
        user.settle().await;
        Ok(())
    })
}

/// A Deployment is made and rolls out a second template.
fn rollout() -> Scenario {
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

/// Pods are adopted and released, and children are orphaned, waited for and collected.
fn ownership() -> Scenario {
    controllers("ownership").user(|user| async move {
        let orphan = json!({"metadata": {"name": "stray", "labels": {"app": "web"}}, "spec": pod_spec("v1")});
        user.ensure::<Pod>(NS, object(orphan)).await?;
        user.ensure::<ReplicaSet>(NS, object(json!({"metadata": {"name": "web"}, "spec": spec(2, "v1")})))
            .await?;
        user.settle().await;
        user.edit::<Pod>(NS, "stray", |pod| {
            pod.metadata.labels = Some([("app".to_owned(), "other".to_owned())].into());
        })
        .await?;
        user.settle().await;
        delete::<ReplicaSet>(&user, "web", Propagation::Orphan).await?;
        gone::<ReplicaSet>(&user, "web").await?;
        user.settle().await;
        // How many there are depends on when; people clean up behind themselves.
        delete_pods(&user).await?;
        user.settle().await;
        user.ensure::<Deployment>(NS, object(deployment(2, "v1"))).await?;
        user.settle().await;
        delete::<Deployment>(&user, "web", Propagation::Foreground).await?;
        user.settle().await;
        Ok(())
    })
}

/// People change their minds at random.
fn churn() -> Scenario {
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
            gone::<Deployment>(&user, "web").await?;
        }
        user.ensure::<Deployment>(NS, object(deployment(2, "v1"))).await?;
        user.edit::<Deployment>(NS, "web", |web| {
            web.spec.replicas = Some(2);
            image(web, "v1");
        })
        .await?;
        user.settle().await;
        delete_strays(&user).await?;
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

fn controllers(name: &str) -> Scenario {
    Scenario::new(name)
        .registry(kinds)
        .controller(|context| Ok(GarbageCollector::controller(context)))
        .controller(ReplicaSetController::controller)
        .controller(DeploymentController::controller)
        .with_kubelet()
        .checks(checks::of_workloads)
}

/// The kinds that these scenarios are about; each one more costs the collector an informer.
fn kinds() -> Registry {
    let (all, some) = (Registry::builtin(), Registry::empty());
    add::<Namespace>(&all, &some);
    add::<Node>(&all, &some);
    add::<Pod>(&all, &some);
    add::<ReplicaSet>(&all, &some);
    add::<Deployment>(&all, &some);
    add::<Event>(&all, &some);
    add::<ConfigMap>(&all, &some);
    add::<PriorityClass>(&all, &some);
    some
}

fn add<K: 'static>(all: &Registry, some: &Registry) {
    let kind = all.of::<K>().expect("a built-in kind is registered");
    some.register_type::<K>(Kind::clone(&kind)).expect("each is added once");
}

async fn delete<K: Send + Sync + 'static>(
    user: &User,
    name: &str,
    how: Propagation,
) -> setpoint_core::Result<()> {
    let options = DeleteOptions { propagation: Some(how), ..DeleteOptions::default() };
    match user.objects::<K>(NS)?.delete(name, options).await {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    }
}

/// Waits until an object is not there any more, for an hour at the most.
async fn gone<K: Send + Sync + 'static>(user: &User, name: &str) -> setpoint_core::Result<()> {
    for _ in 0..3600 {
        if user.objects::<K>(NS)?.get_opt(name).await?.is_none() {
            break;
        }
        user.sleep(Duration::from_secs(1)).await;
    }
    Ok(())
}

async fn delete_pods(user: &User) -> setpoint_core::Result<()> {
    delete_those(user, |_| true).await
}

async fn delete_strays(user: &User) -> setpoint_core::Result<()> {
    delete_those(user, |pod| pod.object().meta().labels.get("app") == Some("stray")).await
}

async fn delete_those(user: &User, which: impl Fn(&Obj<Pod>) -> bool) -> setpoint_core::Result<()> {
    let pods = user.objects::<Pod>(NS)?.list().await?;
    for pod in pods.iter().filter(|pod| which(pod)) {
        delete::<Pod>(user, &pod.object().meta().name, Propagation::Background).await?;
    }
    Ok(())
}

fn object<K: serde::de::DeserializeOwned>(value: Value) -> K {
    serde_json::from_value(value).expect("a valid object")
}

fn deployment(replicas: i32, image: &str) -> Value {
    json!({"metadata": {"name": "web"}, "spec": spec(replicas, image)})
}

fn spec(replicas: i32, image: &str) -> Value {
    spec_of("web", replicas, image)
}

fn spec_of(app: &str, replicas: i32, image: &str) -> Value {
    json!({
        "replicas": replicas,
        "selector": {"matchLabels": {"app": app}},
        "template": {"metadata": {"labels": {"app": app}}, "spec": pod_spec(image)},
    })
}

fn pod_spec(image: &str) -> Value {
    json!({"containers": [{"name": "main", "image": format!("app:{image}")}]})
}

fn image(web: &mut Deployment, to: &str) {
    if let Some(spec) = &mut web.spec.template.spec {
        spec.containers.iter_mut().for_each(|container| container.image = Some(format!("app:{to}")));
    }
}
