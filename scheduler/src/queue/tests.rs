use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;
use setpoint_core::object::Text;

use super::*;
use crate::cache::NodeInfo;
use crate::framework::{ClusterEvent, Cycle, Filter, Prepared, Rejectors};
use crate::pod::PodInfo;
use crate::testing::Cluster;

use std::sync::Arc;

use setpoint_core::env::Instant;

/// A filter that is helped by new nodes that have its label.
#[derive(Debug)]
struct Needs(&'static str);

impl Filter for Needs {
    fn name(&self) -> &'static str {
        self.0
    }

    fn prepare<'a>(&self, _cycle: &Cycle<'a>) -> Prepared<'a> {
        Prepared::Skip
    }

    fn is_helped_by(&self, _pod: &PodInfo, event: &ClusterEvent<'_>) -> bool {
        match event {
            ClusterEvent::Node { new, .. } => new.labels.contains_key(self.0),
            ClusterEvent::Itself { new, .. } => new.cohort.labels.contains_key(self.0),
            _ => false,
        }
    }
}

fn queue() -> SchedulingQueue {
    SchedulingQueue::new(vec![Arc::new(Needs("a")), Arc::new(Needs("b"))], Backoff::UPSTREAM)
}

fn at(millis: u64) -> Instant {
    Instant::after_start(Duration::from_millis(millis))
}

fn by(places: &[usize]) -> Rejectors {
    let mut rejectors = Rejectors::NONE;
    places.iter().for_each(|place| rejectors.insert(*place));
    rejectors
}

fn node(cluster: &mut Cluster, label: &str) -> NodeInfo {
    NodeInfo::of(&cluster.node_object("node", json!({"metadata": {"labels": {label: "x"}}})))
}

fn name(queued: &QueuedPod) -> &str {
    queued.pod.name()
}

#[test]
fn the_highest_priority_goes_first_and_then_the_oldest() {
    // SCHED-05
    let (mut cluster, mut queue) = (Cluster::new(), queue());
    for (pod, priority, second) in [("a", 0, 3), ("b", 5, 2), ("c", 0, 1), ("d", 5, 2)] {
        queue.add(cluster.pod(pod, json!({"spec": {"priority": priority}})), at(second * 1000));
    }
    let order: Vec<Text> = std::iter::from_fn(|| queue.pop()).map(|pod| name(&pod).into()).collect();
    assert_eq!(order, ["b", "d", "c", "a"].map(Text::from));
}

#[test]
fn a_refused_pod_waits_for_what_helps_a_filter_that_refused_it() {
    // SCHED-08, SCHED-09
    let (mut cluster, mut queue) = (Cluster::new(), queue());
    let (a, b) = (node(&mut cluster, "a"), node(&mut cluster, "b"));
    queue.add(cluster.pod("p", json!({})), at(0));
    let pod = queue.pop().expect("it is ready");
    queue.reject(pod, by(&[0]), at(0));
    assert!(!queue.is_ready());
    queue.happened(&ClusterEvent::Node { old: None, new: &b }, at(100));
    assert_eq!(queue.counts(), Counts { unschedulable: 1, ..Counts::default() });
    queue.happened(&ClusterEvent::Node { old: None, new: &a }, at(100));
    assert_eq!(queue.counts(), Counts { backoff: 1, ..Counts::default() });
    assert_eq!(queue.next_due(), Some(at(1000)));
    queue.tick(at(1000));
    assert_eq!(queue.counts(), Counts { active: 1, ..Counts::default() });
}

#[test]
fn back_off_is_cut_short_if_nobody_else_waits() {
    // SCHED-06
    let (mut cluster, mut queue) = (Cluster::new(), queue());
    let a = node(&mut cluster, "a");
    queue.add(cluster.pod("p", json!({})), at(0));
    let pod = queue.pop().expect("it is ready");
    queue.reject(pod, by(&[0]), at(0));
    queue.happened(&ClusterEvent::Node { old: None, new: &a }, at(100));
    queue.add(cluster.pod("q", json!({})), at(100));
    assert_eq!(queue.pop().as_ref().map(name), Some("q"));
    assert_eq!(queue.pop().as_ref().map(name), Some("p"));
}

#[test]
fn after_an_error_back_off_is_served_in_full() {
    // SCHED-06
    let (mut cluster, mut queue) = (Cluster::new(), queue());
    queue.add(cluster.pod("p", json!({})), at(0));
    let mut now = at(0);
    for seconds in [1, 2, 4, 8, 10, 10] {
        let pod = queue.pop().expect("its back-off is over");
        queue.fail(pod, now);
        assert!(queue.pop().is_none());
        assert_eq!(queue.next_due(), Some(now + Duration::from_secs(seconds)));
        now += Duration::from_secs(seconds);
        queue.tick(now);
    }
    // A refusal ends the row of errors.
    let pod = queue.pop().expect("its back-off is over");
    queue.reject(pod, by(&[0]), now);
    assert_eq!(queue.counts().unschedulable, 1);
}

#[test]
fn after_five_minutes_a_refused_pod_is_tried_whatever_happens() {
    // SCHED-07
    let (mut cluster, mut queue) = (Cluster::new(), queue());
    queue.add(cluster.pod("p", json!({})), at(10_000));
    let pod = queue.pop().expect("it is ready");
    queue.reject(pod, by(&[0]), at(10_000));
    assert_eq!(queue.next_due(), Some(at(330_000)));
    queue.tick(at(329_999));
    assert!(!queue.is_ready());
    queue.tick(at(330_000));
    assert!(queue.is_ready());
}

#[test]
fn gates_hold_a_pod_until_the_last_is_gone() {
    // SCHED-10
    let (mut cluster, mut queue) = (Cluster::new(), queue());
    queue.add(cluster.pod("p", json!({"spec": {"schedulingGates": [{"name": "g"}]}})), at(0));
    assert_eq!(queue.counts(), Counts { gated: 1, ..Counts::default() });
    assert!(queue.pop().is_none());
    queue.update(cluster.pod("p", json!({})), at(5));
    assert_eq!(queue.pop().as_ref().map(name), Some("p"));
}

#[test]
fn its_own_change_helps_a_refused_pod() {
    // SCHED-08
    let (mut cluster, mut queue) = (Cluster::new(), queue());
    queue.add(cluster.pod("p", json!({})), at(0));
    let pod = queue.pop().expect("it is ready");
    queue.reject(pod, by(&[0]), at(0));
    queue.update(cluster.pod("p", json!({"metadata": {"annotations": {"x": "y"}}})), at(2000));
    assert!(!queue.is_ready());
    queue.update(cluster.pod("p", json!({"metadata": {"labels": {"a": "y"}}})), at(2000));
    assert_eq!(queue.counts().active, 1);
}

/// What happens to a queue.
#[derive(Debug, Clone)]
enum Step {
    Add(usize, i32, bool),
    Remove(usize),
    PopAndReject(usize),
    PopAndFail,
    PopAndKeep,
    Node(bool),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..8usize, 0..3i32, proptest::bool::weighted(0.1)).prop_map(|(p, i, g)| Step::Add(p, i, g)),
        1 => (0..8usize).prop_map(Step::Remove),
        4 => (0..3usize).prop_map(Step::PopAndReject),
        2 => Just(Step::PopAndFail),
        2 => Just(Step::PopAndKeep),
        2 => any::<bool>().prop_map(Step::Node),
        3 => prop_oneof![0..3000u64, 0..400_000u64].prop_map(Step::Wait),
    ]
}

/// The same as a list that is searched anew for every question.
#[derive(Default)]
struct Model {
    waiting: Vec<Waiting>,
    arrivals: u64,
}

#[derive(Clone)]
struct Waiting {
    pod: usize,
    priority: i32,
    since: u64,
    arrival: u64,
    refused: u32,
    errors: u32,
    state: State,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Active,
    Gated,
    Backoff { end: u64, after_error: bool },
    Unschedulable(usize),
}

impl Model {
    fn take(&mut self, pod: usize) -> Option<Waiting> {
        let at = self.waiting.iter().position(|waiting| waiting.pod == pod)?;
        Some(self.waiting.remove(at))
    }

    fn put(&mut self, mut waiting: Waiting, state: State) {
        self.arrivals += 1;
        waiting.arrival = self.arrivals;
        waiting.state = state;
        self.waiting.push(waiting);
    }

    fn back_off(&mut self, waiting: Waiting, now: u64) {
        let count = if waiting.errors > 0 { waiting.errors } else { waiting.refused };
        let seconds = if count == 0 { 0 } else { (1u64 << (count - 1).min(10)).min(10) };
        let end = (waiting.since + seconds * 1000) / 1000 * 1000;
        let state =
            if end > now { State::Backoff { end, after_error: waiting.errors > 0 } } else { State::Active };
        self.put(waiting, state);
    }

    fn pop(&mut self) -> Option<Waiting> {
        let rank = |waiting: &Waiting| match waiting.state {
            State::Active => Some((0, i64::from(-waiting.priority), waiting.since, waiting.arrival)),
            State::Backoff { end, after_error: false } => Some((1, 0, end, waiting.arrival)),
            _ => None,
        };
        let first = self.waiting.iter().filter_map(|w| Some((rank(w)?, w.pod))).min()?;
        self.take(first.1)
    }

    fn tick(&mut self, now: u64) {
        let mut ended: Vec<(u64, bool, u64, usize)> = Vec::new();
        for waiting in &self.waiting {
            if let State::Backoff { end, after_error } = waiting.state
                && end <= now
            {
                ended.push((u64::from(after_error), after_error, end, waiting.pod));
            }
        }
        ended.sort_by_key(|(group, _, end, pod)| {
            let arrival = self.waiting.iter().find(|w| w.pod == *pod).map(|w| w.arrival);
            (*group, *end, arrival)
        });
        for (_, _, _, pod) in ended {
            let waiting = self.take(pod).expect("it waits");
            self.put(waiting, State::Active);
        }
        let flush = |since: u64| ((since + 300_000) / 30_000 + 1) * 30_000;
        self.release(now, |w| matches!(w.state, State::Unschedulable(_)) && flush(w.since) <= now);
    }

    fn release(&mut self, now: u64, which: impl Fn(&Waiting) -> bool) {
        let mut released: Vec<Waiting> = self.waiting.iter().filter(|w| which(w)).cloned().collect();
        released.sort_by_key(|waiting| (waiting.since, waiting.arrival));
        for waiting in released {
            let waiting = self.take(waiting.pod).expect("it waits");
            self.back_off(waiting, now);
        }
    }

    fn counts(&self) -> Counts {
        let count = |is: fn(&State) -> bool| self.waiting.iter().filter(|w| is(&w.state)).count();
        Counts {
            active: count(|state| *state == State::Active),
            backoff: count(|state| matches!(state, State::Backoff { .. })),
            unschedulable: count(|state| matches!(state, State::Unschedulable(_))),
            gated: count(|state| *state == State::Gated),
        }
    }
}

/// Pods are refused by the first filter, by the second, or by both.
const REJECTORS: [&[usize]; 3] = [&[0], &[1], &[0, 1]];

proptest! {
    #[test]
    fn it_does_what_a_list_does(steps in proptest::collection::vec(step(), 1..80)) {
        let (mut cluster, mut queue, mut model) = (Cluster::new(), queue(), Model::default());
        let nodes = [node(&mut cluster, "a"), node(&mut cluster, "b")];
        let mut now = 0;
        for step in steps {
            match step {
                Step::Add(pod, priority, is_gated) => {
                    // One that waits is not added again: that is an update.
                    if model.waiting.iter().any(|waiting| waiting.pod == pod) {
                        continue;
                    }
                    let gates = if is_gated { json!([{"name": "g"}]) } else { json!([]) };
                    let spec = json!({"priority": priority, "schedulingGates": gates});
                    queue.add(cluster.pod(&format!("p{pod}"), json!({"spec": spec})), at(now));
                    let state = if is_gated { State::Gated } else { State::Active };
                    let new = Waiting { pod, priority, since: now, arrival: 0, refused: 0, errors: 0, state };
                    model.put(new, state);
                }
                Step::Remove(pod) => {
                    let uid = cluster.pod(&format!("p{pod}"), json!({})).uid.clone();
                    prop_assert_eq!(queue.remove(&uid), model.take(pod).is_some());
                }
                Step::PopAndReject(_) | Step::PopAndFail | Step::PopAndKeep => {
                    let (got, expect) = (queue.pop(), model.pop());
                    let expected = expect.as_ref().map(|waiting| format!("p{}", waiting.pod));
                    prop_assert_eq!(got.as_ref().map(|pod| name(pod).to_owned()), expected);
                    let (Some(got), Some(mut expect)) = (got, expect) else { continue };
                    expect.since = now;
                    match step {
                        Step::PopAndReject(which) => {
                            queue.reject(got, by(REJECTORS[which]), at(now));
                            expect.refused += 1;
                            expect.errors = 0;
                            model.put(expect, State::Unschedulable(which));
                        }
                        Step::PopAndFail => {
                            queue.fail(got, at(now));
                            expect.errors += 1;
                            model.back_off(expect, now);
                        }
                        _ => {}
                    }
                }
                Step::Node(second) => {
                    let which = usize::from(second);
                    queue.happened(&ClusterEvent::Node { old: None, new: &nodes[which] }, at(now));
                    model.release(now, |waiting| match waiting.state {
                        State::Unschedulable(by) => REJECTORS[by].contains(&which),
                        _ => false,
                    });
                }
                Step::Wait(millis) => {
                    now += millis;
                    queue.tick(at(now));
                    model.tick(now);
                    prop_assert!(queue.next_due().is_none_or(|due| due > at(now)));
                }
            }
            prop_assert_eq!(queue.counts(), model.counts());
        }
    }
}
