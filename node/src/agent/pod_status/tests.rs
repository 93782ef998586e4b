use serde_json::{Value, json};
use setpoint_core::conditions::{find, is_true};
use setpoint_core::env::Instant;

use super::super::fixtures::{at, observed, spec};
use super::super::probe::Beginning;
use super::*;

struct Case {
    spec: PodSpec,
    words: Vec<&'static str>,
    waiting: BTreeMap<Text, Waiting>,
    failure: Option<Failure>,
    stopped: bool,
    deleted: bool,
    before: PodStatus,
}

impl Case {
    fn new(spec: PodSpec, words: &[&'static str]) -> Self {
        Self {
            spec,
            words: words.to_vec(),
            waiting: BTreeMap::new(),
            failure: None,
            stopped: false,
            deleted: false,
            before: PodStatus::default(),
        }
    }

    fn status(&self) -> PodStatus {
        let observed = observed(&self.words);
        let mut probes = Probes::default();
        let beginning = Beginning { running_for: std::time::Duration::ZERO, was_ready: false };
        probes.follow(&self.spec, &observed, Instant::START, |_| beginning);
        let inputs = Inputs {
            spec: &self.spec,
            generation: 1,
            deleted: self.deleted,
            observed: &observed,
            probes: &probes,
            waiting: &self.waiting,
            last_words: &BTreeMap::new(),
            failure: self.failure.as_ref(),
            stopped: self.stopped,
            runtime_name: "containerd",
            host_ips: &["192.0.2.1".to_owned()],
            began: at(100),
            now: at(100),
        };
        pod_status(inputs, &self.before)
    }
}

fn condition<'a>(status: &'a PodStatus, type_: &str) -> (&'a str, &'a str, &'a str) {
    let found = find(status.conditions.iter().flatten(), type_).expect("a condition");
    let text = |field: &'a Option<String>| field.as_deref().unwrap_or_default();
    (&found.status, text(&found.reason), text(&found.message))
}

fn state(status: &PodStatus, index: usize) -> Value {
    serde_json::to_value(&status.container_statuses.as_ref().expect("statuses")[index]).expect("serializes")
}

#[test]
fn a_new_pod_is_being_created() {
    // AGENT-11, AGENT-12
    let status = Case::new(spec(&["web", "db"], &[], json!({})), &[]).status();
    assert_eq!(status.phase.as_deref(), Some("Pending"));
    assert_eq!(state(&status, 0)["name"], "db", "by name");
    assert_eq!(state(&status, 0)["state"], json!({"waiting": {"reason": "ContainerCreating"}}));
    let types: Vec<&str> = status.conditions.iter().flatten().map(|it| it.type_.as_str()).collect();
    let expected = ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"];
    assert_eq!(types, expected);
    assert_eq!(condition(&status, "Initialized").0, "True");
    let unready = ("False", "ContainersNotReady", "containers with unready status: [web db]");
    assert_eq!(condition(&status, "ContainersReady"), unready);
    assert_eq!(condition(&status, "Ready"), unready);
    assert_eq!(condition(&status, "PodReadyToStartContainers").0, "False");
    assert_eq!(status.host_ip.as_deref(), Some("192.0.2.1"));
    assert_eq!(status.observed_generation, Some(1));
}

#[test]
fn a_running_pod_is_ready() {
    let status = Case::new(spec(&["web"], &[], json!({})), &["sandbox", "web+"]).status();
    assert_eq!(status.phase.as_deref(), Some("Running"));
    for type_ in ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"] {
        assert!(is_true(status.conditions.iter().flatten(), type_), "{type_}");
    }
    assert_eq!(status.pod_ip.as_deref(), Some("10.0.0.7"));
    let web = state(&status, 0);
    assert_eq!(web["containerID"], "containerd://web-0");
    assert_eq!((&web["ready"], &web["started"]), (&json!(true), &json!(true)));
    assert_eq!(web["state"]["running"]["startedAt"], "2026-01-01T00:00:01Z");
}

#[test]
fn init_containers_hold_the_others_back() {
    let status = Case::new(spec(&["web"], &["setup"], json!({})), &["sandbox", "setup+"]).status();
    assert_eq!(status.phase.as_deref(), Some("Pending"));
    assert_eq!(state(&status, 0)["state"], json!({"waiting": {"reason": "PodInitializing"}}));
    let message = "containers with incomplete status: [setup]";
    assert_eq!(condition(&status, "Initialized"), ("False", "ContainersNotInitialized", message));
}

#[test]
fn a_crash_loop_moves_the_end_to_the_last_state() {
    // AGENT-11
    let mut case = Case::new(spec(&["web"], &[], json!({})), &["sandbox", "web=1", "web=2"]);
    let web = state(&case.status(), 0);
    assert_eq!(web["state"]["terminated"]["exitCode"], 2);
    assert_eq!(web["state"]["terminated"]["reason"], "Error");
    assert_eq!(web["lastState"]["terminated"]["exitCode"], 1);
    let message = "back-off 10s restarting failed container=web pod=pod_default(uid)".to_owned();
    case.waiting
        .insert("web".into(), Waiting { reason: "CrashLoopBackOff".into(), message: message.clone() });
    let status = case.status();
    let web = state(&status, 0);
    assert_eq!(web["state"], json!({"waiting": {"reason": "CrashLoopBackOff", "message": message}}));
    assert_eq!(web["lastState"]["terminated"]["exitCode"], 2);
    assert_eq!(web["restartCount"], 1);
    assert_eq!(status.phase.as_deref(), Some("Running"));
}

#[test]
fn a_terminal_phase_waits_for_the_end_of_everything_and_then_stays() {
    // AGENT-10, AGENT-13
    let spec = spec(&["web"], &["side*"], json!({"restartPolicy": "Never"}));
    let mut case = Case::new(spec, &["sandbox", "side+", "web=0"]);
    case.before.phase = Some("Running".to_owned());
    assert_eq!(case.status().phase.as_deref(), Some("Running"));
    case.words = vec!["sandbox!", "side=137", "web=0"];
    case.stopped = true;
    let done = case.status();
    assert_eq!(done.phase.as_deref(), Some("Succeeded"));
    assert_eq!(condition(&done, "Ready"), ("False", "PodCompleted", ""));
    assert_eq!(condition(&done, "Initialized"), ("True", "PodCompleted", ""));
    case.before = done;
    case.words = vec![];
    assert_eq!(case.status().phase.as_deref(), Some("Succeeded"));
}

#[test]
fn what_is_deleted_before_it_came_up_has_failed() {
    let mut case = Case::new(spec(&["web"], &[], json!({})), &[]);
    (case.deleted, case.stopped) = (true, true);
    let status = case.status();
    assert_eq!(status.phase.as_deref(), Some("Failed"));
    assert_eq!(state(&status, 0)["state"]["terminated"]["reason"], "ContainerStatusUnknown");
    assert_eq!(condition(&status, "Ready"), ("False", "PodFailed", ""));
}

#[test]
fn a_vanished_container_counts_as_killed() {
    // AGENT-11
    let mut case = Case::new(spec(&["web"], &[], json!({})), &["sandbox", "web+"]);
    case.before = case.status();
    case.words = vec!["sandbox"];
    let web = state(&case.status(), 0);
    assert_eq!(web["lastState"]["terminated"]["exitCode"], 137);
    assert_eq!(web["lastState"]["terminated"]["reason"], "ContainerStatusUnknown");
    assert_eq!(web["restartCount"], 1);
}

#[test]
fn a_refused_pod_says_why_and_has_no_containers() {
    // AGENT-26
    let mut case = Case::new(spec(&["web"], &[], json!({})), &[]);
    case.stopped = true;
    case.failure = Some(Failure { reason: "OutOfcpu".into(), message: "Pod was rejected: ...".to_owned() });
    let status = case.status();
    assert_eq!((status.phase.as_deref(), status.reason.as_deref()), (Some("Failed"), Some("OutOfcpu")));
    assert_eq!(status.container_statuses, None);
}

#[test]
fn conditions_of_others_and_times_of_change_are_kept() {
    // AGENT-12
    let mut case = Case::new(
        spec(&["web"], &[], json!({"readinessGates": [{"conditionType": "lb"}]})),
        &["sandbox", "web+"],
    );
    let lb = json!([{"type": "lb", "status": "False"}, {"type": "PodScheduled", "status": "True"},
        {"type": "Initialized", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}]);
    case.before.conditions = serde_json::from_value(lb).expect("conditions");
    let status = case.status();
    let message = "the status of pod readiness gate \"lb\" is not \"True\", but False";
    assert_eq!(condition(&status, "Ready"), ("False", "ReadinessGatesNotReady", message));
    assert_eq!(condition(&status, "ContainersReady").0, "True");
    let initialized = find(status.conditions.iter().flatten(), "Initialized").expect("kept");
    assert_eq!(initialized.last_transition_time, Some(Time(at(0))));
    assert_eq!(status.conditions.as_ref().map(|it| it[0].type_.clone()).as_deref(), Some("lb"));
    case.before = status.clone();
    assert_eq!(case.status(), status, "nothing changes by looking again");
}
