use std::sync::Arc;

use serde_json::json;
use setpoint_core::env::Instant;
use setpoint_core::kind::{KindId, Registry};
use setpoint_core::object::{Draft, Key, Object, ObjectRef, Revision};
use setpoint_store::request::{DeleteOptions, Outcome, RequestContext, User, Write, Written};

use super::*;

fn key(name: &str) -> Key {
    Key::namespaced(KindId(0), "default", name)
}

fn changed(name: &str, revision: u64) -> Cause {
    Cause::Changed { object: key(name), revision: Revision(revision) }
}

fn write(history: &History, run: RunId, name: &str, revision: u64) {
    history.note(WriteRecord {
        at: Instant::START,
        user: Arc::default(),
        run: Some(run),
        object: key(name),
        verb: "update",
        answer: Ok(Revision(revision)),
    });
}

fn run(history: &History, controller: &'static str, name: &str, cause: Cause) -> RunId {
    history.woken(controller, &key(name), || cause);
    history.begin(controller, &key(name), Instant::START, || Revision(1))
}

#[test]
fn a_chain_goes_from_the_newest_write_back_to_its_first_cause() {
    let history = History::keeping(100);
    let first = run(&history, "deployments", "web", changed("web", 3));
    write(&history, first, "web-1", 4);
    let second = run(&history, "replicasets", "web-1", changed("web-1", 4));
    write(&history, second, "pod", 5);
    let why = history.why(&key("pod"));
    let chain: Vec<_> = why.steps.iter().map(|step| (step.depth, step.write.run)).collect();
    assert_eq!(chain, [(0, Some(second)), (1, Some(first))]);
    let text = why.to_string();
    assert!(text.contains("since default/web changed @3"), "{text}");
}

#[test]
fn a_circle_of_causes_ends() {
    let history = History::keeping(100);
    let one = run(&history, "one", "a", changed("b", 2));
    write(&history, one, "a", 1);
    let other = run(&history, "other", "b", changed("a", 1));
    write(&history, other, "b", 2);
    assert_eq!(history.why(&key("b")).steps.len(), 2);
}

#[test]
fn it_keeps_no_more_than_it_is_told_to() {
    let history = History::keeping(3);
    for revision in 1..10 {
        let id = run(&history, "c", "a", Cause::Reread);
        write(&history, id, "a", revision);
    }
    assert_eq!((history.runs().len(), history.writes().len()), (3, 3));
    for _ in 0..100 {
        history.woken("c", &key("a"), || Cause::Asked);
    }
    let id = run(&history, "c", "a", Cause::Asked);
    assert_eq!(history.runs().into_iter().find(|run| run.id == id).map(|run| run.causes.len()), Some(8));
}

#[test]
fn one_that_is_off_keeps_nothing() {
    let history = History::off();
    let id = run(&history, "c", "a", Cause::Reread);
    write(&history, id, "a", 1);
    assert_eq!((id, history.why(&key("a")).steps.len()), (RunId::default(), 0));
}

fn by_user(history: &History, name: &str, verb: &'static str, revision: u64) {
    let user = Arc::new(User { name: "ann".to_owned(), ..User::default() });
    let answer = Ok(Revision(revision));
    history.note(WriteRecord { at: Instant::START, user, run: None, object: key(name), verb, answer });
}

fn chain(history: &History, name: &str) -> Vec<(usize, u64)> {
    let why = history.why(&key(name));
    let step = |step: &WhyStep| (step.depth, step.write.answer.as_ref().map_or(0, |revision| revision.0));
    why.steps.iter().map(step).collect()
}

#[test]
fn what_a_run_wrote_is_known_once_whoever_else_noted_it() {
    let history = History::keeping(100);
    let id = run(&history, "c", "a", Cause::Reread);
    history.note(WriteRecord {
        at: Instant::START,
        user: Arc::default(),
        run: None,
        object: key("a"),
        verb: "update",
        answer: Ok(Revision(1)),
    });
    write(&history, id, "a", 1);
    let writes = history.writes();
    assert_eq!(writes.iter().map(|write| write.run).collect::<Vec<_>>(), [Some(id)]);
    // Who is told a revision that another has made did not make it.
    by_user(&history, "b", "update", 2);
    write(&history, id, "b", 2);
    assert_eq!(history.writes().iter().map(|write| write.run).collect::<Vec<_>>(), [Some(id), None]);
}

#[test]
fn a_write_that_changed_nothing_or_is_only_tried_is_none() {
    let history = History::keeping(100);
    let maps = Registry::builtin().find("ConfigMap", "v1").expect("it is built in");
    let draft = Draft::from_value(maps, json!({"metadata": {"name": "a"}})).expect("a map");
    let object = ObjectRef::from(Object::from_draft(draft, Revision(7)));
    let context = RequestContext::system("c");
    let asked =
        |context: &RequestContext| history.asked(context, &Write::Delete(key("a"), DeleteOptions::default()));
    let answer = |outcome| Ok(Written { object: object.clone(), outcome, warnings: Vec::new() });
    history.wrote(Instant::START, RunId(1), asked(&context), &answer(Outcome::Unchanged));
    let tried = RequestContext { dry_run: true, ..context.clone() };
    history.wrote(Instant::START, RunId(1), asked(&tried), &answer(Outcome::Deleted));
    assert_eq!(history.writes(), []);
    history.wrote(Instant::START, RunId(1), asked(&context), &answer(Outcome::Terminating));
    assert_eq!(history.writes().len(), 1);
}

#[test]
fn writes_of_others_are_followed_back_to_a_run_or_a_beginning() {
    let history = History::keeping(100);
    by_user(&history, "a", "create", 1);
    by_user(&history, "a", "delete", 2);
    by_user(&history, "a", "create", 3);
    by_user(&history, "b", "create", 4);
    by_user(&history, "a", "update", 5);
    assert_eq!(chain(&history, "a"), [(0, 5), (1, 3)]);
    let id = run(&history, "c", "a", changed("b", 4));
    write(&history, id, "a", 6);
    by_user(&history, "a", "update", 7);
    assert_eq!(chain(&history, "a"), [(0, 7), (1, 6), (2, 4)]);
}

#[test]
fn a_run_that_was_asked_for_is_followed_to_who_asked() {
    let history = History::keeping(100);
    by_user(&history, "a", "create", 1);
    run(&history, "c", "a", changed("a", 1));
    run(&history, "other", "a", Cause::Reread);
    run(&history, "c", "a", Cause::Asked);
    let id = run(&history, "c", "a", Cause::Failed("no".to_owned()));
    write(&history, id, "b", 2);
    assert_eq!(chain(&history, "b"), [(0, 2), (1, 1)]);
    let text = history.why(&key("b")).to_string();
    assert!(
        text.contains("since it had failed: no") && text.contains("since default/a changed @1"),
        "{text}"
    );
    assert!(!text.contains("looked at"), "the run of another controller has nothing to do with it: {text}");
}

#[test]
fn a_look_at_everything_leads_to_what_the_object_was_then() {
    let history = History::keeping(100);
    by_user(&history, "a", "create", 1);
    let id = run(&history, "c", "a", Cause::Reread);
    by_user(&history, "a", "update", 2);
    write(&history, id, "b", 3);
    assert_eq!(chain(&history, "b"), [(0, 3), (1, 1)], "the view was @1");
}

#[test]
fn the_nearest_steps_are_kept_and_each_is_shown_below_what_it_led_to() {
    let history = History::keeping(1000);
    by_user(&history, "x", "create", 1);
    by_user(&history, "y", "create", 2);
    history.woken("c", &key("a"), || changed("x", 1));
    history.woken("c", &key("a"), || changed("y", 2));
    let id = history.begin("c", &key("a"), Instant::START, || Revision(2));
    write(&history, id, "a", 3);
    assert_eq!(chain(&history, "a"), [(0, 3), (1, 1), (1, 2)]);
    for revision in 4..200 {
        let id = run(&history, "c", "a", changed("a", revision - 1));
        write(&history, id, "a", revision);
    }
    let steps = chain(&history, "a");
    assert_eq!((steps.len(), steps[0], steps[63]), (64, (0, 199), (63, 136)));
}

#[test]
fn what_errors_say_is_cut() {
    let history = History::keeping(10);
    let id = run(&history, "c", "a", Cause::Failed("é".repeat(1000)));
    history.end(id, || "x".repeat(10_000));
    let runs = history.runs();
    let [Cause::Failed(cause)] = &*runs[0].causes else { panic!("{:?}", runs[0].causes) };
    assert!(cause.len() <= 520 && runs[0].end.as_ref().is_some_and(|end| end.len() <= 520));
}
