use proptest::prelude::*;
use serde_json::{Value, json};
use setpoint_core::Error;
use setpoint_core::object::ObjectRef;

use super::super::fixture::{
    APod, NOW, at, fresh, observed, ready, replica_set, replica_set_of, replica_set_value,
};
use super::*;

/// A sync, written down: its stages, and how it ends. `refuse` says which actions fail.
fn sync(observed: &Observed, refuse: impl Fn(&Action) -> Option<Error>) -> (Vec<String>, Next) {
    let mut memory = Memory::default();
    let mut stages = Vec::new();
    for _ in 0..50 {
        let stage = plan(observed, &memory, at(NOW));
        memory = stage.memory;
        if !stage.actions.is_empty() {
            stages.push(stage.actions.iter().map(describe).collect::<Vec<_>>().join(" "));
        }
        for action in &stage.actions {
            let times = if let Action::Create { count } = action { *count } else { 1 };
            for _ in 0..times {
                match refuse(action) {
                    Some(error) => memory.learn(action, Err(&error)),
                    None => memory.learn(action, Ok(Some(&observed.replica_set))),
                }
            }
        }
        if !matches!(stage.next, Next::Continue | Next::Replan) {
            return (stages, stage.next);
        }
    }
    panic!("it does not come to an end: {stages:?}");
}

fn describe(action: &Action) -> String {
    match action {
        Action::Claim(_) => "claim".to_owned(),
        Action::Create { count } => format!("+{count}"),
        Action::Delete { pod, .. } => format!("-{}", pod.name),
        Action::WriteStatus { status, .. } => format!("status {}", describe_status(status)),
        Action::ReadLive { .. } => "read".to_owned(),
    }
}

fn describe_status(status: &ReplicaSetStatus) -> String {
    let ReplicaSetStatus { replicas, ready_replicas, available_replicas, .. } = status;
    let count = |count: &Option<i32>| count.unwrap_or_default();
    let failure = status.conditions.iter().flatten().filter_map(|condition| condition.reason.clone());
    let mut text = format!("{replicas}/{}/{}", count(ready_replicas), count(available_replicas));
    text.extend(failure.map(|reason| format!(" {reason}")));
    text
}

/// A status that says what there is.
fn said(replicas: i32, ready: i32) -> Value {
    json!({
        "replicas": replicas, "fullyLabeledReplicas": replicas, "readyReplicas": ready, "availableReplicas": ready,
        "terminatingReplicas": 0, "observedGeneration": 1,
    })
}

fn pods(count: usize, pod: fn(String) -> APod) -> Vec<APod> {
    (0..count).map(|index| pod(format!("p{index}"))).collect()
}

fn refusal() -> Error {
    Error::new(setpoint_core::Reason::Forbidden, "exceeded quota")
}

#[test]
fn a_sync_creates_slowly_deletes_at_once_and_says_what_was_there() {
    let cases: Vec<(&str, ObjectRef, Vec<APod>, &[&str])> = vec![
        // RS-25: of the pods before this sync.
        ("new", replica_set(3, json!({})), vec![], &["+1", "+2", "status 0/0/0"]),
        ("none wanted", replica_set(0, json!({})), vec![], &["status 0/0/0"]),
        // RS-29
        ("as it should be", replica_set(2, said(2, 2)), pods(2, ready), &[]),
        ("what is there is not said", replica_set(2, said(1, 1)), pods(2, ready), &["status 2/2/2"]),
        // RS-16
        ("many", replica_set(100, said(0, 0)), vec![], &["+1", "+2", "+4", "+8", "+16", "+32", "+37"]),
        ("one more", replica_set(3, said(2, 2)), pods(2, ready), &["+1"]),
        // RS-20
        ("one too many", replica_set(1, said(2, 1)), vec![ready("a"), fresh("b")], &["-b"]),
        ("all too many", replica_set(0, said(2, 2)), pods(2, ready), &["-p0 -p1"]),
    ];
    for (name, replica_set, pods, expect) in cases {
        let (stages, end) = sync(&observed(replica_set, &pods), |_| None);
        assert_eq!(stages, expect, "{name}");
        assert_eq!(end, Next::Settled, "{name}");
    }
}

#[test]
fn a_sync_creates_and_deletes_no_more_than_a_burst() {
    // RS-15
    let (stages, _) = sync(&observed(replica_set(1200, said(0, 0)), &[]), |_| None);
    assert_eq!(stages.last().map(String::as_str), Some("+245"), "after 1, 2, 4 … 128");
    let (stages, _) = sync(&observed(replica_set(0, said(600, 600)), &pods(600, ready)), |_| None);
    assert_eq!(stages[0].split(' ').count(), BURST_REPLICAS);
}

#[test]
fn a_refusal_ends_the_slow_start_and_is_told() {
    // RS-16, RS-28: ten are let through.
    let created = std::cell::Cell::new(0);
    let (stages, end) = sync(&observed(replica_set(100, said(0, 0)), &[]), |action| {
        let Action::Create { .. } = action else { return None };
        created.set(created.get() + 1);
        (created.get() > 10).then(refusal)
    });
    assert_eq!(stages, ["+1", "+2", "+4", "+8", "status 0/0/0 FailedCreate"]);
    assert_eq!(end, Next::Failed("exceeded quota".to_owned()));
}

#[test]
fn a_deletion_that_fails_is_told_and_one_that_finds_nothing_is_not() {
    // RS-20, RS-28
    let one_too_many = || observed(replica_set(1, said(2, 2)), &pods(2, ready));
    let (stages, end) = sync(&one_too_many(), |action| matches!(action, Action::Delete { .. }).then(refusal));
    assert_eq!(stages, ["-p0", "status 2/2/2 FailedDelete"]);
    assert_eq!(end, Next::Failed("unable to delete pods: exceeded quota".to_owned()));
    let gone = Error::new(setpoint_core::Reason::NotFound, "gone");
    let (stages, end) =
        sync(&one_too_many(), |action| matches!(action, Action::Delete { .. }).then(|| gone.clone()));
    assert_eq!((stages, end), (vec!["-p0".to_owned()], Next::Settled));
}

#[test]
fn a_failure_is_told_once_and_taken_back() {
    // RS-28: not refreshed, whatever the message; removed by a sync without a failure.
    let mut status = said(0, 0);
    status["conditions"] = json!([{
        "type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "before",
    }]);
    let (stages, _) = sync(&observed(replica_set(1, status.clone()), &[]), |_| Some(refusal()));
    assert_eq!(stages, ["+1"], "nothing new to say");
    let (stages, end) = sync(&observed(replica_set(1, status), &[]), |_| None);
    assert_eq!((stages, end), (vec!["+1".to_owned(), "status 0/0/0".to_owned()], Next::Settled));
}

#[test]
fn a_terminating_namespace_is_no_failure() {
    // RS-19
    let error = refusal().with_cause(setpoint_reconcile::plan::NAMESPACE_TERMINATING, "", "");
    let (stages, end) = sync(&observed(replica_set(5, said(0, 0)), &[]), |_| Some(error.clone()));
    assert_eq!((stages, end), (vec!["+1".to_owned()], Next::Settled));
}

#[test]
fn a_terminating_replica_set_only_says_what_there_is() {
    // RS-14
    let mut value = replica_set_value(5, json!({}));
    value["metadata"]["deletionTimestamp"] = json!("2020-01-01T00:00:00Z");
    let (stages, _) = sync(&observed(replica_set_of(value), &pods(2, ready)), |_| None);
    assert_eq!(stages, ["status 2/2/2"]);
}

#[test]
fn a_template_without_labels_creates_nothing() {
    // RS-17
    let mut value = replica_set_value(5, said(0, 0));
    value["spec"]["template"]["metadata"] = json!({});
    let (stages, end) = sync(&observed(replica_set_of(value), &[]), |_| None);
    assert_eq!(stages, ["status 0/0/0 FailedCreate"]);
    assert_eq!(end, Next::Failed("unable to create pods, no labels".to_owned()));
}

#[test]
fn a_claim_that_fails_ends_the_sync_before_anything_else() {
    // RS-14: no pod is made, and no status is written.
    let mut observed = observed(replica_set(3, json!({})), &[]);
    observed.pods.adoptable = vec![fresh("orphan").object()];
    for (fails_at, expected) in [(0, "can't adopt: exceeded quota"), (1, "exceeded quota")] {
        let claims = std::cell::Cell::new(0);
        let (stages, end) = sync(&observed, |action| {
            let Action::Claim(_) = action else { return None };
            claims.set(claims.get() + 1);
            (claims.get() > fails_at).then(refusal)
        });
        assert!(stages.iter().all(|stage| stage == "claim"), "{stages:?}");
        assert_eq!(end, Next::Failed(expected.to_owned()));
    }
}

#[test]
fn a_selector_that_is_none_is_left_alone() {
    // RS-04
    let mut value = replica_set_value(5, json!({}));
    value["spec"]["selector"] = json!({"matchExpressions": [{"key": "a", "operator": "Likes"}]});
    assert_eq!(sync(&observed(replica_set_of(value), &[]), |_| None), (Vec::new(), Next::Settled));
}

#[test]
fn a_status_that_is_refused_is_written_once_more() {
    // RS-29: exactly two writes and one read.
    let conflict = Error::new(setpoint_core::Reason::Conflict, "changed");
    let is_write = |action: &Action| matches!(action, Action::WriteStatus { .. });
    let (stages, end) =
        sync(&observed(replica_set(0, json!({})), &[]), |action| is_write(action).then(|| conflict.clone()));
    assert_eq!(stages, ["status 0/0/0", "read", "status 0/0/0"]);
    assert_eq!(end, Next::Failed("changed".to_owned()));
    let writes = std::cell::Cell::new(0);
    let (stages, end) = sync(&observed(replica_set(0, json!({})), &[]), |action| {
        writes.set(writes.get() + usize::from(is_write(action)));
        (is_write(action) && writes.get() == 1).then(|| conflict.clone())
    });
    assert_eq!((stages.len(), end), (3, Next::Settled));
}

#[test]
fn pods_that_are_not_available_yet_are_waited_for() {
    // RS-27: ready for 0, 2 and 4.3 s of 5.
    let with_min_ready = |status| {
        let mut value = replica_set_value(3, status);
        value["spec"]["minReadySeconds"] = json!(5);
        replica_set_of(value)
    };
    let ready_for = |seconds: &[i64]| -> Vec<APod> {
        let pod =
            |(index, seconds): (usize, &i64)| APod { ready: Some(*seconds), ..ready(format!("p{index}")) };
        seconds.iter().enumerate().map(pod).collect()
    };
    let (stages, end) = sync(&observed(with_min_ready(json!({})), &ready_for(&[0, 2, 4])), |_| None);
    assert_eq!((stages, end), (vec!["status 3/3/0".to_owned()], Next::After(Duration::from_secs(1))));
    let (stages, end) = sync(&observed(with_min_ready(json!({})), &ready_for(&[5, 6, 7])), |_| None);
    assert_eq!((stages, end), (vec!["status 3/3/3".to_owned()], Next::Settled));
    // Not while creations fail.
    let (_, end) = sync(&observed(with_min_ready(json!({})), &ready_for(&[0])), |action| {
        matches!(action, Action::Create { .. }).then(refusal)
    });
    assert_eq!(end, Next::Failed("exceeded quota".to_owned()));
}

#[test]
fn labels_that_a_pod_lacks_are_told() {
    // RS-25
    let mut value = replica_set_value(1, json!({}));
    value["spec"]["template"]["metadata"]["labels"]["more"] = json!("1");
    let observed = observed(replica_set_of(value), &pods(1, ready));
    let status = status(&observed, None, at(NOW));
    assert_eq!((status.replicas, status.fully_labeled_replicas), (1, None));
}

fn any_pod() -> impl Strategy<Value = APod> {
    (
        prop_oneof![Just("Pending"), Just("Running"), Just("Unknown")],
        proptest::option::of(0i64..20_000),
        prop_oneof![Just(""), Just("-3"), Just("7"), Just("x")],
        (0i32..4, 0i32..3, 0i64..20_000),
        prop_oneof![Just("a"), Just("b"), Just("")],
    )
        .prop_map(|(phase, since, cost, (restarts, sidecar_restarts, age), node)| {
            // Only what runs on a node can be ready.
            let ready_since = since.filter(|_| phase == "Running" && !node.is_empty());
            APod { phase, ready: ready_since, cost, restarts, sidecar_restarts, age, node, ..ready("") }
        })
}

proptest! {
    /// INV-RS-02, INV-RS-03, INV-RS-06: whatever is there, syncs end with the number wanted.
    #[test]
    fn syncs_end_with_the_number_wanted_and_keep_the_better_pods(
        pods in proptest::collection::vec(any_pod(), 0..40),
        replicas in 0i32..40,
    ) {
        let mut pods: Vec<APod> = pods
            .into_iter()
            .enumerate()
            .map(|(index, pod)| APod { name: format!("p{index:02}"), ..pod })
            .collect();
        let wanted = usize::try_from(replicas).expect("not negative");
        let (stages, end) = sync(&observed(replica_set(replicas, json!({})), &pods), |_| None);
        prop_assert_eq!(end, Next::Settled);
        let actions: Vec<&str> = stages.iter().filter(|stage| !stage.starts_with("status"))
            .flat_map(|stage| stage.split(' ')).collect();
        let created: usize = actions.iter().filter_map(|action| action.strip_prefix('+')?.parse::<usize>().ok()).sum();
        let deleted: Vec<&str> = actions.iter().filter_map(|action| action.strip_prefix('-')).collect();
        prop_assert!(created == 0 || deleted.is_empty(), "either or");
        prop_assert_eq!(pods.len() + created - deleted.len(), wanted);
        let is_deleted = |pod: &APod| deleted.contains(&pod.name.as_str());
        let lost_ready = pods.iter().any(|pod| pod.ready.is_some() && is_deleted(pod));
        let kept_unready = pods.iter().any(|pod| pod.ready.is_none() && !is_deleted(pod));
        prop_assert!(!(lost_ready && kept_unready), "a ready pod went before one that is not");
        // Planned anew on what there is then, nothing is left to do.
        pods.retain(|pod| !deleted.contains(&pod.name.as_str()));
        pods.extend((0..created).map(|index| fresh(format!("new{index}"))));
        let (stages, _) = sync(&observed(replica_set(replicas, json!({})), &pods), |_| None);
        prop_assert!(stages.iter().all(|stage| stage.starts_with("status")), "{:?}", stages);
    }
}
