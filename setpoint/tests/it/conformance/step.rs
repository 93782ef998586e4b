use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// One thing that a scenario does.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Step {
    /// Creates objects.
    Create { objects: Vec<Value> },
    /// Registers ready nodes.
    Node {
        names: Vec<String>,
        #[serde(default)]
        labels: BTreeMap<String, String>,
        taints: Option<Value>,
        unschedulable: Option<bool>,
    },
    /// Changes an object.
    Patch {
        kind: String,
        name: String,
        #[serde(default, rename = "type")]
        patch_type: PatchWord,
        body: Value,
        subresource: Option<String>,
    },
    /// Deletes an object.
    Delete { kind: String, name: String, propagation: Option<String>, grace: Option<i64> },
    /// Takes a Deployment back to the template before.
    Rollback { name: String },
    /// Plays the node agent.
    Pods(Pods),
    /// Waits until nothing changes any more.
    Settle { quiet: Option<f64>, limit: Option<f64> },
    /// Waits for the value of a field, and until nothing changes any more.
    Wait { kind: String, name: String, path: Vec<Value>, is: Value, limit: Option<f64> },
    /// Waits for a number of objects, and until nothing changes any more.
    WaitCount {
        kind: String,
        is: usize,
        #[serde(default)]
        live: bool,
        limit: Option<f64>,
    },
    /// Lets time pass.
    Sleep { seconds: f64 },
    /// Keeps all objects and the set of events.
    Snapshot {
        #[serde(rename = "as")]
        label: String,
        kinds: Option<Vec<String>>,
        events: Option<bool>,
    },
    /// Keeps in which order objects came and went.
    History {
        #[serde(rename = "as")]
        label: String,
        kind: Option<String>,
    },
    /// Sends a request, and keeps the answer or a part of it.
    Request(Request),
    /// Opens a watch, does something, and keeps what the watch told.
    Watch {
        path: String,
        #[serde(default)]
        headers: BTreeMap<String, String>,
        #[serde(default)]
        steps: Vec<Step>,
        quiet: Option<f64>,
        #[serde(default)]
        names_only: bool,
    },
}

impl Step {
    /// The word in scenarios.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Create { .. } => "create",
            Self::Node { .. } => "node",
            Self::Patch { .. } => "patch",
            Self::Delete { .. } => "delete",
            Self::Rollback { .. } => "rollback",
            Self::Pods(_) => "pods",
            Self::Settle { .. } => "settle",
            Self::Wait { .. } => "wait",
            Self::WaitCount { .. } => "wait_count",
            Self::Sleep { .. } => "sleep",
            Self::Snapshot { .. } => "snapshot",
            Self::History { .. } => "history",
            Self::Request(_) => "request",
            Self::Watch { .. } => "watch",
        }
    }
}

/// The type of a patch.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum PatchWord {
    #[default]
    Merge,
    Json,
    Strategic,
    Apply,
}

impl PatchWord {
    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::Merge => "application/merge-patch+json",
            Self::Json => "application/json-patch+json",
            Self::Strategic => "application/strategic-merge-patch+json",
            Self::Apply => "application/apply-patch+yaml",
        }
    }
}

/// What the node agent does to pods.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pods {
    /// The state they get to.
    pub(super) to: PodState,
    /// Which ones.
    #[serde(default)]
    pub(super) select: Select,
    /// How many these must be.
    pub(super) expect: Option<usize>,
    /// The node that unbound ones are bound to.
    pub(super) node: Option<String>,
    #[serde(default)]
    pub(super) conditions: Vec<Value>,
    pub(super) exit_code: Option<i32>,
    pub(super) reason: Option<String>,
    pub(super) restarts: Option<i32>,
}

/// The state a pod gets to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum PodState {
    Ready,
    Running,
    Unready,
    Succeeded,
    Failed,
    Gone,
}

/// Which pods, in which order, and how many.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Select {
    #[serde(default)]
    pub(super) labels: BTreeMap<String, String>,
    pub(super) phase: Option<Phases>,
    pub(super) name: Option<String>,
    pub(super) index: Option<Vec<i64>>,
    pub(super) image: Option<String>,
    pub(super) node: Option<String>,
    pub(super) ready: Option<bool>,
    pub(super) terminating: Option<bool>,
    pub(super) by: Option<Order>,
    pub(super) limit: Option<usize>,
}

/// One phase or several.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Phases {
    One(String),
    Several(Vec<String>),
}

impl Phases {
    pub(super) fn contain(&self, phase: &str) -> bool {
        match self {
            Self::One(one) => one == phase,
            Self::Several(several) => several.iter().any(|one| one == phase),
        }
    }
}

/// The order of pods, if it is not that of their creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Order {
    Name,
    Index,
}

/// A request.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) body: Option<Value>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    /// Fields of the answer that later steps mention as `$NAME`.
    #[serde(default)]
    pub(super) save: BTreeMap<String, Vec<Value>>,
    #[serde(default)]
    pub(super) keep: Keep,
}

/// What is kept of an answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Keep {
    /// `body` or `code`.
    Word(String),
    /// A field.
    Field(Vec<Value>),
}

impl Default for Keep {
    fn default() -> Self {
        Self::Word("body".to_owned())
    }
}
