use std::collections::BTreeSet;

use setpoint_core::kind::{Kind, Registry};
use setpoint_core::object::{Key, Object, ObjectRef, OwnerReference, Text, Uid};
use setpoint_store::tables::Snapshot;

use super::owners::{Absence, Owners};

/// Keeps an owner until its dependents have lost their reference.
pub(super) const ORPHAN: &str = "orphan";
/// Keeps an owner until the dependents that block it are gone.
pub(super) const FOREGROUND: &str = "foregroundDeletion";
/// Objects that are looked at in search of a circle, at the most; a longer one is not found.
const CIRCLE_MAX: usize = 1_000;

/// An object with the owners it names and the objects that name it.
#[derive(Debug, Clone)]
pub struct Observed {
    /// The object.
    pub object: ObjectRef,
    /// Its owners, in the order of its references.
    pub owners: Vec<Owner>,
    /// Those that name it as an owner, as far as it matters.
    pub dependents: Dependents,
}

/// An owner as it is named and as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The uid it is named by.
    pub uid: Uid,
    /// Where it should be; `None` if its kind is not known or it cannot be there.
    pub key: Option<Key>,
    /// How it is.
    pub state: OwnerState,
}

/// How an owner is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OwnerState {
    /// It is there, and its deletion does not wait for dependents.
    Solid,
    /// It is there, and waits for its dependents to go.
    WaitsForDependents,
    /// It is not there, or is another object of the same name.
    Absent {
        /// Whether a live look has shown that before.
        confirmed: bool,
        /// Whether it lives where it cannot be the dependent's owner (GC-03).
        elsewhere: bool,
    },
    /// Its kind is not known, so nobody can tell.
    Unknown {
        /// The kind it is named with.
        kind: Text,
        /// The group and version it is named with.
        api_version: Text,
    },
    /// It is a namespaced object, and the dependent is not: nobody can tell (GC-03).
    OutOfScope,
}

/// The objects that name an object as an owner.
#[derive(Debug, Clone, Default)]
pub struct Dependents {
    /// Whether there are any. Looked up only for objects whose owners may all be gone.
    pub exist: bool,
    /// Whether one of them is to go before the object. Looked up only for objects that wait for that.
    pub block: bool,
    /// Whether the object waits for dependents that wait for it. Looked up only where it could be.
    pub circle: bool,
    /// All of them, if they are to lose their reference.
    pub orphans: Vec<ObjectRef>,
}

impl Observed {
    pub(super) fn of(snapshot: &Snapshot, key: &Key, registry: &Registry, known: &Owners) -> Option<Self> {
        let object = snapshot.get(key)?.clone();
        let references = object.meta().owner_references.iter();
        let look = Look { snapshot, registry, known };
        let owners: Vec<Owner> = references.map(|reference| look.owner(&object, reference)).collect();
        let dependents = look.dependents(&object, &owners);
        Some(Self { object, owners, dependents })
    }
}

/// A look around.
struct Look<'a> {
    snapshot: &'a Snapshot,
    registry: &'a Registry,
    known: &'a Owners,
}

impl Look<'_> {
    fn owner(&self, object: &Object, reference: &OwnerReference) -> Owner {
        let uid = reference.uid.clone();
        let Some(kind) = self.registry.find(&reference.kind, &reference.api_version) else {
            let (kind, api_version) = (reference.kind.clone(), reference.api_version.clone());
            return Owner { uid, key: None, state: OwnerState::Unknown { kind, api_version } };
        };
        let namespace = object.meta().namespace.clone();
        if kind.is_namespaced() && namespace.is_none() {
            return Owner { uid, key: None, state: OwnerState::OutOfScope };
        }
        let key = owner_key(&kind, namespace, reference);
        let found = self.snapshot.get(&key).filter(|owner| owner.meta().uid.as_ref() == Some(&uid));
        let state = match found {
            None => self.absent(&key, &uid),
            Some(owner) if is_waiting(owner) => OwnerState::WaitsForDependents,
            Some(_) => OwnerState::Solid,
        };
        Owner { uid, key: Some(key), state }
    }

    /// What is known of an owner that is not where it should be. Only if nobody has seen it go, it is looked for
    /// in other places.
    fn absent(&self, key: &Key, uid: &Uid) -> OwnerState {
        match self.known.absence(key, uid) {
            Some(Absence { confirmed, elsewhere }) => OwnerState::Absent { confirmed, elsewhere },
            None => {
                let mut all = self.snapshot.list(key.kind);
                let elsewhere = all.any(|object| object.meta().uid.as_ref() == Some(uid));
                OwnerState::Absent { confirmed: false, elsewhere }
            }
        }
    }

    /// Only those who wait for dependents, or may pass a deletion on to them, need to know them.
    fn dependents(&self, object: &ObjectRef, owners: &[Owner]) -> Dependents {
        let meta = object.meta();
        let mut found = Dependents::default();
        if meta.is_terminating() && meta.finalizers.contains(ORPHAN) {
            found.orphans = dependents(self.snapshot, object).cloned().collect();
        } else if is_waiting(object) {
            found.block = dependents(self.snapshot, object).any(|dependent| blocks(dependent, object));
            found.circle = found.block && self.is_in_circle(object);
        } else if !owners.is_empty() && !owners.iter().any(|owner| owner.state == OwnerState::Solid) {
            found.exist = dependents(self.snapshot, object).next().is_some();
            found.circle = found.exist && self.is_in_circle(object);
        }
        found
    }

    /// Whether objects that wait for each other lead from this one back to it (GC-06).
    fn is_in_circle(&self, object: &ObjectRef) -> bool {
        let asks_to_go_first = |it: &OwnerReference| it.block_owner_deletion == Some(true);
        if !object.meta().owner_references.iter().any(asks_to_go_first) {
            return false;
        }
        let mut seen = BTreeSet::from([object.key()]);
        let mut next = vec![object.clone()];
        while let Some(owner) = next.pop() {
            for dependent in dependents(self.snapshot, &owner).filter(|it| blocks(it, &owner)) {
                if dependent.meta().uid == object.meta().uid {
                    return true;
                }
                if is_waiting(dependent) && seen.len() < CIRCLE_MAX && seen.insert(dependent.key()) {
                    next.push(dependent.clone());
                }
            }
        }
        false
    }
}

/// Where an owner is: in its dependent's namespace, or in none (GC-03).
pub(super) fn owner_key(kind: &Kind, namespace: Option<Text>, reference: &OwnerReference) -> Key {
    let namespace = namespace.filter(|_| kind.is_namespaced());
    Key { kind: kind.id, namespace, name: reference.name.clone() }
}

/// Whether an object's deletion waits for its dependents.
pub(super) fn is_waiting(object: &ObjectRef) -> bool {
    object.meta().is_terminating() && object.meta().finalizers.contains(FOREGROUND)
}

/// Whether a dependent is to go before this owner.
pub(super) fn blocks(dependent: &Object, owner: &Object) -> bool {
    dependent.meta().owner_references.iter().any(|reference| {
        Some(&reference.uid) == owner.meta().uid.as_ref() && reference.block_owner_deletion == Some(true)
    })
}

/// All objects that name this one as an owner, where it can be theirs.
pub(super) fn dependents<'a>(
    snapshot: &'a Snapshot,
    owner: &'a Object,
) -> impl Iterator<Item = &'a ObjectRef> {
    let namespace = owner.meta().namespace.as_ref();
    let owned = owner.meta().uid.as_ref().into_iter().flat_map(|uid| snapshot.owned_by(uid));
    owned.filter(move |dependent| namespace.is_none() || dependent.meta().namespace.as_ref() == namespace)
}
