use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use setpoint_core::env::Simulation;
use setpoint_core::kind::Registry;
use setpoint_core::object::{Object, Revision};
use setpoint_core::patch::{Patch, PatchType};
use setpoint_reconcile::manager::Manager;
use setpoint_store::{Objects, Store};
use setpoint_watch::DirectView;

use super::*;

const NOT_READY: &str = "node.kubernetes.io/not-ready";

fn node(spec: Value, conditions: &[(&str, &str)]) -> Object {
    let conditions: Vec<Value> =
        conditions.iter().map(|(type_, status)| json!({"type": type_, "status": status})).collect();
    let value = json!({"metadata": {"name": "a"}, "spec": spec, "status": {"conditions": conditions}});
    let kind = Registry::builtin().of::<Node>().expect("nodes are built in");
    Object::from_draft(Draft::from_value(kind, value).expect("a node"), Revision(1))
}

/// The taints that are planned, by key; `None` if nothing is.
fn planned(spec: Value, conditions: &[(&str, &str)]) -> Option<Vec<String>> {
    let plan = plan(&node(spec, conditions), &Memory::default(), Timestamp::UNIX_EPOCH);
    plan.actions.first().map(|action| action.taints.iter().map(|taint| taint.key.clone()).collect())
}

fn taint(key: &str, effect: &str) -> Value {
    json!({"key": key, "effect": effect})
}

#[test]
fn taints_mirror_conditions() {
    // NODE-08
    let short = |key: &str| format!("node.kubernetes.io/{key}");
    for (conditions, expected) in [
        (vec![("Ready", "True")], vec![]),
        (vec![("Ready", "False")], vec!["not-ready"]),
        (vec![("Ready", "Unknown")], vec!["unreachable"]),
        (vec![], vec!["not-ready"]),
        (vec![("Ready", "True"), ("MemoryPressure", "True")], vec!["memory-pressure"]),
        (vec![("Ready", "True"), ("DiskPressure", "True"), ("PIDPressure", "False")], vec!["disk-pressure"]),
        (vec![("Ready", "False"), ("NetworkUnavailable", "True")], vec!["not-ready", "network-unavailable"]),
    ] {
        let expected: Vec<String> = expected.into_iter().map(short).collect();
        let found = planned(json!({}), &conditions).unwrap_or_default();
        let (found, expected): (std::collections::BTreeSet<_>, _) =
            (found.into_iter().collect(), expected.into_iter().collect());
        assert_eq!(found, expected, "{conditions:?}");
    }
}

#[test]
fn a_closed_node_is_tainted_until_it_is_opened() {
    let ready = [("Ready", "True")];
    let key = "node.kubernetes.io/unschedulable";
    assert_eq!(planned(json!({"unschedulable": true}), &ready), Some(vec![key.to_owned()]));
    let tainted = json!({"unschedulable": true, "taints": [taint(key, "NoSchedule")]});
    assert_eq!(planned(tainted, &ready), None);
    assert_eq!(planned(json!({"taints": [taint(key, "NoSchedule")]}), &ready), Some(vec![]));
}

#[test]
fn taints_of_others_are_left_alone() {
    let others = [taint("example.com/mine", "NoSchedule"), taint(NOT_READY, "NoExecute")];
    assert_eq!(planned(json!({"taints": others}), &[("Ready", "True")]), None);
    let mut all = others.to_vec();
    all.push(taint(NOT_READY, "NoSchedule"));
    let kept = vec!["example.com/mine".to_owned(), NOT_READY.to_owned()];
    assert_eq!(planned(json!({"taints": all}), &[("Ready", "True")]), Some(kept));
}

#[test]
fn a_node_is_open_once_it_is_ready() {
    let sim = Simulation::new(1);
    let env = sim.env();
    let done = sim.block_on(async {
        let store: Arc<dyn setpoint_store::ObjectStore> = Arc::new(Store::memory(&env));
        let view = Arc::new(DirectView::new(Arc::clone(&store)).expect("the store is here"));
        let mut manager = Manager::new(&env, Arc::clone(&store), view);
        manager.start(NodeTaints::controller(manager.context())?);
        let nodes = Objects::<Node>::over(store, None)?;
        let mut node = Node::default();
        node.metadata.name = Some("a".to_owned());
        nodes.create(node).await?;
        let is_tainted = |node: Option<&Node>| {
            let spec = node.and_then(|node| node.spec.as_ref());
            spec.and_then(|spec| spec.taints.as_ref()).is_some_and(|taints| !taints.is_empty())
        };
        nodes.wait_for("a", is_tainted).await?;
        for (status, tainted) in [("True", false), ("Unknown", true), ("True", false)] {
            let patch = json!({"status": {"conditions": [{"type": "Ready", "status": status}]}});
            nodes.patch_status("a", Patch::decode(PatchType::Merge, patch)?).await?;
            nodes.wait_for("a", |node| is_tainted(node) == tainted).await?;
        }
        manager.shut_down(Duration::from_secs(1)).await;
        Ok::<_, setpoint_core::Error>(())
    });
    done.expect("nothing waits for ever").expect("the store takes it");
}
