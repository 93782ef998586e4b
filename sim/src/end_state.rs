use std::collections::BTreeMap;

use serde_json::{Map, Value};
use setpoint_core::kind::Registry;
use setpoint_core::object::Object;
use setpoint_store::tables::Snapshot;

/// What a world has come to, without what may differ from run to run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct EndState(BTreeMap<String, usize>);

/// Kinds that tell of what happened, or when.
const LEFT_OUT: [&str; 4] = ["Event", "Lease", "Node", "Namespace"];
/// Fields that are different each time.
const ACCIDENTS: [&str; 17] = [
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "deletionTimestamp",
    "generation",
    "observedGeneration",
    "lastTransitionTime",
    "lastUpdateTime",
    "startTime",
    "message",
    "nodeName",
    "podIP",
    "podIPs",
    "hostIP",
    "hostIPs",
    "containerStatuses",
    "collisionCount",
];

impl EndState {
    /// Everything, as far as it is the same each time.
    pub(crate) fn exactly(kinds: &Registry, truth: &Snapshot) -> Self {
        Self::of(kinds, truth, |_| true, &[])
    }

    /// Only what follows from what is asked for, not the way that led there: no finished pods, no ReplicaSets
    /// of the past, no numbers of revisions.
    pub(crate) fn in_essence(kinds: &Registry, truth: &Snapshot) -> Self {
        let matters = |value: &Value| match value["kind"].as_str() {
            Some("Pod") => !matches!(
                value.pointer("/status/phase").and_then(Value::as_str),
                Some("Failed" | "Succeeded")
            ),
            Some("ReplicaSet") => value.pointer("/spec/replicas") != Some(&Value::from(0)),
            _ => true,
        };
        let history =
            ["deployment.kubernetes.io/revision", "deployment.kubernetes.io/revision-history", "conditions"];
        Self::of(kinds, truth, matters, &history)
    }

    fn of(kinds: &Registry, truth: &Snapshot, matters: impl Fn(&Value) -> bool, besides: &[&str]) -> Self {
        let mut state = BTreeMap::new();
        for kind in kinds.kinds() {
            if LEFT_OUT.contains(&&*kind.names.kind) {
                continue;
            }
            for object in truth.list(kind.id) {
                let value = object.to_value_without_ownership();
                if matters(&value) {
                    *state.entry(text(object, value, besides)).or_insert(0) += 1;
                }
            }
        }
        Self(state)
    }

    /// What is in one and not in the other, on a few lines.
    pub(crate) fn difference(&self, expected: &Self) -> String {
        let mut lines = Vec::new();
        let count = |state: &Self, text: &String| state.0.get(text).copied().unwrap_or(0);
        let all = self.0.keys().chain(expected.0.keys()).collect::<std::collections::BTreeSet<_>>();
        for text in all {
            let (here, there) = (count(self, text), count(expected, text));
            if here != there {
                lines.push(format!("{here} in place of {there}: {text}"));
            }
        }
        lines.join("\n  ")
    }
}

fn text(object: &Object, mut value: Value, besides: &[&str]) -> String {
    let generated = object.meta().generate_name.as_deref().map(|prefix| format!("{prefix}*"));
    if let (Some(generated), Some(meta)) = (generated, value.get_mut("metadata")) {
        meta["name"] = Value::from(generated);
    }
    scrub(&mut value, besides);
    value.to_string()
}

fn scrub(value: &mut Value, besides: &[&str]) {
    match value {
        Value::Object(fields) => {
            let dropped = |name: &str| ACCIDENTS.contains(&name) || besides.contains(&name);
            let kept: Map<String, Value> =
                std::mem::take(fields).into_iter().filter(|(name, _)| !dropped(name)).collect();
            *fields = kept;
            fields.values_mut().for_each(|value| scrub(value, besides));
        }
        Value::Array(values) => {
            values.iter_mut().for_each(|value| scrub(value, besides));
            values.sort_by_key(ToString::to_string);
        }
        _ => {}
    }
}
