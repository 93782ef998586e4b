use jiff::Timestamp;
use k8s_openapi::api::core::v1::{NodeSpec, NodeStatus, Taint};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use setpoint_core::object::Object;
use setpoint_reconcile::plan::{Next, Plan};

const NO_SCHEDULE: &str = "NoSchedule";

/// Which taint mirrors which status of a condition.
const MIRRORED: [(&str, &str, &str); 6] = [
    ("Ready", "False", "node.kubernetes.io/not-ready"),
    ("Ready", "Unknown", "node.kubernetes.io/unreachable"),
    ("MemoryPressure", "True", "node.kubernetes.io/memory-pressure"),
    ("DiskPressure", "True", "node.kubernetes.io/disk-pressure"),
    ("PIDPressure", "True", "node.kubernetes.io/pid-pressure"),
    ("NetworkUnavailable", "True", "node.kubernetes.io/network-unavailable"),
];

/// The taint of a node that people have closed.
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

/// Gives a node these taints.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// All of them, those that are not ours included.
    pub taints: Vec<Taint>,
}

/// What came of the write.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Memory {
    /// Why it failed.
    pub error: Option<String>,
}

/// The taints a node should have, if it has others.
pub fn plan(node: &Object, memory: &Memory, now: Timestamp) -> Plan<Action, Memory> {
    let memory = memory.clone();
    if let Some(error) = memory.error.clone() {
        return Plan { actions: Vec::new(), memory, next: Next::Failed(error) };
    }
    let Some(taints) = changed_taints(node, now).filter(|_| !node.meta().is_terminating()) else {
        return Plan { actions: Vec::new(), memory, next: Next::Settled };
    };
    Plan { actions: vec![Action { taints }], memory, next: Next::Replan }
}

fn changed_taints(node: &Object, now: Timestamp) -> Option<Vec<Taint>> {
    let spec = node.spec::<NodeSpec>()?;
    let (has, wanted) = (spec.taints.as_deref().unwrap_or_default(), wanted(spec, node.status()));
    let is_ours = |taint: &Taint| {
        let known = |key: &str| taint.key == key;
        taint.effect == NO_SCHEDULE && (known(UNSCHEDULABLE) || MIRRORED.iter().any(|(.., key)| known(key)))
    };
    let is_stale = |taint: &&Taint| is_ours(taint) && !wanted.contains(&taint.key.as_str());
    let is_there = |key: &&str| has.iter().any(|taint| taint.key == **key && taint.effect == NO_SCHEDULE);
    let missing: Vec<&str> = wanted.iter().filter(|key| !is_there(key)).copied().collect();
    if missing.is_empty() && !has.iter().any(|taint| is_stale(&taint)) {
        return None;
    }
    let kept = has.iter().filter(|taint| !is_stale(taint)).cloned();
    let added = missing.into_iter().map(|key| Taint {
        key: key.to_owned(),
        effect: NO_SCHEDULE.to_owned(),
        time_added: Some(Time(now)),
        value: None,
    });
    Some(kept.chain(added).collect())
}

/// A condition that is not there asks for nothing; one not-ready taint is the admission's until then.
fn wanted(spec: &NodeSpec, status: Option<&NodeStatus>) -> Vec<&'static str> {
    let conditions = status.and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    let mut wanted: Vec<&str> = MIRRORED
        .iter()
        .filter(|(type_, status, _)| {
            conditions.iter().any(|one| one.type_ == *type_ && one.status == *status)
        })
        .map(|(.., key)| *key)
        .collect();
    if !conditions.iter().any(|one| one.type_ == "Ready") {
        wanted.push("node.kubernetes.io/not-ready");
    }
    if spec.unschedulable == Some(true) {
        wanted.push(UNSCHEDULABLE);
    }
    wanted
}
