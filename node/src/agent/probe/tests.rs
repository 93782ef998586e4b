use std::cell::Cell;

use serde_json::json;

use super::super::fixtures::{observed, spec};
use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn web(probes: serde_json::Value) -> PodSpec {
    let mut container = json!({"name": "web", "image": "image"});
    container.as_object_mut().expect("an object").extend(probes.as_object().expect("an object").clone());
    spec(&[], &[], json!({"containers": [container]}))
}

struct Book {
    spec: PodSpec,
    probes: Probes,
    now: Cell<Instant>,
}

impl Book {
    fn new(spec: PodSpec, words: &[&str]) -> Self {
        let mut book = Self { spec, probes: Probes::default(), now: Cell::new(Instant::START) };
        book.follow(words, false);
        book
    }

    fn follow(&mut self, words: &[&str], was_ready: bool) {
        let beginning = Beginning { running_for: Duration::ZERO, was_ready };
        self.probes.follow(&self.spec, &observed(words), self.now.get(), |_| beginning);
    }

    /// The kinds that are due after this many seconds.
    fn due_after(&mut self, seconds: u32) -> Vec<ProbeKind> {
        self.now.set(self.now.get() + SECOND * seconds);
        self.probes.take_due(self.now.get(), false).into_iter().map(|((_, kind), _)| kind).collect()
    }

    fn answer(&mut self, kind: ProbeKind, success: bool) -> bool {
        let id = ContainerId::new("web-0");
        let probe = kind.of(&self.spec.containers[0]).expect("a probe").clone();
        self.probes.answer(&("web".into(), kind), &id, &probe, success, self.now.get())
    }

    fn verdict(&self, kind: ProbeKind) -> Option<Verdict> {
        self.probes.verdict("web", kind, &ContainerId::new("web-0"))
    }
}

#[test]
fn the_first_probe_comes_after_the_initial_delay_and_then_each_period() {
    // AGENT-18
    let spec = web(json!({"readinessProbe": {"initialDelaySeconds": 5, "periodSeconds": 3}}));
    let mut book = Book::new(spec, &["web+"]);
    assert_eq!(book.due_after(4), []);
    assert_eq!(book.due_after(1), [ProbeKind::Readiness]);
    assert_eq!(book.due_after(10), [], "it is being asked");
    assert!(book.answer(ProbeKind::Readiness, true));
    assert_eq!(book.due_after(2), []);
    assert_eq!(book.due_after(1), [ProbeKind::Readiness]);
}

#[test]
fn verdicts_need_as_many_in_a_row_as_their_threshold() {
    // AGENT-19
    let probe = json!({"failureThreshold": 3, "successThreshold": 2});
    let mut book = Book::new(web(json!({"readinessProbe": probe, "livenessProbe": {}})), &["web+"]);
    assert_eq!(book.verdict(ProbeKind::Readiness), Some(Verdict::Failure));
    assert_eq!(book.verdict(ProbeKind::Liveness), Some(Verdict::Success));
    let answers = [true, false, true, true, false, false, true, false, false, false];
    let changes: Vec<bool> = answers.map(|it| book.answer(ProbeKind::Readiness, it)).into();
    let expected = [false, false, false, true, false, false, false, false, false, true];
    assert_eq!(changes, expected);
}

#[test]
fn others_wait_for_startup_and_verdicts_are_held() {
    // AGENT-19
    let spec =
        web(json!({"startupProbe": {}, "readinessProbe": {}, "livenessProbe": {"failureThreshold": 1}}));
    let mut book = Book::new(spec, &["web+"]);
    assert_eq!(book.verdict(ProbeKind::Startup), Some(Verdict::Unknown));
    assert_eq!(book.due_after(60), [ProbeKind::Startup]);
    assert!(!book.probes.is_started(&book.spec.containers[0], &ContainerId::new("web-0")));
    assert!(book.answer(ProbeKind::Startup, true));
    assert!(book.probes.is_started(&book.spec.containers[0], &ContainerId::new("web-0")));
    assert_eq!(book.due_after(60), [ProbeKind::Readiness, ProbeKind::Liveness]);
    assert!(book.answer(ProbeKind::Liveness, false));
    book.answer(ProbeKind::Readiness, true);
    assert_eq!(book.due_after(60), [ProbeKind::Readiness], "liveness has spoken");
    // Another instance begins anew.
    book.follow(&["web=1", "web+"], false);
    assert_eq!(book.verdict(ProbeKind::Liveness), None);
    assert_eq!(book.due_after(60), [ProbeKind::Startup]);
}

#[test]
fn a_deleted_pod_is_only_asked_whether_it_is_ready() {
    // AGENT-22
    let mut book = Book::new(web(json!({"readinessProbe": {}, "livenessProbe": {}})), &["web+"]);
    let due = book.probes.take_due(Instant::NEVER, true);
    assert_eq!(due.into_iter().map(|((_, kind), _)| kind).collect::<Vec<_>>(), [ProbeKind::Readiness]);
}

#[test]
fn what_was_ready_before_the_agent_came_stays_so_until_a_probe_fails() {
    // AGENT-38
    let mut book = Book::new(web(json!({"readinessProbe": {"failureThreshold": 2}})), &[]);
    book.follow(&["web+"], true);
    assert_eq!(book.verdict(ProbeKind::Readiness), Some(Verdict::Success));
    assert!(!book.answer(ProbeKind::Readiness, false));
    assert!(book.answer(ProbeKind::Readiness, false));
}
