use serde_json::json;
use setpoint_core::kind::Subresource;
use setpoint_core::object::{Draft, Text, Uid};
use setpoint_core::selector::LabelSelector;

use super::place::Place;
use crate::object_store::ObjectStoreExt;
use crate::request::{DeleteOptions, ListQuery, Outcome, Preconditions, Propagation, ReadAt, Selection};

fn only_if(preconditions: Preconditions) -> DeleteOptions {
    DeleteOptions { preconditions, ..DeleteOptions::default() }
}

pub(super) async fn deletions_heed_their_preconditions(place: &Place) {
    // STORE-21
    let map = place.create_map("a").await;
    let newer = place.change(&map, "1").await.expect("it is the newest");
    let other = only_if(Preconditions {
        uid: Some(Uid::new("00000000-0000-4000-8000-000000000000")),
        revision: None,
    });
    let refused =
        place.store.delete(&place.context, &map.key(), other).await.expect_err("it is another object");
    assert!(refused.is_conflict(), "{refused}");
    let old = only_if(Preconditions { uid: None, revision: Some(map.revision()) });
    let refused = place.store.delete(&place.context, &map.key(), old).await.expect_err("it has changed");
    assert!(refused.is_conflict(), "{refused}");
    let uid = map.meta().uid.clone();
    let both = only_if(Preconditions { uid: uid.clone(), revision: Some(newer.revision()) });
    let written = place.store.delete(&place.context, &map.key(), both).await.expect("all of it holds");
    assert_eq!((written.outcome, &written.object.meta().uid), (Outcome::Deleted, &uid));
    assert!(written.object.revision() > newer.revision(), "under the revision of its removal");
    let read = place.store.get(&place.context, &map.key(), ReadAt::Newest).await;
    assert!(read.expect_err("it is gone").is_not_found());
}

pub(super) async fn finalizers_keep_an_object(place: &Place) {
    // STORE-18, STORE-19, STORE-24
    let body = json!({"metadata": {"name": "held", "finalizers": ["example.com/hold"]}});
    let held = place.create("ConfigMap", body).await.expect("it is valid");
    let written =
        place.store.delete(&place.context, &held.key(), DeleteOptions::default()).await.expect("it begins");
    assert_eq!(written.outcome, Outcome::Terminating);
    assert!(written.object.meta().is_terminating());
    let mut last = Draft::of(&written.object);
    last.meta_mut().finalizers = std::iter::empty::<Text>().collect();
    place.store.update(&place.context, last, Subresource::Main).await.expect("it is let go");
    let read = place.store.get(&place.context, &held.key(), ReadAt::Newest).await;
    assert!(read.expect_err("it is gone").is_not_found());
    let waits = place.create_map("waits").await;
    let first = DeleteOptions { propagation: Some(Propagation::Foreground), ..DeleteOptions::default() };
    let written = place.store.delete(&place.context, &waits.key(), first).await.expect("it begins");
    assert_eq!(written.outcome, Outcome::Terminating);
    assert!(written.object.meta().finalizers.contains("foregroundDeletion"));
}

pub(super) async fn collections_are_deleted_by_selection(place: &Place) {
    // STORE-28
    for name in ["a", "b", "c"] {
        place.create_map(name).await;
    }
    let maps = |text: &str| {
        let labels: LabelSelector = text.parse().expect("a selector");
        place.selection("ConfigMap").labels(labels)
    };
    let delete = async |selection: &Selection| {
        let options = DeleteOptions::default();
        let deleted =
            place.store.delete_collection(&place.context, selection, &options).await.expect("it can be done");
        deleted.iter().map(|object| object.meta().name.to_string()).collect::<Vec<_>>()
    };
    let left = async || {
        let query = ListQuery::new(place.selection("ConfigMap"));
        let list = place.store.list(&place.context, &query).await.expect("it can be listed");
        list.items.iter().map(|object| object.meta().name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(delete(&maps("app in (a, c)")).await, ["a", "c"]);
    let nothing = place.selection("ConfigMap").labels(LabelSelector::nothing());
    assert!(delete(&nothing).await.is_empty());
    assert_eq!(left().await, ["b"]);
    delete(&place.selection("ConfigMap")).await;
    assert!(left().await.is_empty());
}
