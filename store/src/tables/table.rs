use std::cmp::Ordering;
use std::sync::Arc;

use setpoint_core::kind::KindId;
use setpoint_core::object::{Key, Object, ObjectRef, Revision, Text};

use super::index::Listing;
use super::{Entry, Index, IndexValue, Snapshot, Tree};

/// All objects at one revision, to be changed: what engines and caches keep.
///
/// Readers get a [`Snapshot`]; while one lives, changes copy what it uses.
#[derive(Clone, Default)]
pub struct Tables {
    /// Everything up to here is in.
    pub revision: Revision,
    /// By the kind's number.
    kinds: Vec<Arc<Table>>,
    /// Indices that every kind has.
    common: Vec<Index>,
}

/// All objects of one kind.
#[derive(Clone, Default)]
pub(super) struct Table {
    pub(super) objects: Tree<ObjectRef>,
    pub(super) listings: Vec<Listing>,
}

/// Namespace (empty for cluster-scoped kinds) and name, by which a kind's objects are ordered (STORE-31).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place<'a>(pub(crate) &'a str, pub(crate) &'a str);

impl<'a> Place<'a> {
    pub(super) fn of(object: &'a Object) -> Self {
        let (namespace, name) = object.place();
        Self(namespace, name)
    }
}

impl Ord for Place<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        // Objects of one namespace mostly share its name.
        let namespace = if std::ptr::eq(self.0, other.0) { Ordering::Equal } else { self.0.cmp(other.0) };
        namespace.then_with(|| self.1.cmp(other.1))
    }
}

impl PartialOrd for Place<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Entry for ObjectRef {
    type Key = (Option<Text>, Text);
    type Probe<'a> = Place<'a>;

    fn key(&self) -> Self::Key {
        (self.meta().namespace.clone(), self.meta().name.clone())
    }

    fn probe(&self) -> Place<'_> {
        Place::of(self)
    }

    fn compare(&self, probe: &Place<'_>) -> Ordering {
        Place::of(self).cmp(probe)
    }

    fn compare_key((namespace, name): &Self::Key, probe: &Place<'_>) -> Ordering {
        Place(namespace.as_deref().unwrap_or_default(), name).cmp(probe)
    }
}

impl Table {
    pub(super) fn listing(&self, index: &str) -> Option<&Listing> {
        self.listings.iter().find(|listing| &**listing.index.name() == index)
    }
}

impl Tables {
    /// Without objects, at a revision, with indices that every kind is to have.
    pub fn new(revision: Revision, common: Vec<Index>) -> Self {
        Self { revision, kinds: Vec::new(), common }
    }

    /// Copies what is there now, at the cost of a few pointers.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::new(Arc::new(self.clone()))
    }

    pub(super) fn table(&self, kind: KindId) -> Option<&Table> {
        self.kinds.get(kind.0 as usize).map(|table| &**table)
    }

    /// Those of all kinds, in the order of their numbers.
    pub(super) fn tables(&self) -> impl Iterator<Item = &Table> {
        self.kinds.iter().map(|table| &**table)
    }

    fn table_mut(&mut self, kind: KindId) -> &mut Table {
        let at = kind.0 as usize;
        while self.kinds.len() <= at {
            let listings = self.common.iter().cloned().map(Listing::new).collect();
            self.kinds.push(Arc::new(Table { objects: Tree::default(), listings }));
        }
        Arc::make_mut(&mut self.kinds[at])
    }

    /// Adds an index to a kind, and lists what is there already.
    pub fn add_index(&mut self, kind: KindId, index: Index) {
        let table = self.table_mut(kind);
        if table.listings.iter().any(|listing| listing.index.name() == index.name()) {
            return;
        }
        let mut listing = Listing::new(index);
        for object in table.objects.iter() {
            listing.replace(None, Some(object));
        }
        table.listings.push(listing);
    }

    /// The objects of a kind that an index lists under a value, ordered by namespace and name.
    pub(crate) fn by_index<'a>(
        &'a self,
        kind: KindId,
        index: &str,
        value: &IndexValue,
    ) -> impl Iterator<Item = &'a ObjectRef> + use<'a> {
        let members = self.table(kind).and_then(|table| table.listing(index)?.get(value));
        members.into_iter().flat_map(Tree::iter)
    }

    /// An object.
    pub fn get(&self, key: &Key) -> Option<&ObjectRef> {
        let (namespace, name) = key.place();
        self.table(key.kind)?.objects.get(&Place(namespace, name))
    }

    /// Puts `new` in the place of `old`, which are two versions of one object.
    pub fn replace(&mut self, kind: KindId, old: Option<&ObjectRef>, new: Option<&ObjectRef>) {
        let table = self.table_mut(kind);
        for listing in &mut table.listings {
            listing.replace(old, new);
        }
        match (old, new) {
            (_, Some(new)) => drop(table.objects.insert(Arc::clone(new))),
            (Some(old), None) => drop(table.objects.remove(&Place::of(old))),
            (None, None) => {}
        }
    }
}

impl std::fmt::Debug for Tables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tables(@{})", self.revision)
    }
}
