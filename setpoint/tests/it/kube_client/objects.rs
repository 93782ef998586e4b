//! Objects: CRUD, patches, subresources.

use kube::api::{DeleteParams, GetParams, ListParams, Patch, PatchParams, PostParams, Preconditions};
use kube::{Api, ResourceExt};
use serde_json::json;

use super::*;

#[tokio::test(start_paused = true)]
async fn objects_are_created_read_replaced_and_deleted() -> Outcome {
    // STORE-01, STORE-04, STORE-11, STORE-26, LIST-14
    let cluster = Cluster::bare().await;
    let maps = cluster.config_maps();
    let post = PostParams::default();
    let created = maps.create(&post, &config_map("a", "x", "1")).await?;
    assert!(created.uid().is_some() && created.metadata.creation_timestamp.is_some());
    assert_eq!(refused(maps.create(&post, &created).await).reason, "InternalError");
    let again = refused(maps.create(&post, &config_map("a", "x", "1")).await);
    assert!(again.is_already_exists());
    assert_eq!((again.code, &*again.message), (409, "configmaps \"a\" already exists"));

    let mut read = maps.get("a").await?;
    assert_eq!(read, created);
    read.data.get_or_insert_default().insert("text".to_owned(), "2".to_owned());
    let replaced = maps.replace("a", &post, &read).await?;
    assert_ne!(replaced.resource_version(), created.resource_version());
    assert!(refused(maps.replace("a", &post, &read).await).is_conflict(), "the version is that of before");
    assert_eq!(maps.get_with("a", &GetParams::any()).await?, replaced);

    assert_eq!(maps.get_opt("b").await?, None);
    assert!(refused(maps.get("b").await).is_not_found());
    let meta = maps.get_metadata("a").await?;
    assert_eq!(
        (meta.uid(), meta.types.as_ref().map(|it| &*it.kind)),
        (created.uid(), Some("PartialObjectMetadata"))
    );

    let other = Preconditions { uid: Some("other".to_owned()), resource_version: None };
    assert!(refused(maps.delete("a", &DeleteParams::default().preconditions(other)).await).is_conflict());
    let deleted = maps.delete("a", &DeleteParams::background()).await?;
    let status = deleted.right().expect("config maps are not shown when they go");
    assert!(status.is_success());
    assert_eq!(status.details.map(|details| details.uid), created.uid());
    assert!(refused(maps.delete("a", &DeleteParams::default()).await).is_not_found());
    cluster.end().await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn lists_come_in_pages_of_one_moment() -> Outcome {
    // LIST-06, LIST-08, LIST-10, LIST-11
    let cluster = Cluster::bare().await;
    let maps = cluster.config_maps();
    for name in ["a", "b", "c", "d", "e"] {
        let label = if name < "c" { "low" } else { "high" };
        maps.create(&PostParams::default(), &config_map(name, label, name)).await?;
    }
    let first = maps.list(&ListParams::default().limit(2)).await?;
    assert_eq!(names(&first.items), ["a", "b"]);
    assert_eq!(first.metadata.remaining_item_count, Some(3));
    maps.delete("d", &DeleteParams::default()).await?;
    let token = first.metadata.continue_.clone().expect("there is more");
    let second = maps.list(&ListParams::default().limit(9).continue_token(&token)).await?;
    assert_eq!(names(&second.items), ["c", "d", "e"]);
    assert_eq!(second.metadata.resource_version, first.metadata.resource_version);

    let high = maps.list(&ListParams::default().labels("app=high")).await?;
    assert_eq!(names(&high.items), ["c", "e"]);
    let one = maps.list_metadata(&ListParams::default().fields("metadata.name=b")).await?;
    assert_eq!(one.items.len(), 1);
    let unknown = refused(maps.list(&ListParams::default().fields("data.text=b")).await);
    assert_eq!((unknown.code, &*unknown.reason), (400, "BadRequest"));
    cluster.end().await;
    Ok(())
}

fn names(items: &[ConfigMap]) -> Vec<String> {
    items.iter().map(ResourceExt::name_any).collect()
}

#[tokio::test(start_paused = true)]
async fn collections_are_deleted_by_selection() -> Outcome {
    // STORE-28
    let cluster = Cluster::bare().await;
    let maps = cluster.config_maps();
    for (name, label) in [("a", "x"), ("b", "y"), ("c", "x")] {
        maps.create(&PostParams::default(), &config_map(name, label, name)).await?;
    }
    let selected = ListParams::default().labels("app=x");
    let dry = DeleteParams::default().dry_run();
    maps.delete_collection(&dry, &selected).await?;
    assert_eq!(maps.list(&ListParams::default()).await?.items.len(), 3);
    let deleted = maps.delete_collection(&DeleteParams::default(), &selected).await?;
    assert_eq!(names(&deleted.left().expect("a list of what went").items), ["a", "c"]);
    assert_eq!(names(&maps.list(&ListParams::default()).await?.items), ["b"]);
    cluster.end().await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn patches_change_what_they_name() -> Outcome {
    // PATCH-05, PATCH-06, PATCH-07, PATCH-16, STORE-02, STORE-29
    let cluster = Cluster::bare().await;
    let deployments = cluster.deployments();
    let plain = PatchParams::default();
    let created = deployments.create(&PostParams::default(), &deployment("web", 1)).await?;

    let image =
        json!({"spec": {"template": {"spec": {"containers": [{"name": "side", "image": "side:2"}]}}}});
    let patched = deployments.patch("web", &plain, &Patch::Strategic(&image)).await?;
    assert_eq!(images(&patched), ["web:1", "side:2"]);
    assert_eq!(patched.metadata.generation, Some(2));
    let same = deployments.patch("web", &plain, &Patch::Strategic(&image)).await?;
    assert_eq!(same.resource_version(), patched.resource_version());

    let labels = json!({"metadata": {"labels": {"a": "b"}}});
    let dry = deployments.patch("web", &plain.clone().dry_run(), &Patch::Merge(&labels)).await?;
    assert_eq!(dry.labels()["a"], "b");
    assert!(deployments.get("web").await?.labels().is_empty());
    assert_eq!(deployments.patch("web", &plain, &Patch::Merge(&labels)).await?.labels()["a"], "b");

    let operations = json!([{"op": "replace", "path": "/spec/replicas", "value": 3}]);
    let operations = Patch::Json::<()>(serde_json::from_value(operations)?);
    let patched = deployments.patch("web", &plain, &operations).await?;
    assert_eq!(patched.spec.replicas, Some(3));
    let test = json!([{"op": "test", "path": "/spec/replicas", "value": 4}]);
    let test = Patch::Json::<()>(serde_json::from_value(test)?);
    let failed = refused(deployments.patch("web", &plain, &test).await);
    assert_eq!((failed.code, failed.is_invalid()), (422, true));

    let typo = json!({"spec": {"replica": 3}});
    let strict = plain.clone().validation_strict();
    assert!(refused(deployments.patch("web", &strict, &Patch::Merge(&typo)).await).is_invalid());
    deployments.patch("web", &plain.validation_ignore(), &Patch::Merge(&typo)).await?;
    assert_eq!(deployments.get("web").await?.uid(), created.uid());
    cluster.end().await;
    Ok(())
}

fn images(deployment: &Deployment) -> Vec<&str> {
    let pod = deployment.spec.template.spec.as_ref();
    pod.into_iter().flat_map(|pod| &pod.containers).filter_map(|it| it.image.as_deref()).collect()
}

#[tokio::test(start_paused = true)]
async fn status_and_scale_are_sides_of_their_own() -> Outcome {
    // SUB-01, SUB-02, SUB-04
    let cluster = Cluster::bare().await;
    let deployments = cluster.deployments();
    deployments.create(&PostParams::default(), &deployment("web", 2)).await?;
    let both = json!({"spec": {"replicas": 9}, "status": {"replicas": 2, "observedGeneration": 1}});
    let shown = deployments.patch_status("web", &PatchParams::default(), &Patch::Merge(&both)).await?;
    assert_eq!(shown.spec.replicas, Some(2));
    assert_eq!(shown.status.as_ref().and_then(|status| status.replicas), Some(2));
    assert_eq!(deployments.get_status("web").await?, shown);

    let mut wanted = shown.clone();
    wanted.spec.replicas = Some(7);
    wanted.status.get_or_insert_default().updated_replicas = Some(1);
    let replaced = deployments.replace_status("web", &PostParams::default(), &wanted).await?;
    assert_eq!(replaced.spec.replicas, Some(2));
    assert_eq!(replaced.status.and_then(|status| status.updated_replicas), Some(1));

    let mut scale = deployments.get_scale("web").await?;
    assert_eq!(scale.spec.as_ref().and_then(|spec| spec.replicas), Some(2));
    let status = scale.status.clone().expect("a scale has a status");
    assert_eq!((status.replicas, status.selector.as_deref()), (2, Some("app=web")));
    scale.spec.get_or_insert_default().replicas = Some(4);
    deployments.replace_scale("web", &PostParams::default(), &scale).await?;
    assert!(refused(deployments.replace_scale("web", &PostParams::default(), &scale).await).is_conflict());
    let patch = json!({"spec": {"replicas": 5}});
    let scale = deployments.patch_scale("web", &PatchParams::default(), &Patch::Merge(&patch)).await?;
    assert_eq!(scale.spec.and_then(|spec| spec.replicas), Some(5));
    let read = deployments.get("web").await?;
    assert_eq!((read.spec.replicas, read.metadata.generation), (Some(5), Some(3)));
    cluster.end().await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_entry_is_made_or_changed() -> Outcome {
    let cluster = Cluster::bare().await;
    let maps = cluster.config_maps();
    for text in ["1", "2"] {
        let mut entry = maps.entry("a").await?.or_insert(|| config_map("a", "x", "0"));
        entry.get_mut().data.get_or_insert_default().insert("text".to_owned(), text.to_owned());
        entry.commit(&PostParams::default()).await?;
    }
    assert_eq!(maps.get("a").await?.data.unwrap_or_default()["text"], "2");
    cluster.end().await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn namespaces_keep_objects_apart() -> Outcome {
    // LIST-15, ADM-14
    let cluster = Cluster::bare().await;
    cluster.config_maps().create(&PostParams::default(), &config_map("a", "x", "1")).await?;
    let system: Api<ConfigMap> = Api::namespaced(cluster.client.clone(), "kube-system");
    assert_eq!(system.get_opt("a").await?, None);
    system.create(&PostParams::default(), &config_map("a", "x", "2")).await?;
    let all: Api<ConfigMap> = Api::all(cluster.client.clone());
    let found = all.list(&ListParams::default()).await?;
    let places: Vec<_> = found.iter().filter_map(ResourceExt::namespace).collect();
    assert_eq!(places, ["default", "kube-system"]);
    let nowhere: Api<ConfigMap> = Api::namespaced(cluster.client.clone(), "nowhere");
    assert!(nowhere.list(&ListParams::default()).await?.items.is_empty());
    let missing = refused(nowhere.create(&PostParams::default(), &config_map("a", "x", "2")).await);
    assert_eq!((missing.code, &*missing.message), (404, "namespaces \"nowhere\" not found"));
    cluster.end().await;
    Ok(())
}
