use serde_json::{Value, json};

use super::*;
use crate::framework::{Cycle, Profile, Score};
use crate::pod::PodInfo;
use crate::testing::{Cluster, merge, requests};

/// What a score gives each node, in order of names.
fn scores(cluster: &Cluster, score: &dyn Score, pod: &PodInfo) -> Option<Vec<i64>> {
    let nodes: Vec<_> = cluster.cache.nodes().collect();
    let rate = score.prepare(&Cycle::new(pod, &cluster.cache), &nodes)?;
    let mut scores: Vec<i64> = nodes.iter().map(|node| rate.score(node)).collect();
    rate.normalize(&mut scores);
    Some(scores)
}

fn labels(labels: Value) -> Value {
    json!({"metadata": {"labels": labels}})
}

#[test]
fn every_refusal_says_why_in_upstreams_words() {
    // SCHED-15, SCHED-20, SCHED-22, SCHED-24, SCHED-25
    let selector = |key: &str| json!({"spec": {"nodeSelector": {key: "x"}}});
    let port =
        json!({"spec": {"containers": [{"name": "main", "ports": [{"containerPort": 1, "hostPort": 80}]}]}});
    let named = json!({"spec": {"affinity": {"nodeAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
            {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["a"]}]}]}}}}});
    let claim = json!({"spec": {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]}});
    let devices = json!({"spec": {"resourceClaims": [{"name": "gpu", "resourceClaimName": "g"}]}});
    let table = [
        ("all is well", json!({}), json!({}), "fits a"),
        ("too much cpu", json!({}), requests("5", "1Mi"), "1 Insufficient cpu"),
        ("too much of both", json!({}), requests("5", "9Gi"), "1 Insufficient cpu, 1 Insufficient memory"),
        ("no pods", json!({"status": {"allocatable": {"pods": "0"}}}), json!({}), "1 Too many pods"),
        ("cordoned", json!({"spec": {"unschedulable": true}}), json!({}), "1 node(s) were unschedulable"),
        (
            "tainted",
            json!({"spec": {"taints": [{"key": "a", "effect": "NoExecute"}]}}),
            json!({}),
            "1 node(s) had untolerated taint(s)",
        ),
        (
            "tainted and tolerated",
            json!({"spec": {"taints": [{"key": "a", "effect": "NoExecute"}]}}),
            json!({"spec": {"tolerations": [{"operator": "Exists"}]}}),
            "fits a",
        ),
        ("wrong label", json!({}), selector("disk"), "1 node(s) didn't match Pod's node affinity/selector"),
        ("right label", labels(json!({"disk": "x"})), selector("disk"), "fits a"),
        ("port", json!({}), port, "1 node(s) didn't have free ports for the requested pod ports"),
        ("named", json!({}), named, "fits a"),
        ("claim", json!({}), claim, "persistentvolumeclaim \"data\" not found"),
        ("devices", json!({}), devices, "pods with resource claims are not supported by this scheduler"),
    ];
    for (what, node, pod, expect) in table {
        let mut cluster = Cluster::new();
        cluster.node("a", node);
        let taken = json!({"spec": {"containers": [{"name": "main", "ports": [
            {"containerPort": 1, "hostPort": 80, "hostIP": "127.0.0.1"}]}]}});
        if what == "port" {
            cluster.placed("taken", "a", taken);
        }
        let pod = cluster.pod("pod", pod);
        assert_eq!(cluster.reasons(&pod), expect, "{what}");
    }
}

#[test]
fn a_pod_for_one_node_is_refused_by_all_others() {
    // SCHED-20: as pods of daemon sets are.
    let mut cluster = Cluster::new();
    for name in ["a", "b", "c"] {
        cluster.node(name, json!({"status": {"allocatable": {"pods": "1"}}}));
    }
    let named = |names: &[&str]| {
        let field = json!({"key": "metadata.name", "operator": "In", "values": names});
        json!({"spec": {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [{"matchFields": [field]}]}}}}})
    };
    let pod = cluster.pod("pod", named(&["b"]));
    assert_eq!(cluster.reasons(&pod), "fits b");
    cluster.placed("other", "b", json!({}));
    assert_eq!(
        cluster.place(&Profile::upstream(), &pod).unwrap_err().to_string(),
        "0/3 nodes are available: 1 Too many pods, 2 node(s) didn't satisfy plugin(s) [NodeAffinity]. preemption: \
         0/3 nodes are available: 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for \
         scheduling."
    );
    let nowhere = cluster.pod("nowhere", named(&["z"]));
    assert_eq!(cluster.reasons(&nowhere), "3 node(s) didn't satisfy plugin(s) [NodeAffinity]");
}

#[test]
fn what_preemption_could_do_depends_on_priorities_and_the_refusal() {
    // SCHED-02, SCHED-14
    let mut cluster = Cluster::new();
    cluster.node("a", json!({}));
    cluster.placed("low", "a", requests("3", "1Gi"));
    let remark = |cluster: &mut Cluster, more: Value| {
        let pod = cluster.pod("pod", more);
        let text = cluster.place(&Profile::upstream(), &pod).unwrap_err().to_string();
        text.split_once(" preemption: ").expect("a remark").1.to_owned()
    };
    let with = |spec: Value| {
        let mut pod = requests("2", "1Gi");
        merge(&mut pod, json!({"spec": spec}));
        pod
    };
    assert_eq!(
        remark(&mut cluster, with(json!({}))),
        "0/1 nodes are available: 1 No preemption victims found for incoming pod."
    );
    assert_eq!(
        remark(&mut cluster, with(json!({"priority": 5}))),
        "0/1 nodes are available: 1 Preemption is not carried out by this scheduler."
    );
    assert_eq!(
        remark(&mut cluster, with(json!({"priority": 5, "preemptionPolicy": "Never"}))),
        "not eligible due to preemptionPolicy=Never."
    );
    assert_eq!(
        remark(&mut cluster, requests("5", "1Gi")),
        "0/1 nodes are available: 1 Preemption is not helpful for scheduling."
    );
}

#[test]
fn the_node_with_most_left_scores_highest() {
    // SCHED-17: by hand, (4000 - 100 - used) * 100 / 4000 and (8192 - 200 - used) * 100 / 8192, halved.
    let mut cluster = Cluster::new();
    for name in ["a", "b"] {
        cluster.node(name, json!({}));
    }
    cluster.placed("other", "b", requests("1", "2Gi"));
    let pod = cluster.pod("pod", json!({}));
    assert_eq!(scores(&cluster, &NodeResourcesFit, &pod), Some(vec![97, 72]));
}

#[test]
fn a_pod_that_improves_the_balance_scores_above_seventy_five() {
    // SCHED-18
    let mut cluster = Cluster::new();
    for name in ["a", "b"] {
        cluster.node(name, json!({}));
    }
    cluster.placed("other", "b", requests("2", "1Mi"));
    let pod = cluster.pod("pod", requests("1m", "4Gi"));
    let got = scores(&cluster, &BalancedAllocation, &pod).expect("it requests something");
    assert!(got[0] < 75 && got[1] > 75, "{got:?}");
    let best_effort = cluster.pod("none", json!({}));
    assert_eq!(scores(&cluster, &BalancedAllocation, &best_effort), None);
    let even = cluster.pod("even", requests("1", "2Gi"));
    assert_eq!(scores(&cluster, &BalancedAllocation, &even).expect("it requests something")[0], 75);
}

#[test]
fn soft_taints_and_preferred_terms_are_scaled_to_a_hundred() {
    // SCHED-21, SCHED-23
    let mut cluster = Cluster::new();
    let taint = |key: &str| json!({"key": key, "effect": "PreferNoSchedule"});
    cluster.node("a", json!({"spec": {"taints": [taint("x"), taint("y")]}}));
    cluster.node("b", json!({"spec": {"taints": [taint("x")]}, "metadata": {"labels": {"disk": "ssd"}}}));
    cluster.node("c", labels(json!({"disk": "ssd", "zone": "1"})));
    let preference = |weight: i64, key: &str| json!({"weight": weight, "preference": {"matchExpressions": [{"key": key, "operator": "Exists"}]}});
    let pod = cluster.pod(
        "pod",
        json!({"spec": {"affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution":
            [preference(20, "disk"), preference(30, "zone")]}}}}),
    );
    assert_eq!(scores(&cluster, &TaintToleration, &pod), Some(vec![0, 50, 100]));
    assert_eq!(scores(&cluster, &NodeAffinity, &pod), Some(vec![0, 40, 100]));
}

fn spread(when: &str, key: &str, skew: i64) -> Value {
    json!({"metadata": {"labels": {"app": "web"}}, "spec": {"topologySpreadConstraints": [{
        "maxSkew": skew, "topologyKey": key, "whenUnsatisfiable": when,
        "labelSelector": {"matchLabels": {"app": "web"}}}]}})
}

#[test]
fn hard_spread_keeps_the_skew() {
    // SCHED-28
    let mut cluster = Cluster::new();
    for (name, zone) in [("a", "1"), ("b", "2"), ("c", "3")] {
        cluster.node(name, labels(json!({"zone": zone})));
    }
    cluster.node("d", json!({}));
    let web = labels(json!({"app": "web"}));
    cluster.placed("1", "a", web.clone());
    cluster.placed("2", "b", web.clone());
    let pod = cluster.pod("pod", spread("DoNotSchedule", "zone", 1));
    assert_eq!(cluster.reasons(&pod), "fits c");
    cluster.node("c", json!({"metadata": {"labels": {"zone": "3"}}, "spec": {"unschedulable": true}}));
    assert_eq!(
        cluster.reasons(&pod),
        "1 node(s) didn't match pod topology spread constraints (missing required label), 1 node(s) were \
         unschedulable, 2 node(s) didn't match pod topology spread constraints"
    );
    // Pods that are being deleted do not count.
    let mut ending = web;
    ending["metadata"]["deletionTimestamp"] = json!("2030-01-01T00:00:00Z");
    cluster.placed("1", "a", ending);
    assert_eq!(cluster.reasons(&pod), "fits a");
}

#[test]
fn too_few_domains_count_as_an_empty_one() {
    // SCHED-28
    let mut cluster = Cluster::new();
    cluster.node("a", labels(json!({"zone": "1"})));
    cluster.placed("1", "a", labels(json!({"app": "web"})));
    let mut constraint = spread("DoNotSchedule", "zone", 1);
    let pod = cluster.pod("pod", constraint.clone());
    assert_eq!(cluster.reasons(&pod), "fits a");
    constraint["spec"]["topologySpreadConstraints"][0]["minDomains"] = json!(2);
    let pod = cluster.pod("pod", constraint);
    assert_eq!(cluster.reasons(&pod), "1 node(s) didn't match pod topology spread constraints");
}

#[test]
fn soft_spread_prefers_the_emptier_domain() {
    // SCHED-29: a has two, b one, c none: raw 2 ln 5, ln 5 and 0, rounded 3, 2, 0.
    let mut cluster = Cluster::new();
    for name in ["a", "b", "c"] {
        cluster.node(name, json!({}));
    }
    for (name, node) in [("1", "a"), ("2", "a"), ("3", "b")] {
        cluster.placed(name, node, labels(json!({"app": "web"})));
    }
    let pod = cluster.pod("pod", spread("ScheduleAnyway", "kubernetes.io/hostname", 1));
    assert_eq!(scores(&cluster, &PodTopologySpread, &pod), Some(vec![0, 33, 100]));
}

fn affinity(kind: &str, key: &str) -> Value {
    json!({"metadata": {"labels": {"app": "web"}}, "spec": {"affinity": {kind: {
        "requiredDuringSchedulingIgnoredDuringExecution": [{
            "topologyKey": key, "labelSelector": {"matchLabels": {"app": "web"}}}]}}}})
}

#[test]
fn pods_keep_away_from_each_other_both_ways() {
    // SCHED-26
    let mut cluster = Cluster::new();
    for (name, zone) in [("a", "1"), ("b", "1"), ("c", "2")] {
        cluster.node(name, labels(json!({"zone": zone})));
    }
    let far = cluster.pod("far", affinity("podAntiAffinity", "zone"));
    cluster.placed("first", "a", affinity("podAntiAffinity", "zone"));
    assert_eq!(cluster.reasons(&far), "fits c");
    let plain = cluster.pod("plain", labels(json!({"app": "web"})));
    assert_eq!(cluster.reasons(&plain), "fits c");
    cluster.placed("second", "c", affinity("podAntiAffinity", "zone"));
    assert_eq!(cluster.reasons(&far), "3 node(s) didn't match pod anti-affinity rules");
    assert_eq!(cluster.reasons(&plain), "3 node(s) didn't satisfy existing pods anti-affinity rules");
    let other = cluster.pod("other", labels(json!({"app": "db"})));
    assert!(cluster.reasons(&other).starts_with("fits"));
}

#[test]
fn pods_keep_near_to_each_other_and_the_first_may_go_anywhere() {
    // SCHED-26
    let mut cluster = Cluster::new();
    for (name, zone) in [("a", "1"), ("b", "1"), ("c", "2")] {
        cluster.node(name, labels(json!({"zone": zone})));
    }
    cluster.node("d", json!({}));
    let near = cluster.pod("near", affinity("podAffinity", "zone"));
    assert!(cluster.reasons(&near).starts_with("fits"));
    cluster.placed("first", "c", labels(json!({"app": "web"})));
    assert_eq!(cluster.reasons(&near), "fits c");
    let mut stranger = affinity("podAffinity", "zone");
    stranger["spec"]["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][0]["labelSelector"]
        ["matchLabels"]["app"] = json!("none");
    let stranger = cluster.pod("stranger", stranger);
    assert_eq!(cluster.reasons(&stranger), "4 node(s) didn't match pod affinity rules");
}

#[test]
fn preferences_about_pods_count_both_ways() {
    // SCHED-27: what a prefers of web adds 10 in its zone, and a's own preference to be far takes 5 there.
    let mut cluster = Cluster::new();
    for (name, zone) in [("a", "1"), ("b", "2"), ("c", "3")] {
        cluster.node(name, labels(json!({"zone": zone})));
    }
    let preferred = |kind: &str, weight: i64| {
        json!({"metadata": {"labels": {"app": "web"}}, "spec": {"affinity": {kind: {
            "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": weight, "podAffinityTerm": {
                "topologyKey": "zone", "labelSelector": {"matchLabels": {"app": "web"}}}}]}}}})
    };
    cluster.placed("1", "a", labels(json!({"app": "web"})));
    cluster.placed("2", "b", preferred("podAntiAffinity", 5));
    let pod = cluster.pod("pod", preferred("podAffinity", 10));
    assert_eq!(scores(&cluster, &InterPodAffinity, &pod), Some(vec![100, 50, 0]));
    let plain = cluster.pod("plain", labels(json!({"app": "db"})));
    assert_eq!(scores(&cluster, &InterPodAffinity, &plain), None);
}
