use std::sync::Arc;

use serde_json::{Value, json};
use setpoint_core::kind::Subresource;
use setpoint_core::object::Draft;
use setpoint_core::patch::{Patch, PatchType};

use super::place::{Place, text};
use crate::object_store::ObjectStoreExt;
use crate::request::{DeleteOptions, Guard, Outcome, ReadAt, RequestContext, Write};

pub(super) async fn creations_are_answered_as_stored(place: &Place) {
    // STORE-01, STORE-08, STORE-12: with what the store adds.
    let written = place.write(Write::Create(place.map("a", "x"))).await.expect("it is new");
    assert_eq!(written.outcome, Outcome::Created);
    let meta = written.object.meta();
    assert!(meta.uid.is_some() && meta.creation_timestamp.is_some() && !written.object.revision().is_zero());
    assert!(written.object.managed_fields().is_some(), "who set what is recorded");
    let read = place
        .store
        .get(&place.context, &place.key("ConfigMap", "a"), ReadAt::Newest)
        .await
        .expect("it is there");
    assert_eq!(read.to_value(), written.object.to_value());
    let deployment = json!({
        "metadata": {"name": "web"},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": {
            "metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}},
    });
    let stored = place.create("Deployment", deployment).await.expect("it is valid");
    assert_eq!(stored.to_value()["spec"]["replicas"], 1, "defaults are set");
}

pub(super) async fn names_are_generated(place: &Place) {
    // STORE-10
    let body = || place.draft("ConfigMap", json!({"metadata": {"generateName": "map-"}}));
    let one = place.write(Write::Create(body())).await.expect("it is new").object;
    let other = place.write(Write::Create(body())).await.expect("it is new").object;
    assert!(one.meta().name.starts_with("map-") && one.meta().name != other.meta().name);
}

pub(super) async fn what_is_wrong_is_named(place: &Place) {
    // ERR-02 to ERR-05
    place.create_map("a").await;
    let taken = place.write(Write::Create(place.map("a", "b"))).await.expect_err("the name is taken");
    assert!(taken.is_already_exists(), "{taken}");
    assert_eq!(taken.message(), "configmaps \"a\" already exists");
    let key = place.key("ConfigMap", "none");
    let missing = place.store.get(&place.context, &key, ReadAt::Newest).await.expect_err("there is none");
    assert!(missing.is_not_found() && missing.details().name == "none", "{missing:?}");
    let missing = place.write(Write::Delete(key, DeleteOptions::default())).await.expect_err("there is none");
    assert!(missing.is_not_found(), "{missing}");
    let invalid =
        place.create("ConfigMap", json!({"metadata": {"name": "A"}})).await.expect_err("no such name");
    assert!(invalid.is_invalid(), "{invalid}");
    let fields: Vec<&str> = invalid.details().causes.iter().map(|cause| &*cause.field).collect();
    assert_eq!(fields, ["metadata.name"]);
    let mut lost = place.map("b", "b");
    lost.meta_mut().namespace = Some(format!("{}-none", place.namespace).into());
    let lost = place.write(Write::Create(lost)).await.expect_err("there is no such namespace");
    assert!(lost.is_not_found(), "{lost}");
}

pub(super) async fn updates_replace_the_version_they_name(place: &Place) {
    // STORE-02, STORE-04, STORE-05
    let first = place.create_map("a").await;
    let second = place.change(&first, "1").await.expect("it is the newest");
    assert!(second.revision() > first.revision());
    let stale = place.change(&first, "2").await.expect_err("it has changed meanwhile");
    assert!(stale.is_conflict() && !stale.is_outcome_unknown(), "{stale:?}");
    let same =
        place.write(Write::Update(Draft::of(&second), Subresource::Main)).await.expect("it is the newest");
    assert_eq!((same.outcome, same.object.revision()), (Outcome::Unchanged, second.revision()));
    let mut any = place.map("a", "new");
    any.revision = None;
    let replaced = place.write(Write::Update(any, Subresource::Main)).await.expect("maps need no version");
    assert_eq!((replaced.outcome, &*text(&replaced.object)), (Outcome::Updated, "new"));
    let missing = place.write(Write::Update(place.map("none", "x"), Subresource::Main)).await;
    assert!(missing.expect_err("there is none").is_not_found());
}

fn replica_set(replicas: i64) -> Value {
    json!({
        "metadata": {"name": "rs"},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": "rs"}}, "template": {
            "metadata": {"labels": {"app": "rs"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}},
        "status": {"replicas": replicas},
    })
}

pub(super) async fn spec_and_status_are_written_apart(place: &Place) {
    // STORE-13, SUB-01
    let created = place.create("ReplicaSet", replica_set(1)).await.expect("it is valid");
    assert_eq!((created.meta().generation, &created.to_value()["status"]["replicas"]), (1, &json!(0)));
    let mut both = place.draft("ReplicaSet", replica_set(2));
    both.revision = Some(created.revision());
    let status = place
        .store
        .update(&place.context, both.clone(), Subresource::Status)
        .await
        .expect("it is the newest");
    assert_eq!((status.meta().generation, &status.to_value()["spec"]["replicas"]), (1, &json!(1)));
    assert_eq!(status.to_value()["status"]["replicas"], 2);
    both.revision = None;
    let spec = place.store.update(&place.context, both, Subresource::Main).await.expect("it is valid");
    assert_eq!((spec.meta().generation, &spec.to_value()["spec"]["replicas"]), (2, &json!(2)));
}

pub(super) async fn patches_of_every_type_are_applied(place: &Place) {
    // PATCH-01, PATCH-05 to PATCH-08
    place.create_map("a").await;
    let key = place.key("ConfigMap", "a");
    let table = [
        (
            PatchType::Json,
            json!([{"op": "test", "path": "/data/text", "value": "a"},
            {"op": "replace", "path": "/data/text", "value": "json"}]),
            "json",
        ),
        (PatchType::Merge, json!({"data": {"text": "merge"}}), "merge"),
        (PatchType::Strategic, json!({"data": {"text": "strategic"}}), "strategic"),
    ];
    for (patch_type, body, expected) in table {
        let patch = Patch::decode(patch_type, body).expect("a patch");
        let patched = place.store.patch(&place.context, &key, patch, Subresource::Main).await;
        assert_eq!(text(&patched.expect("it can be applied")), expected);
    }
    let failing = json!([{"op": "test", "path": "/data/text", "value": "other"}]);
    let failing = Patch::decode(PatchType::Json, failing).expect("a patch");
    let refused = place.store.patch(&place.context, &key, failing, Subresource::Main).await;
    assert_eq!(refused.expect_err("the test fails").code(), 422);
    let set = place.create("ReplicaSet", replica_set(1)).await.expect("it is valid");
    let status = Patch::decode(PatchType::Merge, json!({"status": {"replicas": 7}})).expect("a patch");
    let patched = place.store.patch(&place.context, &set.key(), status, Subresource::Status).await;
    assert_eq!(patched.expect("it can be applied").to_value()["status"]["replicas"], 7);
}

pub(super) async fn fields_are_owned_by_who_applies_them(place: &Place) {
    // PATCH-09 to PATCH-12
    let key = place.key("ConfigMap", "applied");
    let config = |text: &str| {
        let body = json!({"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "applied", "namespace": &*place.namespace}, "data": {"text": text}});
        Patch::decode(PatchType::Apply, body).expect("a configuration")
    };
    let by = |manager: &str| RequestContext { field_manager: manager.into(), ..place.context.clone() };
    let write = Write::Patch(key.clone(), config("one"), Subresource::Main);
    let written = place.store.write(&by("one"), write).await.expect("it is created");
    assert_eq!((written.outcome, &*text(&written.object)), (Outcome::Created, "one"));
    let conflict = place.store.patch(&by("two"), &key, config("two"), Subresource::Main).await;
    let conflict = conflict.expect_err("one owns the field");
    assert!(conflict.is_conflict(), "{conflict}");
    assert_eq!(
        conflict.details().causes.iter().map(|cause| &*cause.field).collect::<Vec<_>>(),
        [".data.text"]
    );
    let forced = place.store.patch(&by("two"), &key, config("two").forced(), Subresource::Main).await;
    let forced = forced.expect("it takes the field");
    let managers = forced.managed_fields().expect("they are recorded").to_wire();
    assert_eq!(managers.iter().filter_map(|entry| entry.manager.as_deref()).collect::<Vec<_>>(), ["two"]);
}

pub(super) async fn dry_runs_store_nothing(place: &Place) {
    // STORE-29
    let kept = place.create_map("kept").await;
    let context = RequestContext { dry_run: true, ..place.context.clone() };
    let tried = place.store.create(&context, place.map("tried", "x")).await.expect("it would be stored");
    assert!(tried.meta().uid.is_some());
    let key = place.key("ConfigMap", "tried");
    assert!(
        place.store.get(&place.context, &key, ReadAt::Newest).await.is_err_and(|error| error.is_not_found())
    );
    place
        .store
        .update(&context, place.map("kept", "other"), Subresource::Main)
        .await
        .expect("it would be stored");
    place.store.delete(&context, &kept.key(), DeleteOptions::default()).await.expect("it would be deleted");
    let read = place.store.get(&place.context, &kept.key(), ReadAt::Newest).await.expect("it is there");
    assert_eq!((read.revision(), &*text(&read)), (kept.revision(), "a"));
}

pub(super) async fn members_of_a_batch_fail_singly(place: &Place) {
    place.create_map("taken").await;
    let create = |name: &str| Write::Create(place.map(name, "x"));
    let key = |name: &str| place.key("ConfigMap", name);
    let merge = Patch::decode(PatchType::Merge, json!({"data": {"text": "y"}})).expect("a patch");
    let writes = vec![
        create("m-1"),
        create("taken"),
        create("m-2"),
        // Of an object that the batch itself has made.
        Write::Patch(key("m-2"), merge, Subresource::Main),
        Write::Delete(key("m-1"), DeleteOptions::default()),
        Write::Delete(key("m-1"), DeleteOptions::default()),
        create("m-3"),
    ];
    let results = place.store.write_batch(&place.context, writes).await;
    let names: Vec<String> = results
        .iter()
        .map(|result| match result {
            Ok(written) => format!("{:?} {}", written.outcome, written.object.meta().name),
            Err(error) => format!("{:?}", error.reason()),
        })
        .collect();
    let expected = [
        "Created m-1",
        "AlreadyExists",
        "Created m-2",
        "Updated m-2",
        "Deleted m-1",
        "NotFound",
        "Created m-3",
    ];
    assert_eq!(names, expected);
    assert_eq!(results[4].as_ref().map(|written| text(&written.object)), Ok("x".to_owned()), "as it was");
}

pub(super) async fn guards_hold_or_the_write_is_refused(place: &Place) {
    let guard = place.create_map("guard").await;
    let guards = Arc::new([Guard { key: guard.key(), revision: guard.revision() }]);
    let guarded = RequestContext { guards, ..place.context.clone() };
    let write = async |name: &str| place.store.create(&guarded, place.map(name, "x")).await;
    if place.store.honours_guards() {
        write("first").await.expect("the guard holds");
        place.change(&guard, "1").await.expect("it is the newest");
        let refused = write("second").await.expect_err("the guard is broken");
        assert!(refused.is_fenced(), "{refused}");
    } else {
        let refused = write("second").await.expect_err("it cannot be guarded");
        assert!(!refused.is_retryable() && !refused.is_outcome_unknown(), "{refused}");
    }
    let key = place.key("ConfigMap", "second");
    assert!(
        place.store.get(&place.context, &key, ReadAt::Newest).await.is_err_and(|error| error.is_not_found())
    );
}
