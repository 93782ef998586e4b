use std::collections::BTreeMap;
use std::sync::Arc;

use setpoint_core::env::Instant;
use setpoint_core::kind::{Kind, KindId, Registry};
use setpoint_core::object::{Key, ObjectRef, Revision};

use super::codec::{KindName, RawKey, RawObject};
use super::snapshot::SnapshotWriter;
use crate::engine::memory::state::State;

/// Objects that are in the log and cannot be shown: those of kinds that are not registered yet, with their history,
/// and those that do not fit their kind.
///
/// They are kept as they are, also in snapshots. When a kind is registered, its objects take their places.
#[derive(Debug, Default)]
pub(super) struct Parked {
    kinds: BTreeMap<Arc<KindName>, ParkedKind>,
    quarantine: BTreeMap<RawKey, (RawObject, String)>,
    /// How many of the registry's kinds were looked at.
    seen: u32,
}

#[derive(Debug, Default)]
struct ParkedKind {
    /// What was there before the history begins.
    initial: Vec<RawObject>,
    changes: Vec<(Revision, RawKey, Option<RawObject>)>,
    current: BTreeMap<RawKey, RawObject>,
}

/// An object that is stored and cannot be shown (INV-ST-14).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// The group-resource.
    pub resource: String,
    /// The namespace, empty for cluster-scoped kinds.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// The revision of its last change.
    pub revision: Revision,
    /// Why it cannot be shown.
    pub reason: String,
}

impl Parked {
    pub(super) fn is_empty(&self) -> bool {
        self.kinds.is_empty() && self.quarantine.is_empty()
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// An object of an unknown kind as it was before the history begins.
    pub(super) fn initial(&mut self, object: RawObject) {
        let kind = self.kinds.entry(Arc::clone(&object.kind)).or_default();
        kind.current.insert(object.key(), object.clone());
        kind.initial.push(object);
    }

    /// A change of an object of an unknown kind; the answer is the revision it had before.
    pub(super) fn change(
        &mut self,
        revision: Revision,
        key: &RawKey,
        new: Option<RawObject>,
    ) -> Option<Revision> {
        let kind = self.kinds.entry(Arc::clone(&key.kind)).or_default();
        let old = match &new {
            Some(object) => kind.current.insert(key.clone(), object.clone()),
            None => kind.current.remove(key),
        };
        kind.changes.push((revision, key.clone(), new));
        old.map(|object| object.revision)
    }

    /// Keeps an object that does not fit its kind.
    pub(super) fn quarantine(&mut self, object: RawObject, why: &dyn std::fmt::Display) {
        self.quarantine.insert(object.key(), (object, why.to_string()));
    }

    /// Something else is at the place of an object that did not fit; the answer is its revision.
    pub(super) fn release(&mut self, key: &RawKey) -> Option<Revision> {
        self.quarantine.remove(key).map(|(object, _)| object.revision)
    }

    /// The revision of an object that cannot be shown.
    pub(super) fn quarantined_at(&self, kind: &Kind, key: &Key) -> Option<Revision> {
        if self.quarantine.is_empty() {
            return None;
        }
        let (namespace, name) = key.place();
        let key = RawKey {
            kind: Arc::new(KindName {
                group: (&*kind.resource.group).into(),
                resource: (&*kind.resource.resource).into(),
            }),
            namespace: namespace.into(),
            name: name.into(),
        };
        self.quarantine.get(&key).map(|(object, _)| object.revision)
    }

    pub(super) fn quarantined(&self) -> Vec<Quarantined> {
        let show = |(key, (object, reason)): (&RawKey, &(RawObject, String))| Quarantined {
            resource: key.kind.to_string(),
            namespace: key.namespace.to_string(),
            name: key.name.to_string(),
            revision: object.revision,
            reason: reason.clone(),
        };
        self.quarantine.iter().map(show).collect()
    }

    /// Unknown kinds, and how many objects of each are kept.
    pub(super) fn unknown(&self) -> Vec<(String, usize)> {
        self.kinds.iter().map(|(name, kind)| (name.to_string(), kind.current.len())).collect()
    }

    /// Whether kinds were registered since it was last asked for.
    pub(super) fn has_news(&self, registry: &Registry) -> bool {
        registry.get(KindId(self.seen)).is_some()
    }

    /// Gives objects whose kinds are registered by now to the state.
    pub(super) fn settle(&mut self, registry: &Registry, state: &mut State, now: Instant) {
        while let Some(kind) = registry.get(KindId(self.seen)) {
            self.seen += 1;
            let name = KindName {
                group: (&*kind.resource.group).into(),
                resource: (&*kind.resource.resource).into(),
            };
            if let Some(parked) = self.kinds.remove(&name) {
                self.settle_kind(&kind, parked, state, now);
            }
        }
    }

    fn settle_kind(&mut self, kind: &Arc<Kind>, parked: ParkedKind, state: &mut State, now: Instant) {
        for object in parked.initial {
            match object.to_object(kind) {
                Ok(object) => state.restore(&object),
                Err(why) => self.quarantine(object, &why),
            }
        }
        for (revision, raw, new) in parked.changes {
            self.repeat(kind, revision, &raw, new, state, now);
        }
    }

    /// Repeats a change of a known kind; the answer is the revision the object had before.
    pub(super) fn repeat(
        &mut self,
        kind: &Arc<Kind>,
        revision: Revision,
        raw: &RawKey,
        new: Option<RawObject>,
        state: &mut State,
        now: Instant,
    ) -> Option<Revision> {
        let released = self.release(raw);
        let decoded: Option<ObjectRef> = new.and_then(|object| match object.to_object(kind) {
            Ok(object) => Some(object),
            Err(why) => {
                self.quarantine(object, &why);
                None
            }
        });
        let namespace = (!raw.namespace.is_empty()).then(|| raw.namespace.clone());
        let key = Key { kind: kind.id, namespace, name: raw.name.clone() };
        state.repeat(&key, revision, decoded, now).or(released)
    }

    /// Writes all of them into a snapshot.
    pub(super) fn write(objects: &[RawObject], writer: &mut SnapshotWriter<'_>) -> std::io::Result<()> {
        objects.iter().try_for_each(|object| writer.raw_object(object))
    }

    /// All that is kept.
    pub(super) fn objects(&self) -> Vec<RawObject> {
        let parked = self.kinds.values().flat_map(|kind| kind.current.values());
        parked.chain(self.quarantine.values().map(|(object, _)| object)).cloned().collect()
    }
}
