use setpoint_core::env::Instant;
use setpoint_core::kind::KindId;
use setpoint_core::object::{Key, Revision};

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
        run,
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
    assert_eq!(chain, [(0, second), (1, first)]);
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
