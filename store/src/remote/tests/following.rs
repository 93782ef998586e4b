use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use setpoint_core::kind::Registry;
use setpoint_core::object::{Draft, Object, ObjectRef, Revision};

use crate::remote::limits::RESUMES_MAX;
use crate::remote::watching::{Next, Place, Watching};
use crate::request::WatchEvent;

fn object(revision: u64) -> ObjectRef {
    let maps = Registry::builtin().find("ConfigMap", "v1").expect("a built-in kind");
    let draft =
        Draft::from_value(maps, json!({"metadata": {"name": "a", "namespace": "a"}})).expect("it fits");
    Arc::new(Object::from_draft(draft, Revision(revision)))
}

fn bookmark(revision: u64, initial_events_end: bool) -> WatchEvent {
    WatchEvent::Bookmark { revision: Revision(revision), initial_events_end }
}

#[test]
fn nothing_is_told_twice() {
    let mut watching = Watching::new(Place::After(Revision(5)), false);
    assert!(watching.heard(WatchEvent::Modified(object(5))).is_none(), "told before");
    assert!(watching.heard(WatchEvent::Modified(object(7))).is_some());
    assert!(watching.heard(WatchEvent::Modified(object(6))).is_none(), "out of order");
    assert!(watching.heard(bookmark(9, false)).is_none(), "none was asked for");
    assert_eq!(watching.place(), Place::After(Revision(9)), "and still it is known");
    let mut told = Watching::new(Place::After(Revision(5)), true);
    assert!(told.heard(bookmark(9, false)).is_some());
}

#[test]
fn a_beginning_that_is_cut_is_not_gone_on_with() {
    let mut watching = Watching::new(Place::Beginning(Revision(3)), false);
    assert!(watching.heard(WatchEvent::Added(object(8))).is_some());
    assert!(watching.heard(WatchEvent::Added(object(2))).is_some(), "in no order");
    assert_eq!(watching.clone().cut(Duration::from_secs(60)), Next::End);
    assert!(
        watching.heard(bookmark(9, true)).is_some(),
        "the mark is told to whoever asked for the beginning"
    );
    assert_eq!(watching.place(), Place::After(Revision(9)));
    assert_eq!(watching.cut(Duration::from_secs(60)), Next::Resume(Duration::ZERO));
}

#[test]
fn a_server_that_says_nothing_is_left_to_the_reader() {
    let mut watching = Watching::new(Place::After(Revision(5)), false);
    let waits: Vec<Next> = (0..=RESUMES_MAX).map(|_| watching.cut(Duration::ZERO)).collect();
    let ms = |millis| Next::Resume(Duration::from_millis(millis));
    assert_eq!(waits, [ms(0), ms(100), ms(200), Next::End]);
    watching.heard(WatchEvent::Modified(object(7)));
    assert_eq!(watching.cut(Duration::ZERO), ms(0), "it has said something");
    assert_eq!(watching.cut(Duration::from_secs(60)), ms(0), "it has lived for long");
}
