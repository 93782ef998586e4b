use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::framework::Score;
use crate::plugins;
use crate::testing::{Cluster, requests};

#[test]
fn the_more_nodes_the_smaller_the_share_that_is_looked_for() {
    // SCHED-11
    for (nodes, percentage, expect) in [
        (99, 0, 99),
        (100, 0, 100),
        (150, 0, 100),
        (1000, 0, 420),
        (5000, 0, 500),
        (20_000, 0, 1000),
        (1000, 30, 300),
        (1000, 1, 100),
    ] {
        assert_eq!(feasible_wanted(nodes, percentage), expect, "{nodes} {percentage}");
    }
}

#[test]
fn the_search_goes_on_where_it_stopped() {
    // SCHED-11: 300 nodes, 142 are looked for.
    let mut cluster = Cluster::new();
    for number in 0..300 {
        cluster.node(&format!("node-{number:03}"), json!({}));
    }
    let pod = cluster.pod("pod", json!({}));
    let profile = Profile::empty().filter(plugins::NodeResourcesFit);
    let mut first = Vec::new();
    for _ in 0..3 {
        let cycle = Cycle::new(&pod, &cluster.cache);
        let feasible = cluster.placer.filter(&cycle, &profile).expect("all fit");
        assert_eq!(feasible.len(), 300 * 48 / 100);
        first.push(feasible[0].name.to_string());
    }
    assert_eq!(first, ["node-000", "node-144", "node-288"]);
}

#[test]
fn ties_are_broken_at_random_and_all_win_sometimes() {
    // SCHED-03
    let mut cluster = Cluster::new();
    for name in ["a", "b", "c"] {
        cluster.node(name, json!({}));
    }
    let pod = cluster.pod("pod", json!({}));
    let mut wins: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..300 {
        *wins.entry(cluster.place(&Profile::upstream(), &pod).expect("all fit")).or_default() += 1;
    }
    assert!(wins.len() == 3 && wins.values().all(|wins| *wins > 60), "{wins:?}");
}

/// Gives the score that the node's name says.
#[derive(Debug)]
struct Named(&'static str);

impl Score for Named {
    fn name(&self) -> &'static str {
        self.0
    }

    fn prepare<'a>(
        &self,
        _cycle: &Cycle<'a>,
        _nodes: &[&'a NodeInfo],
    ) -> Option<Box<dyn crate::framework::Rate + 'a>> {
        let name = self.0;
        Some(Box::new(move |node: &NodeInfo| if &*node.name == name { 10 } else { 0 }))
    }
}

impl<F: Fn(&NodeInfo) -> i64> crate::framework::Rate for F {
    fn score(&self, node: &NodeInfo) -> i64 {
        self(node)
    }
}

#[test]
fn scores_count_by_weight() {
    // SCHED-03
    let mut cluster = Cluster::new();
    for name in ["a", "b"] {
        cluster.node(name, json!({}));
    }
    let pod = cluster.pod("pod", json!({}));
    let profile = Profile::empty().score(Named("a"), 3).score(Named("b"), 2);
    assert_eq!(cluster.place(&profile, &pod).as_deref(), Ok("a"));
    let profile = Profile::empty().score(Named("a"), 2).score(Named("b"), 3);
    assert_eq!(cluster.place(&profile, &pod).as_deref(), Ok("b"));
}

#[test]
fn a_node_is_never_overcommitted_and_frees_what_leaves() {
    // SCHED-12
    let mut cluster = Cluster::new();
    cluster.node("a", json!({}));
    for number in 0..4 {
        let pod = cluster.pod(&format!("p{number}"), requests("1", "1Gi"));
        assert_eq!(cluster.place(&Profile::upstream(), &pod).as_deref(), Ok("a"));
        cluster.cache.assume(pod, &"a".into());
    }
    let fifth = cluster.pod("p4", requests("1", "1Gi"));
    assert_eq!(cluster.reasons(&fifth), "1 Insufficient cpu");
    let uid = cluster.pod("p0", json!({})).uid.clone();
    assert!(cluster.cache.forget(&uid) && !cluster.cache.forget(&uid));
    assert_eq!(cluster.place(&Profile::upstream(), &fifth).as_deref(), Ok("a"));
}
