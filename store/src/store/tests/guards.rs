//! Writes that are applied only if other objects are as they were (INV-ST-04).

use std::sync::Arc;

use serde_json::json;
use setpoint_core::object::ObjectRef;
use setpoint_core::{Error, Reason};

use super::bench::{Bench, map, pod};
use crate::ObjectStore;
use crate::request::{DeleteOptions, Guard, RequestContext, Selection, Write};

/// A bench whose writes are guarded by this object.
fn guarded(mut bench: Bench, by: &ObjectRef) -> Bench {
    let guard = Guard { key: by.key(), revision: by.revision() };
    bench.context = RequestContext { guards: Arc::from([guard]), ..bench.context };
    bench
}

fn is_refused(refused: &Error) {
    assert!(refused.is_fenced(), "{refused}");
    assert!(!refused.is_conflict() && !refused.is_retryable(), "trying again is of no use: {refused}");
    assert_eq!(refused.reason(), Reason::Forbidden);
}

#[test]
fn every_verb_is_refused_when_the_guard_has_changed() {
    let bench = Bench::new();
    let epoch = bench.create(map("epoch"));
    bench.create(map("kept"));
    bench.create(pod("waiting"));
    let bench = guarded(bench, &epoch);
    bench.create(map("before"));
    bench.merge("configmap", "before", json!({"data": {"a": "b"}})).expect("the guard holds");

    let unguarded = RequestContext::system("another");
    let mut changed = setpoint_core::object::Draft::of(&epoch);
    changed.meta_mut().labels = [("by", "another")].into_iter().collect();
    let side = setpoint_core::kind::Subresource::Main;
    bench.run(bench.store.write(&unguarded, Write::Update(changed, side))).expect("it is as it was");

    let before = bench.store.snapshot().expect("in memory").revision();
    is_refused(&bench.try_create(map("after")).expect_err("the guard is broken"));
    let refused = bench.merge("configmap", "kept", json!({"data": {"a": "b"}}));
    is_refused(&refused.expect_err("the guard is broken"));
    let kept = bench.key("configmap", "kept");
    let delete = |key| Write::Delete(key, DeleteOptions::default());
    is_refused(&bench.write(delete(kept.clone())).expect_err("the guard is broken"));
    is_refused(&bench.write(delete(bench.key("pod", "waiting"))).expect_err("the guard is broken"));
    let batch = ["x", "y"].map(|name| Write::Create(bench.draft(map(name))));
    for refused in bench.run(bench.store.write_batch(&bench.context, batch.into())) {
        is_refused(&refused.expect_err("the guard is broken"));
    }
    let all = Selection::all(kept.kind);
    let refused = bench.run(bench.store.delete_collection(&bench.context, &all, &DeleteOptions::default()));
    is_refused(&refused.expect_err("the guard is broken"));
    assert_eq!(bench.store.snapshot().expect("in memory").revision(), before, "nothing was written");
}

#[test]
fn a_guard_that_is_gone_is_broken() {
    let bench = Bench::new();
    let epoch = bench.create(map("epoch"));
    let bench = guarded(bench, &epoch);
    let unguarded = RequestContext::system("another");
    let delete = Write::Delete(epoch.key(), DeleteOptions::default());
    bench.run(bench.store.write(&unguarded, delete)).expect("it is there");
    is_refused(&bench.try_create(map("after")).expect_err("the guard is broken"));
}

/// What a quota was charged for a write that is refused is not charged, nor given back by a writer that is deposed.
#[test]
fn quotas_are_not_charged_by_the_deposed() {
    let bench = Bench::new();
    let epoch = bench.create(map("epoch"));
    bench.create(json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"},
        "spec": {"hard": {"configmaps": "9"}}}));
    let status = json!({"status": {"hard": {"configmaps": "9"}, "used": {"configmaps": "1"}}});
    let side = setpoint_core::kind::Subresource::Status;
    let merge = setpoint_core::patch::PatchType::Merge;
    bench.patch("resourcequota", "q", merge, status, side).expect("it is valid");
    let bench = guarded(bench, &epoch);
    let unguarded = RequestContext::system("another");
    let delete = Write::Delete(epoch.key(), DeleteOptions::default());
    bench.run(bench.store.write(&unguarded, delete)).expect("it is there");
    let quota = || {
        let snapshot = bench.store.snapshot().expect("in memory");
        snapshot.get(&bench.key("resourcequota", "q")).map(|quota| quota.revision())
    };
    let before = quota();
    is_refused(&bench.try_create(map("after")).expect_err("the guard is broken"));
    assert_eq!(quota(), before);
}
