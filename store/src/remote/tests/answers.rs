use std::time::Duration;

use setpoint_core::env::Env;
use setpoint_core::kind::{KindId, Subresource};
use setpoint_core::object::{Draft, Key, Revision};
use setpoint_core::{Error, Reason, Result};

use super::server::{Answer, Server, map, status};
use crate::object_store::{ObjectStore, ObjectStoreExt};
use crate::remote::limits::{ATTEMPTS_MAX, PAGE_MAX, REQUEST_TIME_MAX};
use crate::remote::{Client, Remote};
use crate::request::{
    DeleteOptions, Eviction, ListQuery, Outcome, ReadAt, RequestContext, Selection, Write, Written,
};

fn kind(store: &Remote, name: &str) -> KindId {
    store.registry().find(name, "v1").expect("a built-in kind").id
}

async fn get(store: &Remote) -> Result<Revision> {
    let key = Key::namespaced(kind(store, "ConfigMap"), "a", "x");
    store.get(&RequestContext::system("test"), &key, ReadAt::Newest).await.map(|object| object.revision())
}

async fn create(store: &Remote) -> Result<Written> {
    let maps = store.registry().find("ConfigMap", "v1").expect("a built-in kind");
    let body = serde_json::json!({"metadata": {"name": "x", "namespace": "a"}});
    let draft = Draft::from_value(maps, body).expect("it fits");
    store.write(&RequestContext::system("test"), Write::Create(draft)).await
}

fn throttled() -> Answer {
    Answer::Whole(429, Some(2), status(429, "TooManyRequests"))
}

#[tokio::test(start_paused = true)]
async fn who_is_told_to_come_back_does_so() {
    // ERR-06
    let env = Env::tokio();
    let server = Server::new([throttled(), throttled(), Answer::Whole(201, None, map("x", 7))]);
    let before = env.now();
    let written = create(&server.store(&env)).await.expect("the third time");
    assert_eq!((written.object.revision(), written.outcome), (Revision(7), Outcome::Created));
    assert_eq!(server.asked().len(), 3);
    assert!(env.now() - before >= Duration::from_secs(4), "as long as it was told");
    let server = Server::new((0..20).map(|_| throttled()));
    let refused = create(&server.store(&env)).await.expect_err("it is always too much");
    assert_eq!((refused.reason(), refused.details().retry_after_seconds), (Reason::TooManyRequests, 2));
    assert_eq!(server.asked().len(), ATTEMPTS_MAX as usize);
}

#[tokio::test(start_paused = true)]
async fn an_eviction_is_told_that_it_came_too_early() {
    let env = Env::tokio();
    let pod = map("x", 7).replace("ConfigMap", "Pod").replace(r#","data":{"text":"x"}"#, "");
    let server = Server::new([Answer::Whole(200, None, pod), throttled()]);
    let store = server.store(&env);
    let pod = Key::namespaced(kind(&store, "Pod"), "a", "x");
    let evict = Write::Evict(Eviction { pod, options: DeleteOptions::default() });
    let refused = store.write(&RequestContext::system("test"), evict).await.expect_err("it is refused");
    assert_eq!(refused.reason(), Reason::TooManyRequests);
    assert_eq!(server.asked().len(), 2, "and is not tried again here");
}

#[tokio::test(start_paused = true)]
async fn a_lost_read_is_repeated_and_a_lost_write_is_not() {
    let env = Env::tokio();
    let server = Server::new([Answer::Lost, Answer::Lost, Answer::Whole(200, None, map("x", 7))]);
    assert_eq!(get(&server.store(&env)).await, Ok(Revision(7)));
    let server = Server::new([Answer::Lost, Answer::Whole(201, None, map("x", 7))]);
    let lost = create(&server.store(&env)).await.expect_err("nobody knows");
    assert!(lost.is_outcome_unknown(), "{lost:?}");
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn answers_that_cannot_be_read_leave_a_write_unknown() {
    let env = Env::tokio();
    for answer in ["", "{", r#"{"kind":"ConfigMap"}"#, r#"{"metadata":{"name":"x"}}"#, "\u{0}"] {
        let server = Server::new([Answer::Whole(201, None, answer.to_owned())]);
        let unread = create(&server.store(&env)).await.expect_err("that is no object");
        assert!(unread.is_outcome_unknown(), "{answer:?} {unread:?}");
        let server = Server::new([Answer::Whole(200, None, answer.to_owned())]);
        let unread = get(&server.store(&env)).await.expect_err("that is no object");
        assert!(!unread.is_outcome_unknown() && unread.is_retryable(), "{answer:?} {unread:?}");
    }
    let cut = Answer::Parts(vec![r#"{"kind":"#], super::server::End::Cut);
    let unread = create(&Server::new([cut]).store(&env)).await.expect_err("it broke off");
    assert!(unread.is_outcome_unknown(), "{unread:?}");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_waited_for_past_its_deadline() {
    let env = Env::tokio();
    let server = Server::new([Answer::Silence]);
    let before = env.now();
    let late = create(&server.store(&env)).await.expect_err("there is no answer");
    assert!(late.is_outcome_unknown() && late.reason() == Reason::Timeout, "{late:?}");
    assert_eq!(env.now() - before, REQUEST_TIME_MAX);
    let server = Server::new([throttled(), Answer::Whole(200, None, map("x", 7))]);
    let store = server.store(&env);
    let key = Key::namespaced(kind(&store, "ConfigMap"), "a", "x");
    let deadline = Some(env.now() + Duration::from_secs(1));
    let context = RequestContext { deadline, ..RequestContext::system("test") };
    let refused = store.get(&context, &key, ReadAt::Newest).await.expect_err("two seconds are too long");
    assert_eq!((refused.reason(), server.asked().len()), (Reason::TooManyRequests, 1));
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_are_had_anew_once() {
    let env = Env::tokio();
    let unauthorized = || Answer::Whole(401, None, status(401, "Unauthorized"));
    let fresh = Server::new([Answer::Whole(201, None, map("x", 7)), unauthorized(), unauthorized()]);
    let stale = Server::new([unauthorized()]);
    let clients = [fresh.client(), fresh.client(), stale.client()];
    let clients = std::sync::Arc::new(parking_lot::Mutex::new(clients.to_vec()));
    let connect = move || {
        let client = clients.lock().pop();
        async move {
            client.ok_or_else(|| Error::new(Reason::Unauthorized, "there are no others")) as Result<Client>
        }
    };
    let store = Remote::renewed_by(&env, connect).await.expect("there is a client");
    assert_eq!(create(&store).await.map(|written| written.object.revision()), Ok(Revision(7)));
    assert_eq!((stale.asked().len(), fresh.asked().len()), (1, 1));
    let refused = create(&store).await.expect_err("the others are refused too");
    assert_eq!((refused.reason(), fresh.asked().len()), (Reason::Unauthorized, 3));
    let alone = Server::new([unauthorized()]);
    let refused = get(&alone.store(&env)).await.expect_err("there is nothing else to show");
    assert_eq!((refused.reason(), alone.asked().len()), (Reason::Unauthorized, 1));
}

#[tokio::test(start_paused = true)]
async fn a_list_whose_token_expires_is_read_in_one_piece() {
    // LIST-07
    let env = Env::tokio();
    let list = |token: &str, revision: u64, names: &[&str]| {
        let items: Vec<String> = names.iter().map(|name| map(name, 1)).collect();
        let items = items.join(",");
        let text = format!(
            r#"{{"metadata":{{"resourceVersion":"{revision}","continue":"{token}"}},"items":[{items}]}}"#
        );
        Answer::Whole(200, None, text)
    };
    let gone = Answer::Whole(410, None, status(410, "Expired"));
    let server = Server::new([list("t", 5, &["a"]), gone, list("", 9, &["a", "b"])]);
    let store = server.store(&env);
    let query = ListQuery::new(Selection::namespace(kind(&store, "ConfigMap"), "a"));
    let read = store.list(&RequestContext::system("test"), &query).await.expect("it can be read");
    assert_eq!((read.items.len(), read.revision), (2, Revision(9)));
    let path = "GET /api/v1/namespaces/a/configmaps";
    let expected =
        [format!("{path}?limit={PAGE_MAX}"), format!("{path}?limit={PAGE_MAX}&continue=t"), path.to_owned()];
    assert_eq!(server.asked(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_deletion_is_bound_to_what_was_read() {
    let env = Env::tokio();
    let conflict = || Answer::Whole(409, None, status(409, "Conflict"));
    let done = r#"{"kind":"Status","apiVersion":"v1","status":"Success"}"#.to_owned();
    let read = |revision| Answer::Whole(200, None, map("x", revision));
    let server = Server::new([read(5), conflict(), read(8), Answer::Whole(200, None, done)]);
    let store = server.store(&env);
    let (context, key) =
        (RequestContext::system("test"), Key::namespaced(kind(&store, "ConfigMap"), "a", "x"));
    let written = store.delete(&context, &key, DeleteOptions::default()).await.expect("it is deleted");
    assert_eq!((written.outcome, written.object.revision()), (Outcome::Deleted, Revision(9)));
    assert_eq!(server.asked().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn what_is_unchanged_is_known_by_its_version() {
    let env = Env::tokio();
    let warned = Answer::Whole(200, None, map("x", 7));
    let server =
        Server::new([Answer::Whole(200, None, map("x", 7)), warned, Answer::Whole(200, None, map("x", 8))]);
    let store = server.store(&env);
    let (context, key) =
        (RequestContext::system("test"), Key::namespaced(kind(&store, "ConfigMap"), "a", "x"));
    let object = store.get(&context, &key, ReadAt::Newest).await.expect("it is there");
    for expected in [Outcome::Unchanged, Outcome::Updated] {
        let write = Write::Update(Draft::of(&object), Subresource::Main);
        assert_eq!(store.write(&context, write).await.expect("it is the newest").outcome, expected);
    }
    assert_eq!(server.asked()[1], "PUT /api/v1/namespaces/a/configmaps/x?fieldManager=test");
}
