use k8s_openapi::api::apps::v1::{DeploymentSpec, DeploymentStatus, ReplicaSetSpec, ReplicaSetStatus};
use setpoint_core::kind::KindId;
use setpoint_core::object::{Key, Object, ObjectRef};
use setpoint_core::selector::LabelSelector;
use setpoint_store::tables::{IndexValue, Snapshot};

use super::annotations;
use super::rolling::{Fence, Size, is_rolling, wanted};
use super::scale::Scaled;
use super::template::Templates;
use crate::claim::{Children, Claim};
use crate::pod;

/// A Deployment with the ReplicaSets that are, or may become, its own.
#[derive(Debug, Clone)]
pub struct Observed {
    /// The Deployment.
    pub deployment: ObjectRef,
    /// Which ReplicaSets it has, is to adopt and is to release.
    pub children: Children,
    /// Those that it has, oldest first, by name among those of one age.
    pub sets: Vec<ReplicaSet>,
    /// Which of them has the Deployment's template; the oldest if several have (DEP-16).
    pub new: Option<usize>,
    /// Why its selector selects nothing at all, if it does.
    pub selector_error: Option<String>,
}

/// A ReplicaSet of a Deployment.
#[derive(Debug, Clone)]
pub struct ReplicaSet {
    /// The ReplicaSet.
    pub object: ObjectRef,
    /// Whether it has pods whose work is not over. Known only if the Deployment has to wait for them.
    pub has_running_pods: bool,
}

/// The kinds that are looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kinds {
    pub(super) replica_sets: KindId,
    pub(super) pods: KindId,
}

impl Observed {
    pub(super) fn of(snapshot: &Snapshot, key: &Key, kinds: Kinds, templates: &Templates) -> Option<Self> {
        let deployment = snapshot.get(key)?.clone();
        let spec = deployment.spec::<DeploymentSpec>()?;
        let (children, selector_error) = match LabelSelector::compile(Some(&spec.selector)) {
            // Selecting everything is refused, not done (DEP-15).
            Ok(selector) if selector.is_empty() => (Children::default(), None),
            Ok(selector) => {
                let claim = Claim { owner: &deployment, selector: &selector };
                (claim.children(snapshot, kinds.replica_sets, |_| true), None)
            }
            Err(error) => (Children::default(), Some(error.to_string())),
        };
        let mut sets: Vec<ReplicaSet> = children
            .kept
            .iter()
            .filter(|object| object.spec::<ReplicaSetSpec>().is_some())
            .map(|object| ReplicaSet { object: object.clone(), has_running_pods: false })
            .collect();
        // They come in the order of their names, and keep it among equals.
        sets.sort_by_key(|set| set.object.meta().creation_timestamp);
        let new = templates.find_new(&deployment, &sets);
        // Only a Deployment that replaces all pods at once waits for them (DEP-42).
        if !is_rolling(spec) && sets.len() > usize::from(new.is_some()) {
            for (index, set) in sets.iter_mut().enumerate() {
                set.has_running_pods = Some(index) != new && has_running_pods(snapshot, &set.object, kinds);
            }
        }
        Some(Self { deployment, children, sets, new, selector_error })
    }

    /// What the Deployment asks for.
    pub(super) fn spec(&self) -> &DeploymentSpec {
        self.deployment.spec().expect("only Deployments are observed")
    }

    /// What was said of it last.
    pub(super) fn status(&self) -> Option<&DeploymentStatus> {
        self.deployment.status()
    }

    /// How many replicas are wanted.
    pub(super) fn wanted(&self) -> i64 {
        wanted(self.spec())
    }

    /// How far from that a rolling update may go.
    pub(super) fn fence(&self) -> Fence {
        Fence::of(self.spec())
    }

    /// The ReplicaSet with the Deployment's template.
    pub(super) fn new_set(&self) -> Option<&ReplicaSet> {
        self.sets.get(self.new?)
    }

    /// All others, oldest first.
    pub(super) fn old_sets(&self) -> impl Iterator<Item = &ReplicaSet> {
        let new = self.new;
        self.sets.iter().enumerate().filter(move |(index, _)| Some(*index) != new).map(|(_, set)| set)
    }

    /// All others that have replicas, oldest first.
    pub(super) fn active_old_sets(&self) -> Vec<&ReplicaSet> {
        self.old_sets().filter(|set| set.size() > 0).collect()
    }

    /// Old ones, then the new one: the order in which upstream goes through them.
    pub(super) fn old_then_new(&self) -> impl Iterator<Item = &ReplicaSet> {
        self.old_sets().chain(self.new_set())
    }

    /// How many replicas all are to have together.
    pub(super) fn total_size(&self) -> i64 {
        self.sets.iter().map(ReplicaSet::size).sum()
    }

    /// One of the ReplicaSets by name.
    pub(super) fn set(&self, name: &str) -> Option<&ReplicaSet> {
        self.sets.iter().find(|set| set.name() == name)
    }
}

impl ReplicaSet {
    /// What it asks for.
    pub(super) fn spec(&self) -> &ReplicaSetSpec {
        self.object.spec().expect("only ReplicaSets are observed")
    }

    /// What was said of it last.
    pub(super) fn status(&self) -> Option<&ReplicaSetStatus> {
        self.object.status()
    }

    /// What it is called.
    pub(super) fn name(&self) -> &str {
        &self.object.meta().name
    }

    /// How many replicas it is to have.
    pub(super) fn size(&self) -> i64 {
        self.spec().replicas.map_or(1, i64::from).max(0)
    }

    /// How many replicas it has.
    pub(super) fn replicas(&self) -> i64 {
        self.status().map_or(0, |status| i64::from(status.replicas))
    }

    /// How many of its pods are ready.
    pub(super) fn ready(&self) -> i64 {
        self.status().and_then(|status| status.ready_replicas).map_or(0, i64::from)
    }

    /// How many of its pods are available.
    pub(super) fn available(&self) -> i64 {
        self.status().and_then(|status| status.available_replicas).map_or(0, i64::from)
    }

    /// Which generation of it its status is about.
    pub(super) fn observed_generation(&self) -> i64 {
        self.status().and_then(|status| status.observed_generation).unwrap_or(0)
    }

    /// Its revision, if that is a number.
    pub(super) fn revision(&self) -> Option<i64> {
        annotations::revision(&self.object.meta().annotations)
    }

    /// Its size, and how many of its pods are available, as its status says (DEP-37).
    pub(super) fn to_size(&self) -> Size {
        Size { size: self.size(), available: self.available() }
    }

    /// Its size, and how many of its pods can be counted on to stay available (DEP-38, INV-DP-01).
    ///
    /// Those beyond its size are on their way out. Nor does a status tell anything if it is older than more than
    /// `unseen` of its sizes: what it tells of may be gone, if the ReplicaSet was smaller in between.
    pub(super) fn to_lasting(&self, unseen: i64) -> Size {
        let size = self.size();
        let is_told = self.object.meta().generation - self.observed_generation() <= unseen;
        Size { size, available: if is_told { self.available().min(size) } else { 0 } }
    }

    pub(super) fn to_scaled(&self) -> Scaled {
        let max_before = annotations::max_replicas(&self.object.meta().annotations).unwrap_or(0);
        Scaled { size: self.size(), max_before }
    }
}

/// Pods that are on their way out still run (DEP-42).
fn has_running_pods(snapshot: &Snapshot, set: &Object, kinds: Kinds) -> bool {
    let Some(uid) = set.meta().uid.clone() else { return false };
    let mut pods = snapshot.by_index(kinds.pods, "owner", &IndexValue::Uid(uid.clone()));
    pods.any(|object| {
        let is_own = object.meta().controller().is_some_and(|owner| owner.uid == uid);
        is_own && !pod::is_finished(object)
    })
}
