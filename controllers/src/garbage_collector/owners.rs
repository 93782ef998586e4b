use std::collections::VecDeque;
use std::hash::Hash;

use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use setpoint_core::object::{Key, Object, OwnerReference, Text, Uid};

use super::observed::{Observed, OwnerState};

/// What is known of owners, so that not every dependent needs a look at its own.
///
/// Only an economy. An owner that was seen alive is taken out when its deletion is seen, and then all its
/// dependents are woken from what is there at that time. An owner that is gone does not come back: its uid is
/// never used again.
#[derive(Debug, Default)]
pub(super) struct Owners(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    alive: Bounded<Uid, Coordinates>,
    absent: Bounded<(Key, Uid), Absence>,
}

/// How an owner that was seen alive is to be named.
#[derive(Debug, PartialEq, Eq)]
struct Coordinates {
    api_version: Text,
    kind: Text,
    name: Text,
    namespace: Option<Text>,
}

/// What is known of an owner that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Absence {
    /// Whether a live look has shown it.
    pub(super) confirmed: bool,
    /// Whether it lives at another place.
    pub(super) elsewhere: bool,
}

/// Owners known to be alive at the most.
const ALIVE_MAX: usize = 65_536;
/// Owners known to be absent at the most.
const ABSENT_MAX: usize = 4_096;

impl Owners {
    /// Remembers owners that were seen alive.
    pub(super) fn note(&self, observed: &Observed) {
        let alive = |at: usize| observed.owners.get(at).is_some_and(|it| it.state == OwnerState::Solid);
        let references = observed.object.meta().owner_references.iter().enumerate();
        for (at, reference) in references.filter(|(at, _)| alive(*at)) {
            let namespace = observed.owners[at].key.as_ref().and_then(|key| key.namespace.clone());
            let OwnerReference { api_version, kind, name, uid, .. } = reference.clone();
            let coordinates = Coordinates { api_version, kind, name, namespace };
            self.0.lock().alive.insert(uid, coordinates, ALIVE_MAX);
        }
    }

    /// A deletion of the owner was seen, or its beginning.
    pub(super) fn forget(&self, uid: &Uid) {
        self.0.lock().alive.remove(uid);
    }

    /// The owner was seen to go.
    pub(super) fn gone(&self, owner: &Object) {
        let Some(uid) = owner.meta().uid.clone() else { return };
        let known = &mut *self.0.lock();
        known.alive.remove(&uid);
        let absence = Absence { confirmed: false, elsewhere: false };
        known.absent.insert((owner.key(), uid), absence, ABSENT_MAX);
    }

    /// A live look has shown that the owner is not there.
    pub(super) fn confirm(&self, key: &Key, uid: &Uid, elsewhere: bool) {
        let absence = Absence { confirmed: true, elsewhere };
        self.0.lock().absent.insert((key.clone(), uid.clone()), absence, ABSENT_MAX);
    }

    /// An object was seen for the first time: it is not absent (GC-09).
    pub(super) fn appeared(&self, object: &Object) {
        let known = &mut *self.0.lock();
        if !known.absent.is_empty()
            && let Some(uid) = object.meta().uid.clone()
        {
            known.absent.remove(&(object.key(), uid));
        }
    }

    pub(super) fn absence(&self, key: &Key, uid: &Uid) -> Option<Absence> {
        self.0.lock().absent.get(&(key.clone(), uid.clone())).copied()
    }

    /// Whether all owners that an object names are known to be alive, and rightly named.
    pub(super) fn are_alive(&self, object: &Object) -> bool {
        let known = self.0.lock();
        let meta = object.meta();
        meta.owner_references.iter().all(|reference| {
            known.alive.get(&reference.uid).is_some_and(|owner| {
                owner.name == reference.name
                    && owner.kind == reference.kind
                    && owner.api_version == reference.api_version
                    && (owner.namespace.is_none() || owner.namespace == meta.namespace)
            })
        })
    }

    /// Changes were missed: nothing is known.
    pub(super) fn clear(&self) {
        *self.0.lock() = Known::default();
    }
}

/// A map that forgets what was put in first when it is full.
#[derive(Debug)]
struct Bounded<K, V> {
    entries: FxHashMap<K, V>,
    /// Oldest first; entries that were removed may still be in it.
    order: VecDeque<K>,
}

impl<K: Clone + Eq + Hash, V> Bounded<K, V> {
    fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key)
    }

    fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn insert(&mut self, key: K, value: V, max: usize) {
        if self.entries.insert(key.clone(), value).is_none() {
            self.order.push_back(key);
        }
        while self.order.len() > max
            && let Some(oldest) = self.order.pop_front()
        {
            self.entries.remove(&oldest);
        }
    }

    fn remove(&mut self, key: &K) {
        self.entries.remove(key);
    }
}

impl<K, V> Default for Bounded<K, V> {
    fn default() -> Self {
        Self { entries: FxHashMap::default(), order: VecDeque::new() }
    }
}

#[cfg(test)]
mod tests {
    use setpoint_core::kind::KindId;

    use super::*;

    fn key(name: &str) -> Key {
        Key::namespaced(KindId(3), "ns", name)
    }

    /// GC-01, GC-09: what is remembered is bounded, and the oldest is forgotten.
    #[test]
    fn remembers_no_more_than_it_may() {
        let owners = Owners::default();
        let uid = |number: usize| Uid::new(&format!("00000000-0000-4000-8000-{number:012}"));
        for number in 0..=ABSENT_MAX {
            owners.confirm(&key("a"), &uid(number), false);
        }
        assert_eq!(owners.absence(&key("a"), &uid(0)), None);
        let known = Some(Absence { confirmed: true, elsewhere: false });
        assert_eq!(owners.absence(&key("a"), &uid(1)), known);
        assert_eq!(owners.absence(&key("b"), &uid(1)), None, "it may be at another place");
        owners.clear();
        assert_eq!(owners.absence(&key("a"), &uid(1)), None);
    }
}
