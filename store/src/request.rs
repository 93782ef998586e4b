//! What requests say: who asks, for what, and under which conditions.

use std::collections::BTreeMap;
use std::sync::Arc;

use setpoint_core::Error;
use setpoint_core::env::Instant;
use setpoint_core::kind::{KindId, Subresource};
use setpoint_core::object::{Draft, Key, ObjectRef, Revision, Text, TextMap, Uid};
use setpoint_core::patch::Patch;
use setpoint_core::selector::{FieldSelector, LabelSelector};

/// Who asks and how the request is to be treated. Every verb takes one.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// Who asks.
    pub user: Arc<User>,
    /// Under which name changed fields are recorded (PATCH-12).
    pub field_manager: Text,
    /// Whether everything is done but the storing (STORE-29).
    pub dry_run: bool,
    /// When the answer is no longer wanted.
    pub deadline: Option<Instant>,
    /// Where the user's rights come from.
    pub grants: Grants,
    /// What is answered if an update or a patch would have to create the object; `None` if it may (STORE-06).
    pub refused_creation: Option<Error>,
    /// What must hold of other objects for a write to be applied, at its very revision. Stores that cannot
    /// compare refuse writes with guards, see [`ObjectStore::honours_guards`](crate::ObjectStore::honours_guards).
    pub guards: Arc<[Guard]>,
}

/// An object that must be as it was for a write to another to be applied: a broken guard refuses the write
/// with an error that [is fenced](Error::is_fenced).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guard {
    /// The object.
    pub key: Key,
    /// The revision of its last change.
    pub revision: Revision,
}

/// Where a user's rights come from. Who asks has been told what they may do before the store is asked; this is for
/// writes that give rights to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Grants {
    /// They are none of the store's business.
    #[default]
    Unchecked,
    /// From roles in this store: the user may give to others no more than what these give to the user (AUTH-06).
    OfRoles,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct User {
    /// The name, such as `system:serviceaccount:kube-system:deployment-controller`.
    pub name: String,
    /// The groups it is in.
    pub groups: Vec<String>,
    /// What tells it from another user who had the name before; empty if that is not known.
    pub uid: String,
    /// What else is known of it.
    pub extra: BTreeMap<String, Vec<String>>,
}

impl RequestContext {
    /// A part of the system that writes under its own name.
    pub fn system(name: &str) -> Self {
        let groups = vec!["system:masters".to_owned()];
        let user = User { name: format!("system:{name}"), groups, ..User::default() };
        Self {
            user: Arc::new(user),
            field_manager: name.into(),
            dry_run: false,
            deadline: None,
            grants: Grants::Unchecked,
            refused_creation: None,
            guards: Arc::default(),
        }
    }
}

/// One write. What it addresses, and the conditions under which it is applied.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Write {
    /// A new object. With an empty name and a `generateName` the store chooses the name.
    Create(Draft),
    /// A new version of an object, or of one side of it. A draft with a revision or a uid replaces only
    /// that version or that object.
    Update(Draft, Subresource),
    /// A change of whatever version is there.
    Patch(Key, Patch, Subresource),
    /// The removal of an object, or its beginning.
    Delete(Key, DeleteOptions),
    /// The assignment of a pod to a node (SUB-08).
    Bind(Binding),
    /// The deletion of a pod, if its disruption budget allows it (SUB-05, SUB-06).
    Evict(Eviction),
}

/// How an object is to be deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeleteOptions {
    /// Seconds that its processes get to end; `None` is what the object asks for, 0 is at once.
    pub grace_period_seconds: Option<i64>,
    /// What becomes of its dependents; `None` is the kind's default.
    pub propagation: Option<Propagation>,
    /// What must hold of the object.
    pub preconditions: Preconditions,
}

/// What becomes of a deleted object's dependents (STORE-24).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Propagation {
    /// They lose their reference first.
    Orphan,
    /// They go afterwards.
    Background,
    /// They go first.
    Foreground,
}

/// What must hold of an object for a write to be applied (STORE-21).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preconditions {
    /// That it is this very object, not one of the same name.
    pub uid: Option<Uid>,
    /// That it has not changed since.
    pub revision: Option<Revision>,
}

impl Preconditions {
    /// That it is this very object.
    pub fn uid(uid: Option<&Uid>) -> Self {
        Self { uid: uid.cloned(), revision: None }
    }
}

/// The assignment of a pod to a node.
#[derive(Debug, Clone)]
pub struct Binding {
    /// The pod.
    pub pod: Key,
    /// The node.
    pub node: Text,
    /// What must hold of the pod.
    pub preconditions: Preconditions,
    /// Labels to add to the pod.
    pub labels: TextMap,
    /// Annotations to add to the pod.
    pub annotations: TextMap,
}

/// The deletion of a pod that heeds its disruption budget.
#[derive(Debug, Clone)]
pub struct Eviction {
    /// The pod.
    pub pod: Key,
    /// How it is to be deleted.
    pub options: DeleteOptions,
}

/// What a write did.
#[derive(Debug, Clone)]
pub struct Written {
    /// The object as it is now; a removed one as it was, under the revision of its removal.
    pub object: ObjectRef,
    /// What became of it.
    pub outcome: Outcome,
    /// What the client should be told beside.
    pub warnings: Vec<String>,
}

/// What became of an object that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is new.
    Created,
    /// It has a new version.
    Updated,
    /// It is as it was: the write changed nothing, and has no revision (STORE-02).
    Unchanged,
    /// Its deletion has begun; finalizers or a grace period keep it.
    Terminating,
    /// It is gone.
    Deleted,
}

/// Which objects a list or watch is about.
#[derive(Debug, Clone)]
pub struct Selection {
    /// The kind.
    pub kind: KindId,
    /// Only those in this namespace; `None` for all.
    pub namespace: Option<Text>,
    /// Only those with such labels.
    pub labels: LabelSelector,
    /// Only those with such fields.
    pub fields: FieldSelector,
}

impl Selection {
    /// All objects of a kind.
    pub fn all(kind: KindId) -> Self {
        Self {
            kind,
            namespace: None,
            labels: LabelSelector::everything(),
            fields: FieldSelector::everything(),
        }
    }

    /// The objects of a kind in a namespace.
    pub fn namespace(kind: KindId, namespace: impl Into<Text>) -> Self {
        Self { namespace: Some(namespace.into()), ..Self::all(kind) }
    }

    /// Only those with such labels.
    #[must_use]
    pub fn labels(self, labels: LabelSelector) -> Self {
        Self { labels, ..self }
    }

    /// Only those with such fields.
    #[must_use]
    pub fn fields(self, fields: FieldSelector) -> Self {
        Self { fields, ..self }
    }
}

/// A list.
#[derive(Debug, Clone)]
pub struct ListQuery {
    /// Which objects.
    pub selection: Selection,
    /// How many at the most in this page.
    pub limit: Option<usize>,
    /// Where the page before ended.
    pub continue_token: Option<String>,
    /// At which revision.
    pub at: ReadAt,
}

impl ListQuery {
    /// All that is selected, now.
    pub fn new(selection: Selection) -> Self {
        Self { selection, limit: None, continue_token: None, at: ReadAt::Newest }
    }
}

/// The revision of a read (LIST-01 to LIST-05, LIST-14).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadAt {
    /// Includes every write acknowledged before.
    Newest,
    /// Whatever is at hand.
    Any,
    /// Not older than this; waited for if it is in the future.
    NotOlderThan(Revision),
    /// Exactly this.
    Exactly(Revision),
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct ObjectList {
    /// The objects, ordered by namespace and name.
    pub items: Vec<ObjectRef>,
    /// The revision the list shows; a watch from here misses nothing.
    pub revision: Revision,
    /// Where the next page begins, if there is one.
    pub continue_token: Option<String>,
    /// How many are left, where it is known (LIST-08).
    pub remaining: Option<usize>,
}

/// A watch.
#[derive(Debug, Clone)]
pub struct WatchQuery {
    /// Which objects.
    pub selection: Selection,
    /// Where it begins.
    pub from: WatchFrom,
    /// Whether it tells how far it has come when nothing happens (WATCH-05).
    pub bookmarks: bool,
}

impl WatchQuery {
    /// Every change after a revision.
    pub fn after(selection: Selection, revision: Revision) -> Self {
        Self { selection, from: WatchFrom::After(revision), bookmarks: false }
    }
}

/// Where a watch begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatchFrom {
    /// After this revision (WATCH-01).
    After(Revision),
    /// With what is there, as additions (WATCH-02).
    State,
    /// With what is there, not older than this, then a marked bookmark (WATCH-06).
    InitialEvents(Revision),
    /// Now.
    Now,
}

/// What a watch tells.
#[derive(Debug, Clone)]
pub enum WatchEvent {
    /// It is new, or new to the selection.
    Added(ObjectRef),
    /// It has changed.
    Modified(ObjectRef),
    /// It is gone, or gone from the selection: as it was, under the revision of the change (WATCH-04).
    Deleted(ObjectRef),
    /// Everything up to this revision was told.
    Bookmark {
        /// The revision.
        revision: Revision,
        /// Whether it ends what was there at the beginning (WATCH-06).
        initial_events_end: bool,
    },
}

impl WatchEvent {
    /// The object, unless it is a bookmark.
    pub fn object(&self) -> Option<&ObjectRef> {
        match self {
            Self::Added(object) | Self::Modified(object) | Self::Deleted(object) => Some(object),
            Self::Bookmark { .. } => None,
        }
    }

    /// The revision: a watch resumed after it misses nothing.
    pub fn revision(&self) -> Revision {
        match self {
            Self::Bookmark { revision, .. } => *revision,
            Self::Added(object) | Self::Modified(object) | Self::Deleted(object) => object.revision(),
        }
    }
}
