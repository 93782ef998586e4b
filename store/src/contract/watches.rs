use std::time::Duration;

use futures::StreamExt;
use setpoint_core::object::Revision;
use setpoint_core::selector::LabelSelector;

use super::place::Place;
use crate::object_store::ObjectStoreExt;
use crate::request::{DeleteOptions, WatchEvent, WatchFrom, WatchQuery};

pub(super) async fn changes_are_told_once_and_in_order(place: &Place) {
    // WATCH-01, WATCH-03
    let a = place.create_map("a").await;
    let mut events = place.watch(&WatchQuery::after(place.selection("ConfigMap"), a.revision())).await;
    let b = place.create_map("b").await;
    let changed = place.change(&a, "1").await.expect("it is the newest");
    place.store.delete(&place.context, &b.key(), DeleteOptions::default()).await.expect("it is there");
    let mut revisions = vec![a.revision()];
    for expected in ["+b", "~a", "-b"] {
        let event = place.next(&mut events).await;
        revisions.push(event.revision());
        let object = event.object().expect("no bookmark was asked for");
        assert_eq!(&*object.meta().name, &expected[1..]);
        let is_as_expected = match event {
            WatchEvent::Added(_) => expected.starts_with('+'),
            WatchEvent::Modified(_) => expected.starts_with('~'),
            _ => expected.starts_with('-'),
        };
        assert!(is_as_expected, "{expected}");
    }
    assert!(revisions.is_sorted_by(|one, other| one < other), "{revisions:?}");
    assert_eq!(revisions[2], changed.revision());
    // Another watch from the middle tells the rest.
    let mut rest = place.watch(&WatchQuery::after(place.selection("ConfigMap"), revisions[1])).await;
    assert_eq!(
        (place.told(&mut rest).await, place.told(&mut rest).await),
        ("~a".to_owned(), "-b".to_owned())
    );
}

pub(super) async fn selections_are_entered_and_left(place: &Place) {
    // WATCH-03, WATCH-04
    let labels: LabelSelector = "app=a".parse().expect("a selector");
    let a = place.create_map("a").await;
    let selection = place.selection("ConfigMap").labels(labels);
    let mut events = place.watch(&WatchQuery::after(selection, a.revision())).await;
    place.create_map("b").await;
    let relabel = async |from: &setpoint_core::object::ObjectRef, app: &str| {
        let mut draft = setpoint_core::object::Draft::of(from);
        let labels = draft.meta().labels.with("app", app);
        draft.meta_mut().labels = labels;
        place
            .store
            .update(&place.context, draft, setpoint_core::kind::Subresource::Main)
            .await
            .expect("the newest")
    };
    let left = relabel(&a, "other").await;
    relabel(&left, "a").await;
    assert_eq!(
        (place.told(&mut events).await, place.told(&mut events).await),
        ("-a".to_owned(), "+a".to_owned())
    );
}

pub(super) async fn watches_begin_where_they_are_asked_to(place: &Place) {
    // WATCH-02, WATCH-06
    for name in ["a", "b"] {
        place.create_map(name).await;
    }
    let watch = async |from: WatchFrom, bookmarks: bool| {
        let query = WatchQuery { selection: place.selection("ConfigMap"), from, bookmarks };
        place.watch(&query).await
    };
    let mut state = watch(WatchFrom::State, false).await;
    let mut now = watch(WatchFrom::Now, false).await;
    let mut initial = watch(WatchFrom::InitialEvents(Revision::ZERO), true).await;
    for expected in ["+a", "+b"] {
        assert_eq!(place.told(&mut state).await, expected);
        assert_eq!(place.told(&mut initial).await, expected);
    }
    assert_eq!(place.told(&mut initial).await, "bookmark true");
    place.create_map("c").await;
    assert_eq!(
        (place.told(&mut state).await, place.told(&mut now).await),
        ("+c".to_owned(), "+c".to_owned())
    );
    // The first bookmark may come before.
    let told = place.told(&mut initial).await;
    let told = if told == "bookmark false" { place.told(&mut initial).await } else { told };
    assert_eq!(told, "+c");
}

pub(super) async fn old_revisions_are_expired(place: &Place, revision: Revision) {
    // WATCH-08, INV-ST-08: told at once, or as the last that is told.
    let query = WatchQuery::after(place.selection("ConfigMap"), revision);
    let error = match place.store.watch(&place.context, &query).await {
        Err(error) => error,
        Ok(mut events) => {
            let first = place.env.timeout(Duration::from_secs(30), events.next()).await.expect("it is told");
            let error = first.expect("an error is told").expect_err("it has expired");
            assert!(events.next().await.is_none(), "it is the last");
            error
        }
    };
    assert!(error.is_expired(), "{error}");
}
