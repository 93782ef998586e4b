use k8s_openapi::api::apps::v1::Deployment;

use super::*;
use crate::deployment::tests::scene::{Set, at, deployment, observe};

/// Since when the Deployment says that it is progressing.
const SINCE: i64 = 1000;
const DEADLINE: i32 = 600;

/// A Deployment of ten with these counts of updated, all, ready and available replicas, for this reason.
fn standing(counts: (i32, i32, i32, i32), status: &str, reason: &str) -> Deployment {
    let mut deployment = deployment("app:1", 10);
    deployment.spec.progress_deadline_seconds = Some(DEADLINE);
    let (updated, replicas, ready, available) = counts;
    deployment.status = Some(DeploymentStatus {
        updated_replicas: Some(updated),
        replicas: Some(replicas),
        ready_replicas: Some(ready),
        available_replicas: Some(available),
        observed_generation: Some(1),
        conditions: Some(vec![condition(PROGRESSING, status, reason, "before", at(SINCE))]),
        ..DeploymentStatus::default()
    });
    deployment
}

fn new_of(size: i32, available: i32) -> Set {
    Set { available, ..Set::full("web-1", "app:1", size) }
}

#[test]
fn progress_is_judged_by_counts_and_time() {
    // DEP-52, DEP-53, DEP-56
    let late = SINCE + i64::from(DEADLINE) + 1;
    let rows = [
        ("complete", (5, 5, 5, 5), "ReplicaSetUpdated", (10, 10), 1001, ("True", "NewReplicaSetAvailable")),
        (
            "complete after its deadline",
            (5, 5, 5, 5),
            "ProgressDeadlineExceeded",
            (10, 10),
            late,
            ("True", "NewReplicaSetAvailable"),
        ),
        (
            "more are available",
            (10, 10, 8, 8),
            "NewReplicaSetCreated",
            (10, 9),
            1001,
            ("True", "ReplicaSetUpdated"),
        ),
        ("more are new", (8, 8, 8, 8), "NewReplicaSetCreated", (10, 8), 1001, ("True", "ReplicaSetUpdated")),
        ("fewer are old", (8, 10, 8, 8), "NewReplicaSetCreated", (8, 8), 1001, ("True", "ReplicaSetUpdated")),
        (
            "progress after its deadline",
            (10, 10, 8, 8),
            "ProgressDeadlineExceeded",
            (10, 9),
            late,
            ("True", "ReplicaSetUpdated"),
        ),
        (
            "nothing yet",
            (10, 10, 8, 8),
            "ReplicaSetUpdated",
            (10, 8),
            late - 1,
            ("True", "ReplicaSetUpdated"),
        ),
        (
            "nothing for too long",
            (10, 10, 8, 8),
            "ReplicaSetUpdated",
            (10, 8),
            late,
            ("False", "ProgressDeadlineExceeded"),
        ),
        (
            "fewer are available for too long",
            (10, 10, 8, 8),
            "ReplicaSetUpdated",
            (10, 7),
            late,
            ("False", "ProgressDeadlineExceeded"),
        ),
        (
            "what has succeeded stays so",
            (10, 10, 10, 10),
            "NewReplicaSetAvailable",
            (10, 3),
            late,
            ("True", "NewReplicaSetAvailable"),
        ),
    ];
    for (name, before, reason, (size, available), now, (status, expected)) in rows {
        let before_status = if reason == TIMED_OUT { "False" } else { "True" };
        let observed = observe(standing(before, before_status, reason), vec![new_of(size, available)]);
        let after = rolled_out(&observed, at(now));
        let found = current(Some(&after)).expect("it has one");
        assert_eq!((found.status(), found.reason()), (status, expected), "{name}");
    }
}

#[test]
fn progress_is_stamped_anew_and_keeps_the_time_of_its_last_change() {
    // DEP-53
    let observed = observe(standing((10, 10, 8, 8), "True", "ReplicaSetUpdated"), vec![new_of(10, 9)]);
    let after = rolled_out(&observed, at(1100));
    let found = current(Some(&after)).expect("it has one");
    let times = (found.last_update_time.clone(), found.last_transition_time.clone());
    assert_eq!(times.0.map(|time| time.0), Some(at(1100)));
    assert_eq!(times.1.map(|time| time.0), Some(at(SINCE)));
}

#[test]
fn without_a_deadline_nobody_speaks_of_progress() {
    // DEP-54
    let mut endless = standing((10, 10, 8, 8), "True", "ReplicaSetUpdated");
    endless.spec.progress_deadline_seconds = Some(i32::MAX);
    let observed = observe(endless, vec![new_of(10, 9)]);
    let after = rolled_out(&observed, at(1100));
    assert_eq!(current(Some(&after)), None);
    assert_eq!(next_look(&observed, &after, at(1100)), None);
}

#[test]
fn a_rollout_is_looked_at_again_after_its_deadline() {
    // DEP-57
    let rows = [
        ("just begun", "ReplicaSetUpdated", (10, 8), SINCE, Some(601)),
        ("in between", "ReplicaSetUpdated", (10, 8), SINCE + 500, Some(101)),
        ("about to be late", "ReplicaSetUpdated", (10, 8), SINCE + 600, Some(1)),
        ("said to be late", "ProgressDeadlineExceeded", (10, 8), SINCE + 700, None),
        ("complete", "ReplicaSetUpdated", (10, 10), SINCE, None),
        ("once complete", "NewReplicaSetAvailable", (10, 8), SINCE, None),
    ];
    for (name, reason, (size, available), now, expected) in rows {
        let observed = observe(standing((10, 10, 8, 8), "True", reason), vec![new_of(size, available)]);
        let status = status::counted(&observed, at(now));
        let look = next_look(&observed, &status, at(now));
        assert_eq!(look, expected.map(Duration::from_secs), "{name}");
    }
}

#[test]
fn pausing_and_resuming_are_said_unless_it_is_too_late() {
    // DEP-44
    let rows = [
        ("ReplicaSetUpdated", true, Some("DeploymentPaused")),
        ("DeploymentPaused", true, None),
        ("DeploymentPaused", false, Some("DeploymentResumed")),
        ("DeploymentResumed", false, None),
        ("DeploymentResumed", true, Some("DeploymentPaused")),
        ("ProgressDeadlineExceeded", true, None),
    ];
    for (reason, paused, expected) in rows {
        let mut deployment = standing((10, 10, 8, 8), "True", reason);
        deployment.spec.paused = Some(paused);
        let change = pause_change(&observe(deployment, Vec::new()), at(1100));
        let found = change.as_ref().map(|change| (change.status(), change.reason()));
        assert_eq!(found, expected.map(|reason| ("Unknown", reason)), "{reason} {paused}");
    }
}
