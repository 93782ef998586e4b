use std::time::Duration;

use futures::StreamExt;
use setpoint_core::env::Env;
use setpoint_core::object::Revision;

use super::server::{Answer, End, Server, status};
use crate::object_store::{ObjectStore, WatchStream};
use crate::remote::Remote;
use crate::remote::limits::{RESUMES_MAX, WATCH_SILENCE_MAX};
use crate::request::{RequestContext, Selection, WatchFrom, WatchQuery};

const ADDED_6: &str = concat!(
    r#"{"type":"ADDED","object":{"metadata":{"name":"a","namespace":"a","resourceVersion":"6"}}}"#,
    "\n"
);
const MODIFIED_7: &str = concat!(
    r#"{"type":"MODIFIED","object":{"metadata":{"name":"a","namespace":"a","resourceVersion":"7"}}}"#,
    "\n"
);
const DELETED_8: &str = concat!(
    r#"{"type":"DELETED","object":{"metadata":{"name":"a","namespace":"a","resourceVersion":"8"}}}"#,
    "\n"
);
const BOOKMARK_7: &str =
    concat!(r#"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"7"}}}"#, "\n");
const INITIAL_END_7: &str = concat!(
    r#"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"7","annotations":{"k8s.io/initial-events-end":"true"}}}}"#,
    "\n"
);
const GONE: &str = concat!(
    r#"{"type":"ERROR","object":{"kind":"Status","status":"Failure","message":"too old","reason":"Expired","code":410}}"#,
    "\n"
);

async fn watch(store: &Remote, from: WatchFrom, bookmarks: bool) -> WatchStream {
    let kind = store.registry().find("ConfigMap", "v1").expect("a built-in kind").id;
    let query = WatchQuery { selection: Selection::namespace(kind, "a"), from, bookmarks };
    store.watch(&RequestContext::system("test"), &query).await.expect("it is opened")
}

async fn after(server: &Server, env: &Env, revision: u64) -> WatchStream {
    watch(&server.store(env), WatchFrom::After(Revision(revision)), false).await
}

/// The revisions that are told, until the end; 0 for an error.
async fn revisions(events: WatchStream) -> Vec<u64> {
    events.map(|event| event.map_or(0, |event| event.revision().0)).collect().await
}

/// The revisions that were resumed from.
fn resumed(server: &Server) -> Vec<String> {
    let from =
        |asked: &String| asked.rsplit_once("resourceVersion=").map(|(_, revision)| revision.to_owned());
    server.asked().iter().map(|asked| from(asked).unwrap_or_default()).collect()
}

fn gone() -> Answer {
    Answer::Parts(vec![GONE], End::Clean)
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_is_cut_in_an_event_goes_on_before_it() {
    // WATCH-01, WATCH-11
    let env = Env::tokio();
    let (half, rest) = MODIFIED_7.split_at(30);
    let server = Server::new([
        Answer::Parts(vec![ADDED_6, half], End::Cut),
        Answer::Parts(vec![half, rest, DELETED_8], End::Clean),
        gone(),
    ]);
    assert_eq!(
        revisions(after(&server, &env, 5).await).await,
        [6, 7, 8, 0],
        "nothing is missed and nothing told twice"
    );
    assert_eq!(resumed(&server), ["5", "6", "8"]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_repeats_itself_is_not_believed() {
    let env = Env::tokio();
    let server = Server::new([
        Answer::Parts(vec![ADDED_6, MODIFIED_7], End::Clean),
        Answer::Parts(vec![ADDED_6, MODIFIED_7, DELETED_8], End::Clean),
        gone(),
    ]);
    assert_eq!(revisions(after(&server, &env, 5).await).await, [6, 7, 8, 0]);
}

#[tokio::test(start_paused = true)]
async fn bookmarks_are_gone_on_from_though_nobody_asked_for_them() {
    // WATCH-05
    let env = Env::tokio();
    let server = Server::new([
        Answer::Parts(vec![ADDED_6, BOOKMARK_7], End::Cut),
        Answer::Parts(vec![DELETED_8, GONE], End::Clean),
    ]);
    assert_eq!(revisions(after(&server, &env, 5).await).await, [6, 8, 0]);
    assert_eq!(resumed(&server), ["5", "7"]);
}

#[tokio::test(start_paused = true)]
async fn expired_is_the_last_that_is_told() {
    // WATCH-08
    let env = Env::tokio();
    for end in [gone(), Answer::Whole(410, None, status(410, "Expired"))] {
        let server = Server::new([Answer::Parts(vec![ADDED_6], End::Cut), end]);
        let events: Vec<_> = after(&server, &env, 5).await.collect().await;
        assert_eq!(events.len(), 2);
        assert!(events[1].as_ref().is_err_and(setpoint_core::Error::is_expired));
    }
    let server = Server::new([Answer::Whole(410, None, status(410, "Gone"))]);
    let kind = server.store(&env).registry().find("ConfigMap", "v1").expect("a built-in kind").id;
    let query = WatchQuery::after(Selection::all(kind), Revision(5));
    let refused = server.store(&env).watch(&RequestContext::system("test"), &query).await;
    assert!(refused.is_err_and(|error| error.is_expired()));
}

#[tokio::test(start_paused = true)]
async fn a_silent_connection_is_taken_for_dead() {
    let env = Env::tokio();
    let server = Server::new([
        Answer::Parts(vec![ADDED_6], End::Never),
        Answer::Parts(vec![MODIFIED_7, GONE], End::Clean),
    ]);
    let before = env.now();
    assert_eq!(revisions(after(&server, &env, 5).await).await, [6, 7, 0]);
    assert!(env.now() - before >= WATCH_SILENCE_MAX);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stays_away_is_left_to_the_reader() {
    let env = Env::tokio();
    let lost = (0..100).map(|_| Answer::Lost);
    let server = Server::new([Answer::Parts(vec![ADDED_6], End::Cut)].into_iter().chain(lost));
    assert_eq!(revisions(after(&server, &env, 5).await).await, [6], "the end is clean");
    let ends = (0..100).map(|_| Answer::Parts(vec![], End::Clean));
    let server = Server::new(ends);
    assert!(revisions(after(&server, &env, 5).await).await.is_empty());
    assert_eq!(server.asked().len(), 1 + RESUMES_MAX as usize);
}

#[tokio::test(start_paused = true)]
async fn a_beginning_is_not_gone_on_with_in_its_middle() {
    // WATCH-06, INV-IN-10
    let env = Env::tokio();
    let from = WatchFrom::InitialEvents(Revision::ZERO);
    let server =
        Server::new([Answer::Parts(vec![ADDED_6], End::Cut), Answer::Parts(vec![MODIFIED_7], End::Never)]);
    assert_eq!(revisions(watch(&server.store(&env), from, true).await).await, [6]);
    let server = Server::new([
        Answer::Parts(vec![ADDED_6, INITIAL_END_7], End::Cut),
        Answer::Parts(vec![DELETED_8, GONE], End::Clean),
    ]);
    assert_eq!(revisions(watch(&server.store(&env), from, true).await).await, [6, 7, 8, 0]);
    assert!(
        server.asked()[0].ends_with("&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"),
        "{:?}",
        server.asked()
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_no_event_ends_a_watch() {
    let env = Env::tokio();
    for line in ["\n", "{}\n", "nonsense\n", "{\"type\":\"OTHER\",\"object\":{}}\n"] {
        let server = Server::new([Answer::Parts(vec![line, ADDED_6], End::Clean)]);
        assert_eq!(revisions(after(&server, &env, 5).await).await, [0], "{line:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn credentials_that_are_refused_are_told() {
    let env = Env::tokio();
    let refused = Answer::Whole(401, None, status(401, "Unauthorized"));
    let server = Server::new([Answer::Parts(vec![ADDED_6], End::Cut), refused]);
    let events: Vec<_> = after(&server, &env, 5).await.collect().await;
    assert!(matches!(&events[..], [Ok(_), Err(error)] if error.code() == 401), "{events:?}");
}

#[tokio::test(start_paused = true)]
async fn an_event_has_a_limit() {
    use kube::client::Body;

    use crate::remote::lines::{Lines, LinesEnd};

    let lines = |text: &'static str| Lines::of(Body::from(text.as_bytes().to_vec())).with_line_bytes_max(4);
    let mut fits = lines("abcd\nab");
    assert_eq!(fits.next().await.expect("four bytes"), "abcd");
    assert!(matches!(fits.next().await, Err(LinesEnd::Ended)), "without its end it is no line");
    assert!(matches!(lines("abcdef").next().await, Err(LinesEnd::TooLong(4))));
    tokio::task::yield_now().await;
    assert!(Env::tokio().now().since_start() < Duration::from_secs(1));
}
