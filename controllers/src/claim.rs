//! Which children belong to an owner: kept, adopted, released (DEP-11 to DEP-13, RS-11 to RS-14).
//!
//! A child belongs to the owner that its controller reference names by uid. An owner *adopts* children that
//! nobody controls and its selector matches, and *releases* its own that its selector no longer matches. An
//! owner that is being deleted does neither, and a child of another controller is never touched.
//!
//! Before the first adoption of a sync the owner is looked up live: a cache may show an owner that is gone,
//! and would hand it children that the garbage collector then deletes. An adoption replaces exactly the
//! version of the child that was decided on; a release asks for the uid.
//!
//! It is made to be a part of a planner: [`Claim`] decides while observing, [`ClaimMemory::stage`] gives the
//! actions, which are the planner's own wrapped around a [`ClaimAction`].

use serde_json::{Map, Value, json};
use setpoint_core::kind::{KindId, Subresource};
use setpoint_core::object::{Key, Object, ObjectRef, Revision, Uid};
use setpoint_core::patch::Patch;
use setpoint_core::selector::LabelSelector;
use setpoint_reconcile::plan::{Outcome, Step};
use setpoint_store::request::Write;
use setpoint_store::tables::{IndexValue, Snapshot};

use crate::controller_ref::controller_ref;

/// What an owner asks for of its children.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    /// The owner.
    pub owner: &'a Object,
    /// Which labels its children have.
    pub selector: &'a LabelSelector,
}

/// What becomes of an object that may be a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It is a child and stays one.
    Keep,
    /// Nobody controls it, and the owner may.
    Adopt,
    /// It is a child, but no longer such as the owner asks for.
    Release,
    /// It is none of the owner's business.
    Leave,
}

/// The children of an owner, and those that are to come and to go. In order of their names, the owner's own
/// before orphans.
#[derive(Debug, Clone, Default)]
pub struct Children {
    /// They are children and stay so.
    pub kept: Vec<ObjectRef>,
    /// They are to be adopted.
    pub adoptable: Vec<ObjectRef>,
    /// They are to be released.
    pub releasable: Vec<ObjectRef>,
}

impl<'a> Claim<'a> {
    /// All objects of a kind that may be concerned: those that name the owner, and those without a
    /// controller in its namespace unless it is being deleted.
    pub fn candidates<'s>(
        &self,
        snapshot: &'s Snapshot,
        kind: KindId,
    ) -> impl Iterator<Item = &'s ObjectRef> {
        let meta = self.owner.meta();
        let own = meta.uid.clone().map(IndexValue::Uid);
        let orphans =
            (!meta.is_terminating()).then(|| IndexValue::Text(meta.namespace.clone().unwrap_or_default()));
        let listed = move |index, value: Option<IndexValue>| {
            value.into_iter().flat_map(move |value| snapshot.by_index(kind, index, &value))
        };
        let uid = meta.uid.clone();
        // An orphan that names the owner without being controlled by it is in both.
        let only_orphan = move |object: &&ObjectRef| {
            !object.meta().owner_references.iter().any(|reference| Some(&reference.uid) == uid.as_ref())
        };
        listed("owner", own).chain(listed("orphan", orphans).filter(only_orphan))
    }

    /// What becomes of one object.
    pub fn decide(&self, child: &Object) -> Decision {
        let owner = self.owner.meta();
        match child.meta().controller() {
            Some(reference) if Some(&reference.uid) != owner.uid.as_ref() => Decision::Leave,
            Some(_) if self.matches(child) => Decision::Keep,
            Some(_) if owner.is_terminating() => Decision::Leave,
            Some(_) => Decision::Release,
            None if owner.is_terminating() || child.meta().is_terminating() => Decision::Leave,
            None if owner.namespace == child.meta().namespace && self.matches(child) => Decision::Adopt,
            None => Decision::Leave,
        }
    }

    /// Whether an object has the labels that the owner asks for.
    pub fn matches(&self, child: &Object) -> bool {
        self.selector.matches(|label| child.meta().labels.get(label))
    }

    /// The children of a kind. Objects that are not `eligible` are left alone, whoever controls them.
    pub fn children(
        &self,
        snapshot: &Snapshot,
        kind: KindId,
        eligible: impl Fn(&Object) -> bool,
    ) -> Children {
        let mut children = Children::default();
        for object in self.candidates(snapshot, kind).filter(|object| eligible(object)) {
            children.add(self.decide(object), object);
        }
        children
    }
}

impl Children {
    /// Adds an object as was decided.
    pub fn add(&mut self, decision: Decision, object: &ObjectRef) {
        match decision {
            Decision::Keep => self.kept.push(object.clone()),
            Decision::Adopt => self.adoptable.push(object.clone()),
            Decision::Release => self.releasable.push(object.clone()),
            Decision::Leave => {}
        }
    }
}

/// A step towards having the right children.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimAction {
    /// Looks the owner up live, since what was seen may be old.
    ConfirmOwner {
        /// The owner.
        owner: Key,
        /// Which object it should be.
        uid: Uid,
    },
    /// Makes the owner the controller of a child that has none, if it is the version that was decided on.
    Adopt {
        /// The child.
        child: Key,
        /// Which object it is.
        uid: Uid,
        /// Which version of it.
        revision: Revision,
    },
    /// Removes the reference to the owner from a child.
    Release {
        /// The child.
        child: Key,
        /// Which object it is.
        uid: Uid,
    },
}

impl ClaimAction {
    /// The action in terms of the store.
    pub fn steps(&self, owner: &Object) -> Vec<Step> {
        match self {
            Self::ConfirmOwner { owner, .. } => vec![Step::ReadLive(owner.clone())],
            Self::Adopt { child, uid, revision } => {
                let reference = json!(controller_ref(owner).to_wire());
                let revision = revision.to_string();
                vec![patch(
                    child,
                    uid,
                    [("ownerReferences", json!([reference])), ("resourceVersion", json!(revision))],
                )]
            }
            Self::Release { child, uid } => {
                let owner = owner.meta().uid.as_ref().map(ToString::to_string);
                let reference = json!({"$patch": "delete", "uid": owner});
                vec![patch(child, uid, [("ownerReferences", json!([reference]))])]
            }
        }
    }
}

fn patch<const N: usize>(child: &Key, uid: &Uid, metadata: [(&str, Value); N]) -> Step {
    let mut fields: Map<String, Value> =
        metadata.into_iter().map(|(field, value)| (field.to_owned(), value)).collect();
    fields.insert("uid".to_owned(), json!(uid.to_string()));
    let body = Map::from_iter([("metadata".to_owned(), Value::Object(fields))]);
    Step::write(Write::Patch(child.clone(), Patch::Strategic(body), Subresource::Main))
}

/// How far the claiming of a sync has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClaimMemory {
    progress: Progress,
    errors: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Progress {
    #[default]
    Begun,
    /// The owner was looked up, and may adopt.
    Confirmed,
    /// The owner was looked up, and may not adopt.
    Refused,
    /// Everything was tried.
    Tried,
}

/// What is to be done about children next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimStage {
    /// These, and then a look at what came of it: the stage is to be followed by `Next::Replan`.
    Act(Vec<ClaimAction>),
    /// Something could not be claimed, and the sync has failed before anything else is done (RS-14).
    Failed(String),
    /// Everything is as it should be.
    Settled,
}

impl ClaimMemory {
    /// What is next, for the children of `owner`.
    pub fn stage(&mut self, owner: &Object, children: &Children) -> ClaimStage {
        match self.progress {
            Progress::Tried if !self.errors.is_empty() => return ClaimStage::Failed(self.errors.join(", ")),
            // What has turned up since wakes the owner anew.
            Progress::Tried => return ClaimStage::Settled,
            Progress::Begun if !children.adoptable.is_empty() => {
                let uid = owner.meta().uid.clone().unwrap_or_else(|| Uid::new(""));
                return ClaimStage::Act(vec![ClaimAction::ConfirmOwner { owner: owner.key(), uid }]);
            }
            _ => {}
        }
        let may_adopt = self.progress == Progress::Confirmed;
        self.progress = Progress::Tried;
        let adoptions = children.adoptable.iter().filter(|_| may_adopt).filter_map(|child| {
            let uid = child.meta().uid.clone()?;
            Some(ClaimAction::Adopt { child: child.key(), uid, revision: child.revision() })
        });
        let releases = children.releasable.iter().filter_map(|child| {
            let uid = child.meta().uid.clone()?;
            Some(ClaimAction::Release { child: child.key(), uid })
        });
        let actions: Vec<ClaimAction> = adoptions.chain(releases).collect();
        match actions.is_empty() {
            true if self.errors.is_empty() => ClaimStage::Settled,
            true => ClaimStage::Failed(self.errors.join(", ")),
            false => ClaimStage::Act(actions),
        }
    }

    /// Remembers what came of an action.
    pub fn learn(&mut self, action: &ClaimAction, outcome: Outcome<'_>) {
        match (action, outcome) {
            (ClaimAction::ConfirmOwner { owner, uid }, outcome) => match why_not_adopt(owner, uid, outcome) {
                None => self.progress = Progress::Confirmed,
                Some(why) => {
                    self.progress = Progress::Refused;
                    self.errors.push(format!("can't adopt: {why}"));
                }
            },
            (_, Ok(_)) => {}
            // Gone: there is nothing to claim.
            (_, Err(error)) if error.is_not_found() => {}
            // The reference to be removed is not there any more (DEP-12).
            (ClaimAction::Release { .. }, Err(error)) if error.is_invalid() => {}
            (_, Err(error)) => self.errors.push(error.to_string()),
        }
    }
}

/// Why an owner, as it is live, may not adopt.
fn why_not_adopt(owner: &Key, uid: &Uid, live: Outcome<'_>) -> Option<String> {
    match live {
        Err(error) => Some(error.to_string()),
        Ok(Some(live)) if live.meta().uid.as_ref() == Some(uid) => {
            let deleted = live.meta().deletion_timestamp?;
            Some(format!("{owner} has just been deleted at {deleted}"))
        }
        Ok(_) => Some(format!("{owner} is gone: it was the one with uid {uid}")),
    }
}

#[cfg(test)]
mod tests;
