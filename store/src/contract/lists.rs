use setpoint_core::object::Revision;
use setpoint_core::selector::{FieldSelector, LabelSelector};
use setpoint_core::{Error, Reason};

use super::place::Place;
use crate::request::{ListQuery, ObjectList, ReadAt, Selection};

async fn list(place: &Place, query: &ListQuery) -> Result<ObjectList, Error> {
    place.store.list(&place.context, query).await
}

fn names(list: &ObjectList) -> Vec<&str> {
    list.items.iter().map(|object| &*object.meta().name).collect()
}

pub(super) async fn pages_are_of_one_revision(place: &Place) {
    // LIST-06, LIST-08
    for name in ["c", "a", "d", "b", "e"] {
        place.create_map(name).await;
    }
    let mut query = ListQuery { limit: Some(2), ..ListQuery::new(place.selection("ConfigMap")) };
    let first = list(place, &query).await.expect("a page");
    assert_eq!((names(&first), first.remaining), (vec!["a", "b"], Some(3)));
    place.create_map("bb").await;
    query.continue_token = first.continue_token.clone();
    let second = list(place, &query).await.expect("a page");
    assert_eq!(names(&second), ["c", "d"]);
    query.continue_token = second.continue_token.clone();
    let last = list(place, &query).await.expect("a page");
    assert_eq!((names(&last), &last.continue_token), (vec!["e"], &None));
    assert_eq!((first.revision, second.revision), (second.revision, last.revision));
    query.continue_token = Some("nonsense".to_owned());
    let error = list(place, &query).await.expect_err("that is no token");
    assert_eq!(error.reason(), Reason::BadRequest, "{error}");
}

pub(super) async fn lists_show_what_is_selected(place: &Place) {
    // LIST-10, LIST-11
    for name in ["a", "b", "c"] {
        place.create_map(name).await;
    }
    let maps = || place.selection("ConfigMap");
    let labels = |text: &str| maps().labels(text.parse::<LabelSelector>().expect("a selector"));
    let fields = |text: &str| maps().fields(text.parse::<FieldSelector>().expect("a selector"));
    let table: Vec<(Selection, &[&str])> = vec![
        (maps(), &["a", "b", "c"]),
        (labels("app=b"), &["b"]),
        (labels("app notin (a, b)"), &["c"]),
        (labels("!app"), &[]),
        (maps().labels(LabelSelector::nothing()), &[]),
        (fields("metadata.name=c"), &["c"]),
        (fields("metadata.name!=c"), &["a", "b"]),
    ];
    for (selection, expected) in table {
        let found = list(place, &ListQuery::new(selection.clone())).await.expect("it can be listed");
        assert_eq!(names(&found), expected, "{selection:?}");
    }
    let unknown = list(place, &ListQuery::new(fields("data.text=a"))).await.expect_err("no such field");
    assert_eq!(unknown.reason(), Reason::BadRequest, "{unknown}");
}

pub(super) async fn reads_are_as_new_as_asked_for(place: &Place) {
    // LIST-01 to LIST-05
    let first = place.create_map("a").await;
    let second = place.create_map("b").await;
    let at = async |at: ReadAt| {
        let query = ListQuery { at, ..ListQuery::new(place.selection("ConfigMap")) };
        list(place, &query).await.map(|list| names(&list).join(" "))
    };
    assert_eq!(at(ReadAt::Newest).await.as_deref(), Ok("a b"));
    assert_eq!(at(ReadAt::NotOlderThan(second.revision())).await.as_deref(), Ok("a b"));
    assert_eq!(at(ReadAt::Exactly(first.revision())).await.as_deref(), Ok("a"));
    assert!(at(ReadAt::Any).await.is_ok());
    let read = place.store.get(&place.context, &first.key(), ReadAt::NotOlderThan(second.revision())).await;
    assert_eq!(read.expect("it is there").revision(), first.revision());
    let future = Revision(second.revision().0 + 1_000_000_000);
    let error = at(ReadAt::NotOlderThan(future)).await.expect_err("it does not come");
    assert!(error.reason() == Reason::Timeout && error.has_cause("ResourceVersionTooLarge"), "{error:?}");
}
