use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::testing::{Cluster, merge, requests};

struct World {
    cluster: Cluster,
    state: Scheduling,
    now: Instant,
}

impl World {
    fn new() -> Self {
        let random = Random::seeded(1);
        let profile = Profile::upstream();
        let state = Scheduling::new("default-scheduler", profile, Backoff::UPSTREAM, 0, random);
        Self { cluster: Cluster::new(), state, now: Instant::START }
    }

    fn node(&mut self, name: &str, more: Value) {
        let node = self.cluster.node_object(name, more);
        self.state.node_changed(&node, self.now);
    }

    fn pod(&mut self, name: &str, more: Value) -> ObjectRef {
        let pod = self.cluster.pod_object(name, more);
        self.state.pod_changed(&pod, self.now);
        pod
    }

    /// What is decided next, as text.
    fn decide(&mut self) -> String {
        self.state
            .decide(None, self.now)
            .map_or_else(|| "nothing".to_owned(), |decision| decision.to_string())
    }

    fn assignment(&mut self) -> Assignment {
        match self.state.decide(None, self.now) {
            Some(Decision::Bind(assignment)) => assignment,
            other => panic!("{other:?} instead of an assignment"),
        }
    }
}

fn on(node: &str) -> Value {
    json!({"spec": {"nodeName": node}})
}

#[test]
fn pods_of_other_schedulers_are_left_alone() {
    // SCHED-04
    let mut world = World::new();
    world.node("a", json!({}));
    world.pod("other", json!({"spec": {"schedulerName": "mine"}}));
    assert_eq!(world.decide(), "nothing");
    world.pod("ours", json!({"spec": {"schedulerName": "default-scheduler"}}));
    assert_eq!(world.decide(), "default/ours goes to a");
}

#[test]
fn a_new_node_wakes_the_refused_whether_it_comes_before_or_after() {
    // SCHED-08
    for (new_node, expect) in [("b", "default/p goes to b"), ("c", "nothing")] {
        let mut world = World::new();
        world.node("a", json!({"spec": {"unschedulable": true}}));
        world.pod("p", json!({}));
        assert!(world.decide().contains("1 node(s) were unschedulable"));
        world.node(new_node, json!({"spec": {"unschedulable": new_node == "c"}}));
        assert_eq!(world.decide(), expect);
    }
}

#[test]
fn irrelevant_changes_of_a_node_wake_nobody() {
    // SCHED-09
    let mut world = World::new();
    world.node("a", json!({}));
    world.pod("p", requests("8", "1Gi"));
    assert!(world.decide().contains("Insufficient cpu"));
    world.node("a", json!({"metadata": {"annotations": {"x": "y"}}}));
    world.node("a", json!({"metadata": {"labels": {"x": "y"}}}));
    world.node("a", json!({"status": {"allocatable": {"cpu": "5"}}}));
    assert_eq!(world.decide(), "nothing");
    world.node("a", json!({"status": {"allocatable": {"cpu": "9"}}}));
    assert_eq!(world.decide(), "default/p goes to a");
}

#[test]
fn an_assumed_pod_counts_until_it_is_confirmed_or_fails() {
    // SCHED-12
    let mut world = World::new();
    world.node("a", json!({}));
    let pod = world.pod("p", requests("3", "1Gi"));
    let assignment = world.assignment();
    world.pod("q", requests("3", "1Gi"));
    assert!(world.decide().contains("Insufficient cpu"));
    // It fails: q is woken, and p backs off.
    assert_eq!(world.state.bind_failed(assignment, Some(&pod), world.now), Unbound::Requeued);
    assert_eq!(world.decide(), "default/q goes to a");
    let mut bound = requests("3", "1Gi");
    merge(&mut bound, on("a"));
    world.pod("q", bound);
    assert!(!world.state.cache().is_assumed(&Uid::new("uid-q")));
    assert_eq!(world.decide(), "nothing");
    world.now += Duration::from_secs(1);
    world.state.tick(world.now);
    assert!(world.decide().contains("Insufficient cpu"));
}

#[test]
fn a_pod_that_is_bound_after_all_is_not_tried_again() {
    // SCHED-14
    let mut world = World::new();
    world.node("a", json!({}));
    world.pod("p", json!({}));
    let assignment = world.assignment();
    let bound = world.cluster.pod_object("p", on("a"));
    assert_eq!(world.state.bind_failed(assignment.clone(), Some(&bound), world.now), Unbound::Settled);
    assert_eq!(world.state.cache().node("a").map(|node| node.pods), Some(1));
    assert_eq!(world.state.bind_failed(assignment, None, world.now), Unbound::Settled);
}

#[test]
fn pods_that_end_or_go_make_room() {
    // SCHED-08
    let mut world = World::new();
    world.node("a", json!({}));
    for name in ["x", "y"] {
        let mut pod = requests("2", "1Gi");
        merge(&mut pod, on("a"));
        world.pod(name, pod);
    }
    world.pod("p", requests("2", "1Gi"));
    world.pod("q", requests("2", "1Gi"));
    assert!(world.decide().contains("Insufficient cpu"));
    assert!(world.decide().contains("Insufficient cpu"));
    let mut ended = on("a");
    merge(&mut ended, json!({"status": {"phase": "Succeeded"}}));
    world.pod("x", ended);
    assert!(world.decide().contains("goes to a"));
    assert!(world.decide().contains("Insufficient cpu"));
    world.state.pod_removed(&Uid::new("uid-y"), world.now);
    assert!(world.decide().contains("goes to a"));
}

#[test]
fn what_is_told_again_changes_nothing() {
    let mut world = World::new();
    world.node("a", json!({}));
    let old = world.cluster.pod_object("p", json!({}));
    let bound = world.cluster.pod_object("p", on("a"));
    world.state.pod_changed(&bound, world.now);
    world.state.pod_changed(&bound, world.now);
    world.state.pod_changed(&old, world.now);
    assert_eq!(world.state.cache().node("a").map(|node| node.pods), Some(1));
    assert_eq!(world.decide(), "nothing");
}

#[test]
fn what_went_unseen_is_forgotten() {
    let mut world = World::new();
    for node in ["a", "b"] {
        world.node(node, json!({}));
    }
    world.pod("here", on("a"));
    world.pod("gone", on("a"));
    world.pod("waiting", json!({}));
    let here = Uid::new("uid-here");
    world.state.retain(|uid| *uid == here, |node| node == "a", world.now);
    assert_eq!(world.state.cache().node_count(), 1);
    assert_eq!(world.state.cache().node("a").map(|node| node.pods), Some(1));
    assert_eq!(world.decide(), "nothing");
}

#[test]
fn a_pod_that_is_being_deleted_is_skipped() {
    // SCHED-04
    let mut world = World::new();
    world.node("a", json!({}));
    world.pod("p", json!({"metadata": {"deletionTimestamp": "2030-01-01T00:00:00Z"}}));
    assert_eq!(world.decide(), "default/p is being deleted");
    assert_eq!(world.decide(), "nothing");
}
