use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;
use setpoint_core::kind::KindId;
use setpoint_core::object::{ObjectRef, Revision};
use setpoint_store::engine::Change;
use setpoint_store::request::WatchEvent;
use setpoint_store::tables::{Index, Snapshot, Tables};

/// Objects of other processes' making, indexed, and read as a [`Snapshot`] that costs a pointer.
///
/// Promises:
///
/// 1. What is put in is answered by the exact difference: additions, changes and removals, each once, in an
///    order in which every place holds at most one object at a time (INV-IN-02).
/// 2. An object that is gone from a list was removed, and its removal shows it as it was last known.
/// 3. The same name under another uid is a removal and an addition.
/// 4. Indices are those of the objects that are there (INV-IN-03).
///
/// It does not judge whether what it is told is older than what it knows; the
/// [`Reflector`](crate::reflector::Reflector) does.
pub struct Cache(Mutex<State>);

struct State {
    tables: Arc<Tables>,
    /// How far each kind is known.
    shown: BTreeMap<KindId, Revision>,
}

/// The differences that a change of a cache made, in order.
pub type Differences = Vec<Arc<Change>>;

impl Cache {
    /// An empty one. Every kind has the indices that a store in memory has: [`Index::owner`] and
    /// [`Index::orphan`].
    pub fn new() -> Self {
        let tables = Arc::new(Tables::new(Revision::ZERO, vec![Index::owner(), Index::orphan()]));
        Self(Mutex::new(State { tables, shown: BTreeMap::new() }))
    }

    /// What is there now.
    ///
    /// Kinds come from watches of their own, so its revision is that of the kind that is furthest behind:
    /// everything up to it is shown, and of some kinds more.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::new(Arc::clone(&self.0.lock().tables))
    }

    /// Adds an index to a kind. One with the same name is kept.
    pub fn add_index(&self, kind: KindId, index: Index) {
        Arc::make_mut(&mut self.0.lock().tables).add_index(kind, index);
    }

    /// How far a kind is known; [`Revision::ZERO`] if it is not.
    pub fn revision(&self, kind: KindId) -> Revision {
        self.0.lock().shown.get(&kind).copied().unwrap_or_default()
    }

    /// A kind is known up to here, and nothing has changed since.
    pub fn reached(&self, kind: KindId, revision: Revision) {
        self.0.lock().reached(kind, revision);
    }

    /// Takes in what a watch told.
    pub fn apply(&self, kind: KindId, event: &WatchEvent) -> Differences {
        let state = &mut *self.0.lock();
        let revision = event.revision();
        let differences = match event {
            WatchEvent::Bookmark { .. } => Differences::new(),
            WatchEvent::Added(new) | WatchEvent::Modified(new) => {
                let old = state.tables.get(&new.key()).cloned();
                difference(old, Some(new), revision)
            }
            WatchEvent::Deleted(gone) => {
                let old = state.tables.get(&gone.key()).cloned();
                difference(old, None, revision)
            }
        };
        state.take_in(kind, &differences);
        state.reached(kind, revision);
        differences
    }

    /// Makes a list all there is of a kind.
    pub fn replace(&self, kind: KindId, mut objects: Vec<ObjectRef>, revision: Revision) -> Differences {
        if !objects.is_sorted_by(|one, other| one.place() < other.place()) {
            objects.sort_by(|one, other| one.place().cmp(&other.place()));
            objects.dedup_by(|later, earlier| later.place() == earlier.place());
        }
        let state = &mut *self.0.lock();
        let before = state.tables.snapshot();
        let differences = compare(before.list(kind), &objects, revision);
        drop(before);
        state.take_in(kind, &differences);
        state.reached(kind, revision);
        differences
    }
}

impl State {
    fn take_in(&mut self, kind: KindId, differences: &[Arc<Change>]) {
        let tables = Arc::make_mut(&mut self.tables);
        for change in differences {
            tables.replace(kind, change.old.as_ref(), change.new.as_ref());
        }
    }

    fn reached(&mut self, kind: KindId, revision: Revision) {
        self.shown.insert(kind, revision);
        let least = self.shown.values().min().copied().unwrap_or_default();
        if self.tables.revision != least {
            Arc::make_mut(&mut self.tables).revision = least;
        }
    }
}

/// Walks what is there and what is to be there side by side.
fn compare<'a>(
    before: impl Iterator<Item = &'a ObjectRef>,
    after: &[ObjectRef],
    revision: Revision,
) -> Differences {
    let (mut before, mut after) = (before.peekable(), after.iter().peekable());
    let mut differences = Differences::new();
    loop {
        let order = match (before.peek(), after.peek()) {
            (None, None) => return differences,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(old), Some(new)) => old.place().cmp(&new.place()),
        };
        let old = if order.is_le() { before.next() } else { None };
        let new = if order.is_ge() { after.next() } else { None };
        if let (Some(old), Some(new)) = (old, new)
            && is_same_version(old, new)
        {
            continue;
        }
        differences.extend(difference(old.cloned(), new, revision));
    }
}

/// From one version at a place to another.
fn difference(old: Option<ObjectRef>, new: Option<&ObjectRef>, revision: Revision) -> Differences {
    let change = |old, new| Arc::new(Change { revision, old, new });
    match (old, new) {
        (None, None) => vec![],
        (Some(old), Some(new)) if old.meta().uid != new.meta().uid => {
            vec![change(Some(old), None), change(None, Some(Arc::clone(new)))]
        }
        (old, new) => vec![change(old, new.cloned())],
    }
}

fn is_same_version(one: &ObjectRef, other: &ObjectRef) -> bool {
    one.revision() == other.revision() && one.meta().uid == other.meta().uid
}

impl Default for Cache {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("shown", &self.0.lock().shown).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
