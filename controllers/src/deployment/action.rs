use std::sync::Arc;

use k8s_openapi::api::apps::v1::{DeploymentSpec, DeploymentStatus, ReplicaSetSpec};
use setpoint_core::kind::{Kind, Subresource};
use setpoint_core::object::{Draft, Key, Part, Text, TextMap};
use setpoint_reconcile::events::{EventText, Regarding};
use setpoint_reconcile::plan::Step;
use setpoint_store::request::{DeleteOptions, Preconditions, Write};

use super::annotations;
use super::new_replica_set::{self, NewReplicaSet};
use super::observed::Observed;
use super::rolling::clamp;
use super::template;
use crate::claim::ClaimAction;

/// What the controller does. ReplicaSets are named; each write replaces exactly the version that was
/// decided on.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Makes a ReplicaSet the Deployment's, or lets it go.
    Claim(ClaimAction),
    /// Creates the ReplicaSet of the present template.
    Create(Box<NewReplicaSet>),
    /// Looks up what has the name that a new ReplicaSet was to have (DEP-19).
    LookAtNamesake(Text),
    /// Brings the new ReplicaSet's annotations and `minReadySeconds` to the Deployment's (DEP-21, DEP-22).
    Follow {
        /// The ReplicaSet.
        name: Text,
        /// All of its annotations.
        annotations: TextMap,
        /// From when on its pods count as available.
        min_ready_seconds: Option<i32>,
    },
    /// Resizes a ReplicaSet, and stamps on it what the size was computed from (DEP-26, DEP-32).
    Scale(Scale),
    /// Deletes an old ReplicaSet of which nothing is left (DEP-48).
    Delete(Text),
    /// Writes the Deployment's status.
    WriteStatus {
        /// The status.
        status: Box<DeploymentStatus>,
        /// The revision it has come to, if that is to be noted (DEP-25).
        revision: Option<Text>,
    },
    /// Takes the Deployment back to the template of a ReplicaSet (DEP-46).
    RollBack {
        /// The ReplicaSet.
        to: Text,
        /// Its revision.
        revision: i64,
    },
    /// Removes the wish to go back (DEP-46).
    ForgetRollback,
    /// Tells of something that somebody should look at.
    Warn {
        /// Why, in one word.
        reason: &'static str,
        /// What it is.
        message: String,
    },
}

/// A new size for a ReplicaSet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scale {
    /// The ReplicaSet.
    pub name: Text,
    /// Its size until now.
    pub from: i64,
    /// Its size from now on.
    pub to: i64,
    /// Which way it is said to go.
    pub direction: Direction,
    /// How many replicas the Deployment wants.
    pub wanted: i64,
    /// How many it is allowed.
    pub max: i64,
}

/// Which way a size goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To more replicas.
    Up,
    /// To fewer.
    Down,
}

impl Direction {
    /// The way from one size to another.
    pub fn between(from: i64, to: i64) -> Self {
        if from < to { Self::Up } else { Self::Down }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

impl Action {
    /// The action in terms of the store.
    pub(super) fn steps(&self, observed: &Observed, replica_sets: &Arc<Kind>) -> Vec<Step> {
        let deployment = &observed.deployment;
        let step = match self {
            Self::Claim(action) => return action.steps(deployment),
            Self::Create(new) => {
                let write = Write::Create(new_replica_set::draft(observed, new, replica_sets));
                let told =
                    (new.replicas > 0).then(|| scaled(observed, Direction::Up, &new.name, 0, new.replicas));
                Some(Step::Write { write: Box::new(write), on_success: told, on_failure: None })
            }
            Self::LookAtNamesake(name) => {
                let namespace = deployment.meta().namespace.clone();
                Some(Step::ReadLive(Key { kind: replica_sets.id, namespace, name: name.clone() }))
            }
            Self::Follow { name, annotations, min_ready_seconds } => changed(observed, name, |draft| {
                draft.meta_mut().annotations = annotations.clone();
                let differs = |spec: &ReplicaSetSpec| spec.min_ready_seconds != *min_ready_seconds;
                if draft.spec::<ReplicaSetSpec>().is_some_and(differs)
                    && let Some(spec) = draft.spec_mut::<ReplicaSetSpec>()
                {
                    spec.min_ready_seconds = *min_ready_seconds;
                }
            })
            .map(Step::write),
            Self::Scale(scale) => scale.step(observed),
            Self::Delete(name) => observed.set(name).map(|set| {
                let preconditions = Preconditions::uid(set.object.meta().uid.as_ref());
                let options = DeleteOptions { preconditions, ..DeleteOptions::default() };
                Step::write(Write::Delete(set.object.key(), options))
            }),
            Self::WriteStatus { status, revision } => {
                let mut draft = Draft::of(deployment);
                if let Some(revision) = revision {
                    let meta = draft.meta_mut();
                    meta.annotations = meta.annotations.with(annotations::REVISION, revision.clone());
                }
                draft.set_status(Some(Part::new(DeploymentStatus::clone(status))));
                Some(Step::write(Write::Update(draft, Subresource::Status)))
            }
            Self::RollBack { to, revision } => roll_back(observed, to, *revision),
            Self::ForgetRollback => {
                let mut draft = Draft::of(deployment);
                let meta = draft.meta_mut();
                meta.annotations = meta.annotations.without(annotations::ROLLBACK_TO);
                Some(Step::write(Write::Update(draft, Subresource::Main)))
            }
            Self::Warn { reason, message } => {
                Some(Step::Event(EventText::warning(Regarding::object(deployment), reason, message.as_str())))
            }
        };
        step.into_iter().collect()
    }
}

impl Scale {
    fn step(&self, observed: &Observed) -> Option<Step> {
        let write = changed(observed, &self.name, |draft| {
            let meta = draft.meta_mut();
            meta.annotations = annotations::with_replicas(&meta.annotations, self.wanted, self.max);
            if let Some(spec) = draft.spec_mut::<ReplicaSetSpec>().filter(|_| self.from != self.to) {
                spec.replicas = Some(clamp(self.to));
            }
        })?;
        let told =
            (self.from != self.to).then(|| scaled(observed, self.direction, &self.name, self.from, self.to));
        Some(Step::Write { write: Box::new(write), on_success: told, on_failure: None })
    }
}

/// A change of one of the ReplicaSets, as it was observed.
fn changed(observed: &Observed, name: &str, change: impl FnOnce(&mut Draft)) -> Option<Write> {
    let mut draft = Draft::of(&observed.set(name)?.object);
    change(&mut draft);
    Some(Write::Update(draft, Subresource::Main))
}

fn scaled(observed: &Observed, direction: Direction, name: &str, from: i64, to: i64) -> EventText {
    let direction = direction.as_str();
    let message = format!("Scaled {direction} replica set {name} from {from} to {to}");
    EventText::normal(Regarding::object(&observed.deployment), "ScalingReplicaSet", message)
}

fn roll_back(observed: &Observed, to: &str, revision: i64) -> Option<Step> {
    let set = observed.set(to)?;
    let mut draft = Draft::of(&observed.deployment);
    if let Some(spec) = draft.spec_mut::<DeploymentSpec>() {
        spec.template = template::without_hash(set.spec().template.as_ref()?);
    }
    let meta = draft.meta_mut();
    meta.annotations = annotations::rolled_back(&meta.annotations, &set.object.meta().annotations)
        .without(annotations::ROLLBACK_TO);
    let name = &*observed.deployment.meta().name;
    let message = format!("Rolled back deployment {name:?} to revision {revision}");
    let told = EventText::normal(Regarding::object(&observed.deployment), "DeploymentRollback", message);
    let write = Box::new(Write::Update(draft, Subresource::Main));
    Some(Step::Write { write, on_success: Some(told), on_failure: None })
}
