use serde_json::{Value, json};
use setpoint_core::Reason;
use setpoint_core::kind::Subresource;
use setpoint_core::object::{ObjectRef, TextMap};
use setpoint_core::patch::{Patch, PatchType};

use super::place::Place;
use crate::object_store::ObjectStoreExt;
use crate::request::{Binding, DeleteOptions, Eviction, Outcome, Preconditions, ReadAt, Write};

fn pod(name: &str) -> Value {
    json!({"metadata": {"name": name, "labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}})
}

async fn create(place: &Place, name: &str) -> ObjectRef {
    place.create("ServiceAccount", json!({"metadata": {"name": "default"}})).await.ok();
    place.create("Pod", pod(name)).await.expect("it is valid")
}

pub(super) async fn bindings_are_final(place: &Place) {
    // SUB-08
    let pod = create(place, "a").await;
    let bind = |node: &str| {
        Write::Bind(Binding {
            pod: pod.key(),
            node: node.into(),
            preconditions: Preconditions::uid(pod.meta().uid.as_ref()),
            labels: TextMap::default(),
            annotations: [("by", "contract")].into_iter().collect(),
        })
    };
    let written = place.write(bind("node-1")).await.expect("it is not bound yet");
    let value = written.object.to_value();
    assert_eq!(
        (&value["spec"]["nodeName"], &value["metadata"]["annotations"]["by"]),
        (&json!("node-1"), &json!("contract"))
    );
    assert!(written.object.revision() > pod.revision());
    let again = place.write(bind("node-2")).await.expect_err("it is bound");
    assert!(again.is_conflict(), "{again}");
    // Bound, it ends in its own time (STORE-22).
    let ending =
        place.store.delete(&place.context, &pod.key(), DeleteOptions::default()).await.expect("it begins");
    assert_eq!(ending.outcome, Outcome::Terminating);
    let now = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
    let ended = place.store.delete(&place.context, &pod.key(), now).await.expect("it is there");
    assert_eq!(ended.outcome, Outcome::Deleted);
}

pub(super) async fn evictions_heed_budgets(place: &Place) {
    // SUB-05
    let pod = create(place, "a").await;
    let ready = json!({"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}});
    let ready = Patch::decode(PatchType::Merge, ready).expect("a patch");
    place
        .store
        .patch(&place.context, &pod.key(), ready, Subresource::Status)
        .await
        .expect("it can be applied");
    let budget = json!({"metadata": {"name": "all"}, "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}});
    let budget = place.create("PodDisruptionBudget", budget).await.expect("it is valid");
    let evict = || Write::Evict(Eviction { pod: pod.key(), options: DeleteOptions::default() });
    let refused = place.write(evict()).await.expect_err("nobody has counted the pods");
    assert!(
        refused.reason() == Reason::TooManyRequests && refused.has_cause("DisruptionBudget"),
        "{refused:?}"
    );
    let allowed = json!({"status": {"observedGeneration": 1, "disruptionsAllowed": 1, "currentHealthy": 2,
        "desiredHealthy": 1, "expectedPods": 2}});
    let allowed = Patch::decode(PatchType::Merge, allowed).expect("a patch");
    place
        .store
        .patch(&place.context, &budget.key(), allowed, Subresource::Status)
        .await
        .expect("it can be applied");
    let evicted = place.write(evict()).await.expect("there is one disruption");
    assert_eq!((evicted.outcome, &evicted.object.meta().uid), (Outcome::Deleted, &pod.meta().uid));
    let read = place.store.get(&place.context, &budget.key(), ReadAt::Newest).await.expect("it is there");
    assert_eq!(read.to_value()["status"]["disruptionsAllowed"], 0);
}
