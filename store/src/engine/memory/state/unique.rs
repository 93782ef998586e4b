use setpoint_core::kind::KindId;
use setpoint_core::object::{Key, Object, ObjectRef};

use super::State;
use crate::engine::{CommitError, Expect};
use crate::tables::{Index, IndexValue};

impl State {
    /// The indices of a kind that list one object under a value.
    pub(in crate::engine) fn unique_indices(&self, kind: KindId) -> impl Iterator<Item = &Index> {
        let of_kind = move |(of, _): &&(Option<KindId>, Index)| *of == Some(kind);
        self.indices.iter().filter(of_kind).map(|(_, index)| index).filter(|index| index.is_unique())
    }

    /// Refuses a version of an object that is listed where another one is, in a unique index.
    pub(in crate::engine) fn check_unique(
        &self,
        key: &Key,
        new: &Object,
        old: Option<&Object>,
    ) -> Result<(), CommitError> {
        for index in self.unique_indices(key.kind) {
            for value in index.gained(new, old) {
                if let Some(holder) = self.holder(key, index, &value) {
                    let (found, holder) = (Some(holder.revision()), holder.key());
                    return Err(CommitError::Mismatch { key: holder, expected: Expect::Absent, found });
                }
            }
        }
        Ok(())
    }

    /// Who has a value of a unique index, other than the object itself: as it is shown, or as a prepared change leaves it.
    fn holder(&self, key: &Key, index: &Index, value: &IndexValue) -> Option<&ObjectRef> {
        let lists = |object: &&ObjectRef| {
            let mut lists = false;
            index.values_of(object, &mut |listed| lists |= listed == *value);
            lists
        };
        let prepared = self.newest.iter().filter(|(other, _)| other.kind == key.kind && *other != key);
        let shown = self.published.by_index(key.kind, index.name(), value);
        let mut shown = shown.filter(|object| {
            let other = object.key();
            other != *key && !self.newest.contains_key(&other)
        });
        shown.next().or_else(|| prepared.filter_map(|(_, object)| object.as_ref()).find(lists))
    }
}
