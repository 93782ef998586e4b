use setpoint_core::kind::{Kind, Registry};
use setpoint_core::object::{Key, ObjectRef, OwnerReference, Text, Uid};
use setpoint_store::tables::{IndexValue, Snapshot};

/// Keeps an owner until its dependents have lost their reference.
pub(super) const ORPHAN: &str = "orphan";
/// Keeps an owner until the dependents that block it are gone.
pub(super) const FOREGROUND: &str = "foregroundDeletion";

/// An object with the owners it names and the objects that name it.
#[derive(Debug, Clone)]
pub struct Observed {
    /// The object.
    pub object: ObjectRef,
    /// Its owners, in the order of its references.
    pub owners: Vec<Owner>,
    /// How many objects name it as an owner.
    pub dependents: Vec<ObjectRef>,
    /// What a foreground deletion of it would wait for.
    pub blocking: Blocking,
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
    Absent,
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

/// What a foreground deletion waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blocking {
    /// Nothing.
    None,
    /// Dependents that ask to go first.
    Dependents,
}

impl Observed {
    pub(super) fn of(snapshot: &Snapshot, key: &Key, registry: &Registry) -> Option<Self> {
        let object = snapshot.get(key)?.clone();
        let owners = object
            .meta()
            .owner_references
            .iter()
            .map(|reference| Owner::of(snapshot, registry, &object, reference))
            .collect();
        let waits = [ORPHAN, FOREGROUND].iter().any(|name| object.meta().finalizers.contains(name));
        let has_solid_owner =
            |owners: &Vec<Owner>| owners.iter().any(|owner| owner.state == OwnerState::Solid);
        // Only those who wait for dependents, or may pass a deletion on to them, need to know them.
        let needed = object.meta().is_terminating() && waits
            || !object.meta().owner_references.is_empty() && !has_solid_owner(&owners);
        let dependents = if needed { dependents(snapshot, registry, &object) } else { Vec::new() };
        let blocks = |dependent: &ObjectRef| {
            dependent.meta().owner_references.iter().any(|reference| {
                Some(&reference.uid) == object.meta().uid.as_ref()
                    && reference.block_owner_deletion == Some(true)
            })
        };
        let blocking = if dependents.iter().any(blocks) { Blocking::Dependents } else { Blocking::None };
        Some(Self { object, owners, dependents, blocking })
    }
}

impl Owner {
    fn of(snapshot: &Snapshot, registry: &Registry, object: &ObjectRef, reference: &OwnerReference) -> Self {
        let uid = reference.uid.clone();
        let Some(kind) = registry.find(&reference.kind, &reference.api_version) else {
            let (kind, api_version) = (reference.kind.clone(), reference.api_version.clone());
            return Self { uid, key: None, state: OwnerState::Unknown { kind, api_version } };
        };
        let namespace = object.meta().namespace.clone();
        if kind.is_namespaced() && namespace.is_none() {
            return Self { uid, key: None, state: OwnerState::OutOfScope };
        }
        let key = owner_key(&kind, namespace, reference);
        let found = snapshot.get(&key).filter(|owner| owner.meta().uid.as_ref() == Some(&uid));
        let state = match found {
            None => OwnerState::Absent,
            Some(owner) if is_waiting(owner) => OwnerState::WaitsForDependents,
            Some(_) => OwnerState::Solid,
        };
        Self { uid, key: Some(key), state }
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

/// All objects that name this one as an owner, where it can be theirs.
pub(super) fn dependents(snapshot: &Snapshot, registry: &Registry, owner: &ObjectRef) -> Vec<ObjectRef> {
    let Some(uid) = owner.meta().uid.clone() else { return Vec::new() };
    let value = IndexValue::Uid(uid);
    let namespace = owner.meta().namespace.as_ref();
    registry
        .kinds()
        .iter()
        .flat_map(|kind| snapshot.by_index(kind.id, "owner", &value))
        .filter(|dependent| namespace.is_none() || dependent.meta().namespace.as_ref() == namespace)
        .cloned()
        .collect()
}
