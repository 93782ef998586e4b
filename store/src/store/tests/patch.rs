use futures::future::join_all;
use serde_json::json;
use setpoint_core::Reason;
use setpoint_core::kind::Subresource;
use setpoint_core::patch::{Patch, PatchType};

use super::bench::{Bench, map, pod};
use crate::ObjectStore;
use crate::request::{Outcome, Write};

#[test]
fn patches_of_several_writers_all_apply() {
    // STORE-03, PATCH-02
    let bench = Bench::new();
    bench.create(map("a"));
    let key = bench.key("configmap", "a");
    let patches = (0..50).map(|at| {
        let body = json!({"data": {format!("k{at}"): "x"}});
        let patch = Patch::decode(PatchType::Merge, body).expect("it is one");
        bench.store.write(&bench.context, Write::Patch(key.clone(), patch, Subresource::Main))
    });
    let results = bench.run(join_all(patches));
    assert!(results.iter().all(Result::is_ok));
    let stored = bench.get("configmap", "a").expect("it is there");
    assert_eq!(stored["data"].as_object().map(serde_json::Map::len), Some(51));
}

#[test]
fn what_a_patch_says_of_identity_is_a_condition() {
    // PATCH-02, PATCH-03
    let bench = Bench::new();
    let created = bench.create(map("a"));
    bench.merge("configmap", "a", json!({"data": {"k": "w"}})).expect("it is there");
    let revision = created.revision().to_string();
    let uid = created.meta().uid.as_ref().expect("it has one").to_string();
    let cases = [
        ("an old revision", json!({"resourceVersion": revision}), Some(Reason::Conflict)),
        ("another uid", json!({"uid": "00000000-0000-0000-0000-000000000001"}), Some(Reason::Conflict)),
        ("its own uid", json!({"uid": uid}), None),
        ("another name", json!({"name": "b"}), Some(Reason::BadRequest)),
        ("another namespace", json!({"namespace": "other"}), Some(Reason::BadRequest)),
    ];
    for (name, meta, reason) in cases {
        let result = bench.merge("configmap", "a", json!({"metadata": meta, "data": {"by": name}}));
        assert_eq!(result.as_ref().err().map(setpoint_core::Error::reason), reason, "{name}");
    }
    let missing =
        |meta| bench.merge("configmap", "none", json!({"metadata": meta})).expect_err("there is none");
    assert_eq!(missing(json!({})).reason(), Reason::NotFound);
}

#[test]
fn a_patched_object_goes_the_way_of_an_update() {
    // PATCH-04, STORE-02
    let bench = Bench::new();
    let created = bench.create(pod("p"));
    let unchanged = bench.merge("pod", "p", json!({"status": {"phase": "Failed"}})).expect("it is there");
    assert_eq!(unchanged.outcome, Outcome::Unchanged);
    assert_eq!(unchanged.object.revision(), created.revision());
    let error = bench.merge("pod", "p", json!({"spec": {"hostNetwork": true}})).expect_err("it is fixed");
    assert_eq!(error.reason(), Reason::Invalid);
    let error = bench.merge("pod", "p", json!({"spec": {"containers": 5}})).expect_err("it is no list");
    assert_eq!(error.reason(), Reason::Invalid);
}

#[test]
fn each_type_of_patch_has_its_own_meaning() {
    // PATCH-05 to PATCH-07
    let bench = Bench::new();
    bench.create(pod("p"));
    let image = |name: &str, tag: u32| json!({"name": name, "image": format!("app:{tag}")});
    let by_key = json!({"spec": {"containers": [image("c", 2)]}});
    let merged =
        bench.patch("pod", "p", PatchType::Strategic, by_key, Subresource::Main).expect("it is valid");
    assert_eq!(merged.object.to_value()["spec"]["containers"][0]["terminationMessagePolicy"], "File");
    let replaced = json!([{"op": "replace", "path": "/spec/containers/0/image", "value": "app:3"}]);
    bench.patch("pod", "p", PatchType::Json, replaced, Subresource::Main).expect("it is valid");
    let failed = json!([{"op": "test", "path": "/spec/containers/0/image", "value": "app:1"}]);
    let error = bench.patch("pod", "p", PatchType::Json, failed, Subresource::Main).expect_err("it is app:3");
    assert_eq!((error.reason(), error.details().causes.len()), (Reason::Invalid, 0));
    let whole = json!({"spec": {"containers": [image("c", 4)]}});
    let written = bench.merge("pod", "p", whole).expect("defaults fill in the rest");
    assert_eq!(written.object.to_value()["spec"]["containers"][0]["image"], "app:4");
}
