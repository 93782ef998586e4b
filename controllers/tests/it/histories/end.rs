use std::time::Duration;

use k8s_openapi::api::apps::v1::{DeploymentSpec, DeploymentStatus};
use serde_json::json;
use setpoint_controllers::pod::{Readiness, is_active};
use setpoint_core::conditions::{self, Condition};

use super::ledger;
use super::step::Step;
use super::story::Story;

/// How many replicas are wanted in the end: another number than any step asks for, since a stale stamp holds up a
/// roll-out until another number is wanted (DEP-27, DEP-33).
const REPLICAS: i32 = 13;
/// Rounds of pods becoming ready and going, after which everything is at rest.
const ROUNDS_MAX: usize = 200;

/// Everything is healed, and becomes what is wanted.
pub(super) async fn heal(story: &mut Story) {
    check_deadline(story).await;
    for step in [Step::NoQuota, Step::Seconds(1100)] {
        story.cluster.happen(step).await;
    }
    // One that is on its way out waits for its pods.
    while story.cluster.web().is_some_and(|web| !ledger::is_live(&web)) {
        story.cluster.gone(usize::MAX).await;
        story.cluster.settle().await;
    }
    story.cluster.create(REPLICAS).await;
    story
        .cluster
        .respec(|spec| {
            (spec.paused, spec.replicas, spec.min_ready_seconds) = (None, Some(REPLICAS), Some(0));
            spec.strategy = serde_json::from_value(json!({"type": "RollingUpdate"})).expect("a strategy");
        })
        .await;
    rest(story).await;
    check_goal(story);
    check_silence(story).await;
}

/// INV-DP-09: nobody stands still and says nothing.
async fn check_deadline(story: &mut Story) {
    story.ledger.begin();
    let Some(spec) = story.cluster.web().and_then(|web| web.spec::<DeploymentSpec>().cloned()) else {
        return;
    };
    let deadline = spec.progress_deadline_seconds.unwrap_or(600).unsigned_abs().into();
    // What becomes available meanwhile is progress, and sets the clock back.
    story.cluster.env.sleep(Duration::from_secs(deadline) * 2 + Duration::from_secs(60)).await;
    story.catch_up();
    let Some(web) = story.ledger.web.as_ref().filter(|web| ledger::is_live(web)) else { return };
    let is_stale = |set: &setpoint_core::object::ObjectRef| {
        ledger::size(set) > 0 && ledger::desired(set).is_some_and(|desired| Some(desired) != spec.replicas)
    };
    // Those are not rolled out, but scaled, or wait for that (DEP-27, DEP-33).
    if ledger::is_paused(web) || story.ledger.owned().any(is_stale) {
        return;
    }
    let status = web.status::<DeploymentStatus>().cloned().unwrap_or_default();
    let all = [status.replicas, status.updated_replicas, status.available_replicas];
    let is_complete = all.iter().all(|count| count.unwrap_or(0) == spec.replicas.unwrap_or(1));
    let condition =
        conditions::find(status.conditions.iter().flatten(), "Progressing").expect("there is one");
    // Who goes back to a template that was there says nothing until something progresses (DEP-54).
    let is_said = ["ProgressDeadlineExceeded", "NewReplicaSetAvailable"].contains(&condition.reason());
    assert!(is_complete || is_said, "INV-DP-09: {condition:?}");
}

/// Pods become ready, or are gone, until nothing happens any more.
async fn rest(story: &mut Story) {
    for _ in 0..ROUNDS_MAX {
        story.ledger.begin();
        story.cluster.set_ready(usize::MAX, true).await;
        story.cluster.gone(usize::MAX).await;
        story.cluster.settle().await;
        if !story.catch_up() {
            return;
        }
    }
    panic!("INV-C-01: it does not come to rest");
}

/// INV-C-01, INV-C-06, INV-DP-06, INV-DP-09, INV-RS-06: it is what is wanted, whatever was before.
fn check_goal(story: &Story) {
    let (cluster, web) = (&story.cluster, story.ledger.web.as_ref().expect("it was created"));
    let full: Vec<_> = story.ledger.owned().filter(|set| ledger::size(set) > 0).collect();
    let [new] = full[..] else { panic!("INV-C-01: {} ReplicaSets have pods", full.len()) };
    assert_eq!(ledger::size(new), i64::from(REPLICAS), "INV-C-01");
    assert_eq!(ledger::template(new), ledger::wanted_template(web), "INV-C-01: an old template");
    let uid = ledger::uid_of(new);
    let own = cluster.all(cluster.kinds.pods).into_iter().filter(|pod| {
        let is_own = pod.meta().controller().is_some_and(|owner| owner.uid.to_string() == uid);
        is_own && is_active(pod) && Readiness::of(pod).is_ready()
    });
    assert_eq!(own.count(), usize::try_from(REPLICAS).expect("it is small"), "INV-RS-06");
    let status = web.status::<DeploymentStatus>().cloned().unwrap_or_default();
    let all = [status.replicas, status.updated_replicas, status.ready_replicas, status.available_replicas];
    assert_eq!(all, [Some(REPLICAS); 4], "INV-C-01");
    assert_eq!(status.observed_generation, Some(web.meta().generation), "INV-C-08");
    for type_ in ["Available", "Progressing"] {
        let condition = conditions::find(status.conditions.iter().flatten(), type_).expect("there is one");
        assert_eq!(condition.status(), "True", "INV-DP-09: {condition:?}");
    }
    let limit = web.spec::<DeploymentSpec>().and_then(|spec| spec.revision_history_limit).unwrap_or(10);
    let old = story.ledger.owned().filter(|set| ledger::is_live(set)).count() - 1;
    assert!(old <= usize::try_from(limit).expect("it is small"), "INV-DP-06: {old} old ReplicaSets are kept");
}

/// INV-C-02: at rest nothing is written.
async fn check_silence(story: &mut Story) {
    story.cluster.env.sleep(Duration::from_secs(3600)).await;
    assert!(!story.catch_up(), "INV-C-02: something is written at rest");
}
