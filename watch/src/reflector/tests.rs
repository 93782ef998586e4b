use std::sync::Arc;
use std::time::Duration;

use setpoint_core::env::Instant;
use setpoint_core::kind::Kind;
use setpoint_core::object::{ObjectRef, Revision};
use setpoint_core::{Error, Reason};
use setpoint_store::request::{ObjectList, Selection, WatchEvent, WatchFrom};

use super::failure::{WAIT_MAX, backoff};
use super::*;
use crate::fixture;

/// A reflector that is answered by hand.
struct Script {
    kind: Arc<Kind>,
    reflector: Reflector,
    now: Instant,
}

const PAGED: Fill = Fill::Paged { page_max: 2 };
const STREAMED: Fill = Fill::Streamed { page_max: 2 };

impl Script {
    fn new(fill: Fill) -> Self {
        let kind = fixture::maps();
        let reflector = Reflector::new(Selection::all(kind.id), fill);
        Self { kind, reflector, now: Instant::START }
    }

    /// One that has listed `objects` at a revision and watches from there.
    fn following(fill: Fill, revision: u64) -> Self {
        let mut script = Self::new(fill);
        match fill {
            Fill::Paged { .. } => {
                script.tell(Script::page(vec![], revision, None));
                script.tell(Answer::Opened);
            }
            Fill::Streamed { .. } => {
                script.tell(Answer::Opened);
                script.tell(bookmark(revision, true));
            }
        }
        assert_eq!(script.wants(), "read 300s");
        script
    }

    fn object(&self, name: &str, revision: u64) -> ObjectRef {
        fixture::object(&self.kind, name, name, revision)
    }

    fn page(items: Vec<ObjectRef>, revision: u64, next: Option<&str>) -> Answer {
        let continue_token = next.map(str::to_owned);
        Answer::Listed(ObjectList { items, revision: Revision(revision), continue_token, remaining: None })
    }

    fn added(&self, name: &str, revision: u64) -> Answer {
        Answer::Event(WatchEvent::Added(self.object(name, revision)))
    }

    fn modified(&self, name: &str, revision: u64) -> Answer {
        Answer::Event(WatchEvent::Modified(self.object(name, revision)))
    }

    fn deleted(&self, name: &str, revision: u64) -> Answer {
        Answer::Event(WatchEvent::Deleted(self.object(name, revision)))
    }

    /// Answers, and tells in short what was learned.
    fn tell(&mut self, answer: Answer) -> String {
        match self.reflector.answer(answer, self.now) {
            None => "-".to_owned(),
            Some(Update::Replace { objects, revision }) => {
                let mut names: Vec<&str> = objects.iter().map(|object| &*object.meta().name).collect();
                names.sort_unstable();
                format!("replace [{}] @{revision}", names.join(" "))
            }
            Some(Update::Change(event)) => {
                let verb = match event {
                    WatchEvent::Added(_) => "+",
                    WatchEvent::Modified(_) => "~",
                    WatchEvent::Deleted(_) => "-",
                    WatchEvent::Bookmark { .. } => "bookmark",
                };
                let name = event.object().expect("a change has one").meta().name.clone();
                format!("{verb}{name} @{}", event.revision())
            }
            Some(Update::Reached(revision)) => format!("reached @{revision}"),
        }
    }

    /// The next request, in short.
    fn wants(&self) -> String {
        match self.reflector.request() {
            Request::List(query) => {
                let limit = query.limit.map_or("all".to_owned(), |limit| limit.to_string());
                format!("list {limit} from {:?}", query.continue_token.as_deref().unwrap_or("the start"))
            }
            Request::Watch(query) => {
                assert!(query.bookmarks, "WATCH-05");
                match query.from {
                    WatchFrom::After(revision) => format!("watch after {revision}"),
                    WatchFrom::InitialEvents(revision) => format!("stream {revision}"),
                    other => format!("{other:?}"),
                }
            }
            Request::Read { silence_max } => format!("read {silence_max:?}"),
            Request::Wait(wait) => format!("wait {wait:?}"),
        }
    }

    fn fail(&mut self, reason: Reason) -> String {
        self.tell(Answer::Failed(Error::new(reason, "no")))
    }

    fn trouble(&self) -> Option<Failure> {
        self.reflector.trouble().map(|trouble| trouble.failure)
    }
}

fn bookmark(revision: u64, initial_events_end: bool) -> Answer {
    Answer::Event(WatchEvent::Bookmark { revision: Revision(revision), initial_events_end })
}

#[test]
fn lists_by_pages_then_watches_from_the_lists_revision() {
    // LIST-06, WATCH-01: nothing is told before the last page.
    let mut script = Script::new(PAGED);
    assert_eq!(script.wants(), "list 2 from \"the start\"");
    let page = Script::page(vec![script.object("a", 1), script.object("b", 2)], 9, Some("b+"));
    assert_eq!(script.tell(page), "-");
    assert_eq!(script.wants(), "list 2 from \"b+\"");
    let page = Script::page(vec![script.object("c", 3)], 9, None);
    assert_eq!(script.tell(page), "replace [a b c] @9");
    assert_eq!(script.wants(), "watch after 9");
}

#[test]
fn streams_what_is_there_up_to_the_marked_bookmark() {
    // WATCH-06: other bookmarks do not end it, and changes meanwhile belong to it.
    let mut script = Script::new(STREAMED);
    assert_eq!(script.wants(), "stream 0");
    script.tell(Answer::Opened);
    assert_eq!(script.wants(), "read 30s");
    for answer in [script.added("a", 1), script.added("b", 2), bookmark(3, false), script.deleted("a", 4)] {
        assert_eq!(script.tell(answer), "-");
    }
    assert_eq!(script.tell(bookmark(5, true)), "replace [b] @5");
    assert_eq!(script.tell(script.modified("b", 6)), "~b @6");
}

#[test]
fn falls_back_to_pages_where_streams_are_refused() {
    // WATCH-07
    for reason in [Reason::Invalid, Reason::BadRequest, Reason::MethodNotAllowed] {
        let mut script = Script::new(STREAMED);
        script.fail(reason);
        assert_eq!(script.wants(), "list 2 from \"the start\"", "{reason:?}");
        script.tell(Script::page(vec![], 9, None));
        script.tell(Answer::Opened);
        script.fail(Reason::Expired);
        script.tell(Answer::Waited);
        assert_eq!(script.wants(), "list 2 from \"the start\"", "and does not ask again");
    }
}

#[test]
fn falls_back_to_pages_where_streams_are_accepted_and_not_known() {
    // WATCH-07: without the marked bookmark it would wait for ever.
    let mut script = Script::new(STREAMED);
    script.tell(Answer::Opened);
    script.tell(script.added("a", 1));
    assert_eq!(script.tell(Answer::Silent), "-");
    assert_eq!(script.wants(), "list 2 from \"the start\"");
}

#[test]
fn passes_on_changes_and_resumes_after_the_last_one() {
    let mut script = Script::following(PAGED, 9);
    assert_eq!(script.tell(script.added("a", 10)), "+a @10");
    assert_eq!(script.tell(script.modified("a", 11)), "~a @11");
    assert_eq!(script.tell(script.deleted("a", 12)), "-a @12");
    assert_eq!(script.tell(Answer::Ended), "-");
    assert_eq!(script.wants(), "watch after 12");
    assert_eq!(script.trouble(), None, "a clean end is no failure");
}

#[test]
fn bookmarks_count() {
    // WATCH-05: a quiet kind does not fall behind what is kept.
    let mut script = Script::following(STREAMED, 9);
    assert_eq!(script.tell(bookmark(20, false)), "reached @20");
    script.tell(Answer::Ended);
    assert_eq!(script.wants(), "watch after 20");
}

#[test]
fn what_was_told_before_is_not_told_again() {
    // INV-IN-01
    let mut script = Script::following(PAGED, 9);
    script.tell(script.added("a", 10));
    assert_eq!(script.tell(script.added("a", 10)), "-");
    assert_eq!(script.tell(script.modified("a", 8)), "-");
    assert_eq!(script.tell(bookmark(10, false)), "-");
}

#[test]
fn what_follows_each_failure() {
    // (fill, phase, failure, what it means, what follows the wait)
    let first = "list 2 from \"the start\"";
    let rows = [
        (PAGED, "start", Reason::ServiceUnavailable, Failure::Transient, first),
        (PAGED, "start", Reason::Forbidden, Failure::Refused, first),
        (PAGED, "start", Reason::NotFound, Failure::Refused, first),
        (PAGED, "follow", Reason::Expired, Failure::Expired, first),
        (PAGED, "follow", Reason::Gone, Failure::Expired, first),
        (PAGED, "follow", Reason::InternalError, Failure::Transient, "watch after 9"),
        (PAGED, "follow", Reason::TooManyRequests, Failure::Transient, "watch after 9"),
        (PAGED, "follow", Reason::Forbidden, Failure::Refused, "watch after 9"),
        (STREAMED, "start", Reason::Forbidden, Failure::Refused, "stream 0"),
        (STREAMED, "start", Reason::Timeout, Failure::Transient, "stream 0"),
        (STREAMED, "follow", Reason::Expired, Failure::Expired, "stream 9"),
        (STREAMED, "follow", Reason::ServerTimeout, Failure::Transient, "watch after 9"),
    ];
    for (fill, phase, reason, failure, next) in rows {
        let mut script = if phase == "start" { Script::new(fill) } else { Script::following(fill, 9) };
        assert_eq!(script.fail(reason), "-");
        assert_eq!(script.trouble(), Some(failure), "{reason:?}");
        assert_eq!(script.wants(), "wait 800ms", "{reason:?}");
        script.tell(Answer::Waited);
        assert_eq!(script.wants(), next, "{fill:?} {phase} {reason:?}");
    }
}

#[test]
fn waits_double_up_to_a_cap_and_begin_anew_after_a_healthy_time() {
    // INV-IN-08
    let mut script = Script::new(PAGED);
    let mut waits = Vec::new();
    for _ in 0..8 {
        script.fail(Reason::ServiceUnavailable);
        waits.push(script.wants());
        script.tell(Answer::Waited);
    }
    let expected = ["800ms", "1.6s", "3.2s", "6.4s", "12.8s", "25.6s", "30s", "30s"];
    assert_eq!(waits, expected.map(|wait| format!("wait {wait}")));
    script.now += Duration::from_secs(121);
    script.fail(Reason::ServiceUnavailable);
    assert_eq!(script.wants(), "wait 800ms");
    assert_eq!(backoff(u32::MAX), WAIT_MAX);
}

#[test]
fn advice_when_to_come_back_is_taken() {
    let mut script = Script::new(PAGED);
    let error = Error::new(Reason::TooManyRequests, "later").with_retry_after(7);
    script.tell(Answer::Failed(error));
    assert_eq!(script.wants(), "wait 7s");
}

#[test]
fn a_watch_that_ends_at_once_is_a_failure() {
    // WATCH-13: a store that closes every watch is not asked without a pause.
    let mut script = Script::following(PAGED, 9);
    script.tell(Answer::Ended);
    assert_eq!(script.wants(), "wait 800ms");
    let mut script = Script::following(PAGED, 9);
    script.now += Duration::from_secs(1);
    script.tell(Answer::Ended);
    assert_eq!(script.wants(), "watch after 9");
}

#[test]
fn a_silent_watch_is_opened_again() {
    let mut script = Script::following(PAGED, 9);
    script.tell(Answer::Silent);
    assert_eq!(script.wants(), "watch after 9");
}

#[test]
fn a_list_that_expires_between_pages_begins_anew_in_one_piece() {
    // LIST-07: what the fresh token gives would be a mixture of two states.
    let mut script = Script::new(PAGED);
    script.tell(Script::page(vec![script.object("a", 1)], 9, Some("a+")));
    script.tell(Answer::Failed(Error::expired("too old").with_continue("fresh")));
    script.tell(Answer::Waited);
    assert_eq!(script.wants(), "list all from \"the start\"");
    assert_eq!(script.tell(Script::page(vec![script.object("b", 10)], 11, None)), "replace [b] @11");
    script.tell(Answer::Opened);
    script.fail(Reason::Expired);
    script.tell(Answer::Waited);
    assert_eq!(script.wants(), "list 2 from \"the start\"", "the next one is paged again");
}

#[test]
fn a_failed_list_is_no_empty_list() {
    // INV-IN-10
    let mut script = Script::new(PAGED);
    script.tell(Script::page(vec![script.object("a", 1)], 9, Some("a+")));
    assert_eq!(script.fail(Reason::InternalError), "-");
    let mut script = Script::new(STREAMED);
    script.tell(Answer::Opened);
    script.tell(script.added("a", 1));
    assert_eq!(script.tell(Answer::Ended), "-");
    script.tell(Answer::Waited);
    assert_eq!(script.wants(), "stream 0");
}

#[test]
fn an_older_state_is_not_believed_until_it_stays() {
    // INV-IN-01, and a store that was restored from a backup.
    let mut script = Script::following(PAGED, 9);
    script.fail(Reason::Expired);
    for _ in 0..5 {
        script.tell(Answer::Waited);
        assert_eq!(script.tell(Script::page(vec![], 7, None)), "-");
        assert!(script.trouble().is_some());
    }
    script.tell(Answer::Waited);
    assert_eq!(script.tell(Script::page(vec![], 7, None)), "replace [] @7");
    assert_eq!(script.wants(), "watch after 7");
}

#[test]
fn a_store_that_is_behind_is_asked_again_and_believed_at_last() {
    // LIST-05, WATCH-09
    let mut script = Script::following(STREAMED, 9);
    script.fail(Reason::Expired);
    for _ in 0..5 {
        script.tell(Answer::Waited);
        assert_eq!(script.wants(), "stream 9");
        let error = Error::new(Reason::Timeout, "too large").with_cause("ResourceVersionTooLarge", "", "");
        script.tell(Answer::Failed(error));
    }
    script.tell(Answer::Waited);
    assert_eq!(script.wants(), "stream 0");
}

#[test]
fn trouble_is_over_when_something_is_heard() {
    let mut script = Script::following(PAGED, 9);
    script.fail(Reason::Forbidden);
    script.tell(Answer::Waited);
    script.tell(Answer::Opened);
    assert_eq!(script.trouble(), Some(Failure::Refused), "an open watch alone proves nothing");
    script.tell(bookmark(10, false));
    assert_eq!(script.trouble(), None);
}

#[test]
fn answers_that_fit_no_request_are_passed_over() {
    let mut script = Script::new(PAGED);
    for answer in [Answer::Opened, Answer::Ended, Answer::Silent, Answer::Waited, bookmark(3, true)] {
        assert_eq!(script.tell(answer), "-");
        assert_eq!(script.wants(), "list 2 from \"the start\"");
    }
}
