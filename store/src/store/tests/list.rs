use serde_json::json;
use setpoint_core::Reason;
use setpoint_core::object::Revision;

use super::bench::{Bench, NAMESPACE, labelled, map, names, pod, with};
use crate::ObjectStore;
use crate::engine::Engine;
use crate::request::{ListQuery, ReadAt};

#[test]
fn lists_are_ordered_and_have_the_revision_of_the_store() {
    // LIST-01, STORE-31
    let bench = Bench::new();
    let empty = bench.list(&ListQuery::new(bench.all("configmap"))).expect("it is a kind");
    assert_eq!((empty.items.len(), empty.revision), (0, bench.revision()));
    bench.run(bench.store.ensure_namespace("a-first")).expect("it is new");
    for (namespace, name) in [(NAMESPACE, "b"), ("a-first", "z"), (NAMESPACE, "a"), (NAMESPACE, "a-b")] {
        bench.create(with(map(name), "namespace", json!(namespace)));
    }
    bench.create(pod("p"));
    let list = bench.list(&ListQuery::new(bench.all("configmap"))).expect("it is a kind");
    assert_eq!(names(&list), ["z", "a", "a-b", "b"]);
    assert_eq!(list.revision, bench.revision());
    let mut selection = bench.all("configmap");
    selection.namespace = Some("none".into());
    assert!(bench.list(&ListQuery::new(selection)).expect("LIST-15").items.is_empty());
}

fn four(bench: &Bench) {
    for name in ["a", "b", "c", "d"] {
        bench.create(map(name));
    }
}

#[test]
fn pages_show_one_snapshot() {
    // LIST-06, LIST-08
    let bench = Bench::new();
    four(&bench);
    let query = ListQuery { limit: Some(2), ..ListQuery::new(bench.all("configmap")) };
    let first = bench.list(&query).expect("it is a kind");
    assert_eq!((names(&first), first.remaining), (vec!["a".to_owned(), "b".to_owned()], Some(2)));
    bench.create(map("bb"));
    bench.delete("configmap", "d", Default::default()).expect("it is there");
    let next = ListQuery { continue_token: first.continue_token.clone(), ..query.clone() };
    let second = bench.list(&next).expect("the token is good");
    assert_eq!((names(&second), second.revision), (vec!["c".to_owned(), "d".to_owned()], first.revision));
    assert_eq!((second.continue_token, second.remaining), (None, None));
    let both = ListQuery { at: ReadAt::NotOlderThan(Revision(5)), ..next };
    let error = bench.list(&both).expect_err("it is one or the other");
    assert_eq!(error.message(), "specifying resource version is not allowed when using continue");
}

#[test]
fn pages_hold_so_many_that_match() {
    // LIST-06, LIST-08
    let bench = Bench::new();
    for at in 0..9 {
        bench.create(labelled(&format!("m{at}"), json!({"app": if at % 3 == 0 { "x" } else { "y" }})));
    }
    let query = ListQuery { limit: Some(2), ..ListQuery::new(bench.selected("configmap", "app=x", "")) };
    let first = bench.list(&query).expect("it is a kind");
    assert_eq!((names(&first), first.remaining), (vec!["m0".to_owned(), "m3".to_owned()], None));
    let next = ListQuery { continue_token: first.continue_token, ..query };
    let last = bench.list(&next).expect("the token is good");
    assert_eq!((names(&last), last.continue_token), (vec!["m6".to_owned()], None));
}

#[test]
fn an_expired_token_gives_another_that_goes_on_from_there() {
    // LIST-07
    let bench = Bench::new();
    four(&bench);
    let query = ListQuery { limit: Some(1), ..ListQuery::new(bench.all("configmap")) };
    let token = |list: crate::request::ObjectList| list.continue_token.expect("there is more");
    let first = token(bench.list(&query).expect("it is a kind"));
    // As many other lists are paged through as are kept, and the history is cut.
    for at in 0..20 {
        bench.create(map(&format!("x{at}")));
        bench.list(&query).expect("it is a kind");
    }
    bench.store.engine().compact(bench.revision());
    let next = |token: String| bench.list(&ListQuery { continue_token: Some(token), ..query.clone() });
    let error = next(first).expect_err("it is too old");
    assert_eq!((error.reason(), error.code()), (Reason::Expired, 410));
    let fresh = error.continue_token().expect("there is a way on").to_owned();
    let list = next(fresh).expect("it begins anew from there");
    assert_eq!((names(&list), list.revision), (vec!["b".to_owned()], bench.revision()));
    assert_eq!(next("garbage".to_owned()).expect_err("it is none").reason(), Reason::BadRequest);
}

#[test]
fn any_revision_means_all_at_once() {
    // LIST-02
    let bench = Bench::new();
    four(&bench);
    let query = ListQuery { limit: Some(1), at: ReadAt::Any, ..ListQuery::new(bench.all("configmap")) };
    let list = bench.list(&query).expect("it is a kind");
    assert_eq!((list.items.len(), list.continue_token), (4, None));
}

#[test]
fn a_revision_is_a_bound_or_exact() {
    // LIST-03, LIST-04, LIST-05, LIST-14
    let bench = Bench::with_history(4);
    four(&bench);
    let then = bench.revision();
    bench.create(map("e"));
    let at = |at: ReadAt, limit: Option<usize>| {
        bench.list(&ListQuery { at, limit, ..ListQuery::new(bench.all("configmap")) })
    };
    assert_eq!(at(ReadAt::NotOlderThan(then), None).expect("it is past").items.len(), 5);
    let exact = at(ReadAt::Exactly(then), None).expect("it is kept");
    assert_eq!((exact.items.len(), exact.revision), (4, then));
    assert_eq!(at(ReadAt::NotOlderThan(then), Some(9)).expect("with a limit it is exact").items.len(), 4);
    for at_name in ["f", "g", "h", "i", "j"] {
        bench.create(map(at_name));
    }
    assert_eq!(at(ReadAt::Exactly(then), None).expect_err("it is forgotten").reason(), Reason::Expired);
    let future = bench.revision().next();
    let before = bench.env.now();
    let error = at(ReadAt::NotOlderThan(future), None).expect_err("it does not come");
    assert_eq!(error.reason(), Reason::Timeout);
    assert!(error.has_cause("ResourceVersionTooLarge"));
    assert_eq!((error.code(), error.details().retry_after_seconds), (504, 1));
    assert_eq!((bench.env.now() - before).as_secs(), 3);
    let get = |at| bench.run(bench.store.get(&bench.context, &bench.key("configmap", "a"), at));
    assert!(get(ReadAt::NotOlderThan(then)).is_ok());
    assert!(get(ReadAt::Any).is_ok());
    assert_eq!(get(ReadAt::NotOlderThan(future)).expect_err("it does not come").reason(), Reason::Timeout);
}

#[test]
fn a_read_waits_for_a_revision_that_comes() {
    // LIST-05, LIST-14
    let bench = Bench::new();
    let future = bench.revision().next();
    let store = bench.store.clone();
    let (env, context, draft) = (bench.env.clone(), bench.context.clone(), bench.draft(map("a")));
    let _writer = bench.env.spawn("writer", async move {
        env.sleep(std::time::Duration::from_secs(1)).await;
        crate::ObjectStoreExt::create(&store, &context, draft).await
    });
    let query = ListQuery { at: ReadAt::NotOlderThan(future), ..ListQuery::new(bench.all("configmap")) };
    assert_eq!(names(&bench.list(&query).expect("it comes")), ["a"]);
}

#[test]
fn labels_select() {
    // LIST-10
    let bench = Bench::new();
    bench.create(labelled("a", json!({"app": "x", "tier": "f"})));
    bench.create(labelled("b", json!({"app": "y"})));
    bench.create(map("c"));
    let cases: [(&str, &[&str]); 9] = [
        ("", &["a", "b", "c"]),
        ("app=x", &["a"]),
        ("app==x", &["a"]),
        ("app!=x", &["b", "c"]),
        ("app in (x,y)", &["a", "b"]),
        ("app notin (x)", &["b", "c"]),
        ("tier", &["a"]),
        ("!tier", &["b", "c"]),
        ("app=x,tier=g", &[]),
    ];
    for (selector, expected) in cases {
        let list = bench.list(&ListQuery::new(bench.selected("configmap", selector, "")));
        assert_eq!(names(&list.expect(selector)), expected, "{selector}");
    }
}

#[test]
fn fields_select_where_a_kind_declares_them() {
    // LIST-11, LIST-12, LIST-13
    let bench = Bench::new();
    for name in ["a", "b"] {
        bench.create(pod(name));
    }
    let list = |kind: &str, fields: &str| bench.list(&ListQuery::new(bench.selected(kind, "", fields)));
    let cases: [(&str, &[&str]); 7] = [
        ("metadata.name=a", &["a"]),
        ("metadata.name=none", &[]),
        ("metadata.name!=a", &["b"]),
        ("metadata.namespace=default", &["a", "b"]),
        ("spec.nodeName=", &["a", "b"]),
        ("status.phase==Pending,metadata.name=b", &["b"]),
        ("status.phase!=Pending", &[]),
    ];
    for (fields, expected) in cases {
        assert_eq!(names(&list("pod", fields).expect(fields)), expected, "{fields}");
    }
    let unknown = [
        ("pod", "spec.foo", "field label not supported"),
        ("configmap", "data.k", "is not a known field selector"),
        ("deployment", "spec.replicas", "is not a known field selector"),
    ];
    for (kind, field, words) in unknown {
        let error = list(kind, &format!("{field}=1")).expect_err(field);
        assert_eq!(error.reason(), Reason::BadRequest);
        assert!(error.message().contains(words), "{error}");
    }
}
