use std::fmt;
use std::sync::Arc;

use setpoint_core::kind::KindId;
use setpoint_core::object::{Key, ObjectRef, Revision, Uid};

use super::IndexValue;
use super::index::OWNER;
use super::table::{Place, Tables};

/// All objects of a store, of all kinds, at one revision. Clones share.
#[derive(Clone)]
pub struct Snapshot(Arc<Tables>);

impl Snapshot {
    /// What these tables hold, as long as nobody changes them in place.
    pub fn new(tables: Arc<Tables>) -> Self {
        Self(tables)
    }

    /// The revision it shows: everything up to it, nothing after it.
    pub fn revision(&self) -> Revision {
        self.0.revision
    }

    /// An object.
    pub fn get(&self, key: &Key) -> Option<&ObjectRef> {
        self.0.get(key)
    }

    /// How many objects of a kind there are.
    pub fn count(&self, kind: KindId) -> usize {
        self.0.table(kind).map_or(0, |table| table.objects.len())
    }

    /// All objects of a kind, ordered by namespace and name.
    pub fn list(&self, kind: KindId) -> impl Iterator<Item = &ObjectRef> {
        self.0.table(kind).into_iter().flat_map(|table| table.objects.iter())
    }

    /// The objects of a kind in a namespace, ordered by name.
    pub fn list_namespace<'a>(
        &'a self,
        kind: KindId,
        namespace: &'a str,
    ) -> impl Iterator<Item = &'a ObjectRef> {
        self.list_from(kind, namespace, "").take_while(move |object| object.place().0 == namespace)
    }

    /// The objects of a kind from a place on, ordered by namespace and name.
    pub fn list_from<'a>(
        &'a self,
        kind: KindId,
        namespace: &'a str,
        name: &'a str,
    ) -> impl Iterator<Item = &'a ObjectRef> {
        let table = self.0.table(kind);
        table.into_iter().flat_map(move |table| table.objects.iter_from(&Place(namespace, name)))
    }

    /// The objects of a kind that an index lists under a value, ordered by namespace and name.
    ///
    /// Nothing if the kind has no such index: adding it is part of starting a controller.
    pub fn by_index<'a>(
        &'a self,
        kind: KindId,
        index: &str,
        value: &IndexValue,
    ) -> impl Iterator<Item = &'a ObjectRef> + use<'a> {
        self.0.by_index(kind, index, value)
    }

    /// The objects of all kinds that name an owner by this uid, kind by kind.
    pub fn owned_by<'a>(&'a self, owner: &Uid) -> impl Iterator<Item = &'a ObjectRef> + use<'a> {
        let value = IndexValue::Uid(owner.clone());
        self.0.tables().filter_map(move |table| table.listing(OWNER)?.get(&value)).flat_map(super::Tree::iter)
    }

    /// How many objects of a kind an index lists under a value.
    pub fn count_by_index(&self, kind: KindId, index: &str, value: &IndexValue) -> usize {
        self.members(kind, index, value).map_or(0, super::Tree::len)
    }

    fn members(&self, kind: KindId, index: &str, value: &IndexValue) -> Option<&super::Tree<ObjectRef>> {
        self.0.table(kind)?.listing(index)?.get(value)
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Snapshot(@{})", self.revision())
    }
}
