//! Server-side apply.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ManagedFieldsEntry;
use kube::ResourceExt;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use super::*;

fn configuration(data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data})
}

fn managers(map: &ConfigMap) -> Vec<(&str, &str)> {
    map.managed_fields()
        .iter()
        .map(|ManagedFieldsEntry { manager, operation, .. }| {
            (manager.as_deref().unwrap_or_default(), operation.as_deref().unwrap_or_default())
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn applied_fields_are_owned_and_conflicts_are_told() -> Outcome {
    // PATCH-09, PATCH-10, PATCH-11, PATCH-12, PATCH-17
    let cluster = Cluster::bare().await;
    let maps = cluster.config_maps();
    let apply = async |manager: &str, data: Value| {
        maps.patch("a", &PatchParams::apply(manager), &Patch::Apply(configuration(data))).await
    };
    let first = apply("one", json!({"x": "1", "y": "1"})).await?;
    assert_eq!(managers(&first), [("one", "Apply")]);
    let again = apply("one", json!({"x": "1", "y": "1"})).await?;
    assert_eq!(again, first, "nothing changes");

    let conflict = refused(apply("two", json!({"x": "2", "z": "2"})).await);
    assert!(conflict.is_conflict());
    let causes = conflict.details.map(|details| details.causes).unwrap_or_default();
    assert_eq!(causes.len(), 1);
    assert_eq!((&*causes[0].reason, &*causes[0].field), ("FieldManagerConflict", ".data.x"));
    assert!(causes[0].message.contains("\"one\""), "{}", causes[0].message);

    let forced = PatchParams::apply("two").force();
    let taken = configuration(json!({"x": "2", "z": "2"}));
    let map = maps.patch("a", &forced, &Patch::Apply(&taken)).await?;
    assert_eq!(json!(map.data), json!({"x": "2", "y": "1", "z": "2"}));
    assert_eq!(managers(&map), [("one", "Apply"), ("two", "Apply")]);

    // What nobody asks for any more goes.
    let map = apply("two", json!({"x": "2"})).await?;
    assert_eq!(json!(map.data), json!({"x": "2", "y": "1"}));
    let map = apply("one", json!({})).await?;
    assert_eq!(json!(map.data), json!({"x": "2"}));

    let nameless = PatchParams { field_manager: None, ..PatchParams::apply("") };
    let status = maps.patch("a", &nameless, &Patch::Apply(&taken)).await;
    assert_eq!(refused(status).code, 422);
    cluster.end().await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_status_is_applied_by_another_manager() -> Outcome {
    // PATCH-14
    let cluster = Cluster::bare().await;
    let deployments = cluster.deployments();
    let mut web = json!(deployment("web", 2));
    web["apiVersion"] = json!("apps/v1");
    web["kind"] = json!("Deployment");
    deployments.patch("web", &PatchParams::apply("user"), &Patch::Apply(&web)).await?;
    let status = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "status": {"replicas": 2},
    });
    let params = PatchParams::apply("controller");
    let shown = deployments.patch_status("web", &params, &Patch::Apply(&status)).await?;
    assert_eq!(shown.status.as_ref().and_then(|status| status.replicas), Some(2));
    let owners: Vec<_> = shown
        .managed_fields()
        .iter()
        .map(|entry| (entry.manager.clone().unwrap_or_default(), entry.subresource.clone()))
        .collect();
    let status = Some("status".to_owned());
    assert_eq!(owners, [("controller".to_owned(), status), ("user".to_owned(), None)]);
    let scale = json!({"apiVersion": "autoscaling/v1", "kind": "Scale", "spec": {"replicas": 3}});
    let conflict = deployments.patch_scale("web", &PatchParams::apply("scaler"), &Patch::Apply(&scale)).await;
    assert!(refused(conflict).is_conflict());
    cluster.end().await;
    Ok(())
}
