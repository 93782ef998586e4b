use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{Event, ObjectReference};
use serde_json::json;

use crate::events::{Correlator, EventRecord, EventType, Occurrence, Outcome, Reporter};

/// A correlator with a clock, and names that do not repeat.
struct Scene {
    correlator: Correlator,
    now: Timestamp,
    suffix: u64,
}

impl Scene {
    fn new() -> Self {
        let now = Timestamp::from_second(1_767_225_600).expect("within jiff's range");
        Self { correlator: Correlator::new(), now, suffix: 0 }
    }

    fn observe(&mut self, occurrence: Occurrence) -> Outcome {
        self.suffix += 1;
        self.correlator.observe(occurrence, self.now, self.suffix)
    }

    fn wait(&mut self, seconds: i64) {
        self.now = self.now.checked_add(SignedDuration::from_secs(seconds)).expect("within jiff's range");
    }
}

fn created(object: &str, message: impl Into<String>) -> Occurrence {
    Occurrence {
        involved: ObjectReference {
            api_version: Some("apps/v1".to_owned()),
            kind: Some("ReplicaSet".to_owned()),
            namespace: Some("shop".to_owned()),
            name: Some(object.to_owned()),
            uid: Some(format!("uid-of-{object}")),
            ..ObjectReference::default()
        },
        event_type: EventType::Normal,
        reason: "SuccessfulCreate".to_owned(),
        message: message.into(),
        reporter: Reporter { component: "replicaset-controller".into(), host: "".into() },
    }
}

/// `create NAME xCOUNT MESSAGE`, and likewise for the others.
fn told(outcome: &Outcome) -> String {
    let line = |verb, record: &EventRecord| {
        format!("{verb} {} x{} {}", record.name, record.count, record.occurrence.message)
    };
    match outcome {
        Outcome::Create(record) => line("create", record),
        Outcome::Update(record) => line("update", record),
        Outcome::Dropped => "dropped".to_owned(),
    }
}

#[test]
fn a_hundred_pods_show_nine_plain_events_and_one_combined_with_a_count() {
    // RS-18
    let mut scene = Scene::new();
    let outcomes: Vec<_> =
        (1..=100).map(|pod| scene.observe(created("web", format!("Created pod: web-{pod}")))).collect();
    for (index, outcome) in outcomes.iter().enumerate() {
        let pod = index + 1;
        let expected = match pod {
            1..=9 => format!("create web.{pod:x} x1 Created pod: web-{pod}"),
            10 => "create web.a x1 (combined from similar events): Created pod: web-10".to_owned(),
            11..=25 => {
                format!("update web.a x{} (combined from similar events): Created pod: web-{pod}", pod - 9)
            }
            _ => "dropped".to_owned(),
        };
        assert_eq!(told(outcome), expected);
    }
    scene.wait(300);
    assert_eq!(
        told(&scene.observe(created("web", "Created pod: web-101"))),
        "update web.a x92 (combined from similar events): Created pod: web-101",
        "what was dropped counts"
    );
    assert_eq!(
        scene.observe(created("web", "Created pod: web-102")),
        Outcome::Dropped,
        "one every five minutes"
    );
}

#[test]
fn a_repeated_event_raises_the_count_of_the_first() {
    // OBSERVE-01
    let mut scene = Scene::new();
    let first = scene.now;
    assert_eq!(told(&scene.observe(created("web", "same"))), "create web.1 x1 same");
    scene.wait(60);
    let Outcome::Update(record) = scene.observe(created("web", "same")) else { panic!("it is known") };
    assert_eq!(
        (record.name.as_str(), record.count, record.first, record.last),
        ("web.1", 2, first, scene.now)
    );
    assert_eq!(
        serde_json::Value::Object(record.to_patch()),
        json!({"count": 2, "lastTimestamp": "2026-01-01T00:01:00Z", "message": "same"})
    );
}

#[test]
fn one_of_the_first_nine_keeps_its_own_event() {
    let mut scene = Scene::new();
    for number in 1..=10 {
        scene.observe(created("web", format!("message {number}")));
    }
    assert_eq!(told(&scene.observe(created("web", "message 3"))), "update web.3 x2 message 3");
    assert_eq!(
        told(&scene.observe(created("web", "message 10"))),
        "update web.a x2 (combined from similar events): message 10"
    );
}

#[test]
fn similar_messages_are_forgotten_ten_minutes_after_the_last() {
    for (pause, expected) in [(600, "(combined from similar events): late"), (601, "late")] {
        let mut scene = Scene::new();
        for number in 1..=9 {
            scene.observe(created("web", format!("message {number}")));
        }
        scene.wait(pause);
        assert_eq!(told(&scene.observe(created("web", "late"))), format!("create web.a x1 {expected}"));
    }
}

#[test]
fn what_differs_in_more_than_the_message_is_not_combined() {
    type Change = fn(&mut Occurrence);
    let changes: [(&str, Change); 6] = [
        ("reason", |occurrence| occurrence.reason = "SuccessfulDelete".to_owned()),
        ("type", |occurrence| occurrence.event_type = EventType::Warning),
        ("object", |occurrence| occurrence.involved.name = Some("other".to_owned())),
        ("uid", |occurrence| occurrence.involved.uid = Some("reborn".to_owned())),
        ("component", |occurrence| occurrence.reporter.component = "somebody".into()),
        ("host", |occurrence| occurrence.reporter.host = "node-a".into()),
    ];
    for (what, change) in changes {
        let mut scene = Scene::new();
        for number in 1..=9 {
            scene.observe(created("web", format!("message {number}")));
        }
        let mut other = created("web", "message 10");
        change(&mut other);
        let outcome = scene.observe(other);
        assert!(told(&outcome).ends_with(" x1 message 10"), "{what}: {}", told(&outcome));
    }
}

#[test]
fn each_type_has_a_budget_of_25_per_object() {
    // RS-18
    let mut scene = Scene::new();
    let mut passed = |change: fn(&mut Occurrence)| {
        let mut occurrence = created("web", "same");
        change(&mut occurrence);
        (0..40).filter(|_| scene.observe(occurrence.clone()) != Outcome::Dropped).count()
    };
    assert_eq!(passed(|_| ()), 25);
    assert_eq!(passed(|occurrence| occurrence.reason = "Other".to_owned()), 0, "reasons share it");
    assert_eq!(passed(|occurrence| occurrence.event_type = EventType::Warning), 25, "types do not");
    assert_eq!(passed(|occurrence| occurrence.involved.uid = Some("reborn".to_owned())), 25, "nor objects");
}

#[test]
fn an_event_that_was_dropped_when_new_comes_as_an_update() {
    let mut scene = Scene::new();
    for _ in 0..25 {
        scene.observe(created("web", "noise"));
    }
    assert_eq!(scene.observe(created("web", "news")), Outcome::Dropped);
    scene.wait(300);
    assert_eq!(
        told(&scene.observe(created("web", "news"))),
        "update web.1a x2 news",
        "to be created if it is not there"
    );
}

#[test]
fn past_the_limit_the_object_not_heard_of_longest_is_forgotten() {
    let mut scene = Scene::new();
    for number in 0..Correlator::ENTRIES_MAX {
        scene.observe(created(&format!("web-{number}"), "same"));
    }
    assert!(told(&scene.observe(created("web-0", "same"))).starts_with("update web-0.1 x2"));
    scene.observe(created("one-more", "same"));
    assert!(told(&scene.observe(created("web-0", "same"))).starts_with("update web-0.1 x3"));
    assert!(told(&scene.observe(created("web-1", "same"))).starts_with("create web-1."));
}

#[test]
fn times_before_1970_and_clocks_set_back_are_no_trouble() {
    let mut scene = Scene::new();
    scene.now = Timestamp::MIN;
    assert!(matches!(scene.observe(created("web", "same")), Outcome::Create(_)));
    scene.now = Timestamp::MAX;
    assert!(matches!(scene.observe(created("web", "same")), Outcome::Update(_)));
    scene.now = Timestamp::UNIX_EPOCH;
    scene.observe(created("web", "same"));
    scene.wait(300);
    assert!(matches!(scene.observe(created("web", "same")), Outcome::Update(_)));
}

#[test]
fn the_object_looks_as_upstreams() {
    let mut scene = Scene::new();
    let Outcome::Create(record) = scene.observe(created("web", "Created pod: web-1")) else {
        panic!("it is new")
    };
    let event = record.to_event();
    let mut expected = json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "web.1", "namespace": "shop"},
        "involvedObject": {
            "apiVersion": "apps/v1", "kind": "ReplicaSet", "namespace": "shop", "name": "web", "uid": "uid-of-web",
        },
        "type": "Normal",
        "reason": "SuccessfulCreate",
        "message": "Created pod: web-1",
        "source": {"component": "replicaset-controller"},
        "reportingComponent": "replicaset-controller",
        "reportingInstance": "",
        "count": 1,
        "firstTimestamp": "2026-01-01T00:00:00Z",
        "lastTimestamp": "2026-01-01T00:00:00Z",
    });
    assert_eq!(serde_json::to_value(&event).expect("it serialises"), expected);
    let combined = EventRecord { combined: true, ..record }.to_event();
    expected["reportingComponent"] = json!("");
    assert_eq!(serde_json::to_value::<Event>(combined).expect("it serialises"), expected);
}

#[test]
fn names_and_namespaces_are_ones_that_an_event_can_have() {
    let cases = [
        (Some("web"), Some("shop"), "web.1", "shop"),
        (Some("node-a"), None, "node-a.1", "default"),
        (Some("node-a"), Some(""), "node-a.1", "default"),
        (Some("system:node"), None, "event.1", "default"),
        (None, None, "event.1", "default"),
    ];
    for (object, namespace, name, lands_in) in cases {
        let mut occurrence = created("", "same");
        occurrence.involved.name = object.map(str::to_owned);
        occurrence.involved.namespace = namespace.map(str::to_owned);
        let Outcome::Create(record) = Scene::new().observe(occurrence) else { panic!("it is new") };
        assert_eq!((record.name.as_str(), record.namespace()), (name, lands_in));
    }
}
