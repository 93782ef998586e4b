use std::sync::Arc;

use k8s_openapi::api::apps::v1::{DeploymentSpec, ReplicaSetSpec, ReplicaSetStatus};
use setpoint_core::kind::Subresource;
use setpoint_core::object::{Draft, Object, ObjectRef, TextMap};
use setpoint_store::request::{DeleteOptions, Preconditions, WatchEvent, Write};

/// What is done wrong on the way to the store and back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tampering {
    /// Nobody asks how old a view is.
    OldCache,
    /// Every seventh event of a watch is dropped.
    SkipsEvents,
    /// A watch that is opened again begins now, not where the one before ended.
    ResumesNow,
    /// Deletions name no uid and no version.
    DeletesByName,
    /// Updates name no version.
    Overwrites,
    /// A creation that was not answered is sent again.
    RetriesBlindly,
    /// Finalizers are never removed.
    KeepsFinalizers,
    /// What is read live comes from what watches have shown.
    CachedReads,
    /// Every third pod is shown twice.
    Twins,
    /// Every third pod is not among those that are there when a watch begins.
    LosesListed,
    /// Templates of ReplicaSets are shown without a default that the store has put in.
    ForgetsDefaults,
    /// Annotations of ReplicaSets are never changed.
    KeepsAnnotations,
    /// A ReplicaSet that is to grow grows by one more.
    OneTooMany,
    /// A ReplicaSet that is to shrink shrinks by one more.
    OneTooFew,
    /// Nobody sees that a Deployment is paused.
    HidesPause,
    /// Nobody sees what is said to be the cost of a pod's deletion.
    HidesCost,
    /// Conditions of ReplicaSets are not written.
    DropsConditions,
    /// A template that is gone back to keeps what tells its ReplicaSet from others.
    KeepsHash,
    /// The store is said to compare no guards.
    NoFence,
}

/// The annotation that says what a pod's deletion costs.
const COST: &str = "controller.kubernetes.io/pod-deletion-cost";
/// The label that tells pods of one template from those of another.
const HASH: &str = "pod-template-hash";

impl Tampering {
    /// What becomes of a write; `known` is the object as it was shown last.
    pub(super) fn of_write(self, write: Write, known: Option<&ObjectRef>) -> Write {
        match write {
            Write::Delete(key, options) if self == Self::DeletesByName => {
                Write::Delete(key, DeleteOptions { preconditions: Preconditions::default(), ..options })
            }
            Write::Update(mut draft, side) => {
                self.of_update(&mut draft, &side, known);
                Write::Update(draft, side)
            }
            write => write,
        }
    }

    fn of_update(self, draft: &mut Draft, side: &Subresource, known: Option<&ObjectRef>) {
        let resized = |draft: &mut Draft, by: fn(i32, i32) -> i32| {
            let before = known.and_then(|known| known.spec::<ReplicaSetSpec>()?.replicas).unwrap_or(1);
            if let Some(ReplicaSetSpec { replicas: Some(replicas), .. }) = draft.spec_mut() {
                *replicas = by(before, *replicas);
            }
        };
        match self {
            Self::Overwrites => draft.revision = None,
            Self::KeepsFinalizers => {
                let kept = known.map(|known| known.meta().finalizers.clone());
                if let Some(finalizers) = kept.filter(|finalizers| !finalizers.is_empty()) {
                    draft.meta_mut().finalizers = finalizers;
                }
            }
            Self::KeepsAnnotations if is_set(draft) => {
                if let Some(known) = known {
                    draft.meta_mut().annotations = known.meta().annotations.clone();
                }
            }
            Self::OneTooMany if is_set(draft) && *side == Subresource::Main => {
                resized(draft, |before, after| if after > before { after + 1 } else { after });
            }
            Self::OneTooFew if is_set(draft) && *side == Subresource::Main => {
                resized(draft, |before, after| if after < before { (after - 1).max(0) } else { after });
            }
            Self::DropsConditions if is_set(draft) => {
                if let Some(status) = draft.status_mut::<ReplicaSetStatus>() {
                    status.conditions = None;
                }
            }
            Self::KeepsHash if *side == Subresource::Main => {
                if let Some(DeploymentSpec { template, .. }) = draft.spec_mut() {
                    let labels = template.metadata.get_or_insert_default().labels.get_or_insert_default();
                    labels.insert(HASH.to_owned(), "0".to_owned());
                }
            }
            _ => {}
        }
    }

    /// What is shown of an event; `is_initial` of one that tells what was there when the watch began.
    pub(super) fn of_event(self, event: WatchEvent, is_initial: bool) -> Vec<WatchEvent> {
        let object = event.object();
        match self {
            Self::LosesListed if is_initial && object.is_some_and(|object| is_third_pod(object)) => {
                Vec::new()
            }
            Self::Twins => {
                let twin = changed(&event, |object| {
                    let mut draft = Draft::of(object);
                    draft.meta_mut().name = format!("{}-twin", object.meta().name).into();
                    is_third_pod(object).then_some(draft)
                });
                std::iter::once(event).chain(twin).collect()
            }
            _ => {
                let other = changed(&event, |object| self.shown(object));
                vec![other.unwrap_or(event)]
            }
        }
    }

    /// An object as it is shown, if not as it is.
    fn shown(self, object: &Object) -> Option<Draft> {
        let mut draft = Draft::of(object);
        match self {
            Self::ForgetsDefaults => {
                let spec = draft.spec_mut::<ReplicaSetSpec>()?.template.as_mut()?.spec.as_mut()?;
                spec.termination_grace_period_seconds = None;
            }
            Self::HidesPause => draft.spec_mut::<DeploymentSpec>()?.paused = None,
            Self::HidesCost if object.meta().annotations.contains_key(COST) => {
                draft.meta_mut().annotations = TextMap::default();
            }
            _ => return None,
        }
        Some(draft)
    }
}

fn is_set(draft: &Draft) -> bool {
    draft.kind().names.kind == "ReplicaSet"
}

fn is_third_pod(object: &Object) -> bool {
    let name = &object.meta().name;
    object.kind().names.kind == "Pod" && name.bytes().last().is_some_and(|last| last % 3 == 0)
}

/// The same event of another object.
fn changed(event: &WatchEvent, change: impl Fn(&Object) -> Option<Draft>) -> Option<WatchEvent> {
    let other = |object: &ObjectRef| {
        change(object).map(|draft| Arc::new(Object::from_draft(draft, object.revision())))
    };
    match event {
        WatchEvent::Added(object) => other(object).map(WatchEvent::Added),
        WatchEvent::Modified(object) => other(object).map(WatchEvent::Modified),
        WatchEvent::Deleted(object) => other(object).map(WatchEvent::Deleted),
        WatchEvent::Bookmark { .. } => None,
    }
}
