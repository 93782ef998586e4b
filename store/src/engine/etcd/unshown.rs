use std::collections::BTreeMap;

use setpoint_core::object::Revision;

/// Values that cannot be shown: those of kinds that are not registered, and those that do not fit their kind.
#[derive(Default)]
pub(super) struct Unshown {
    /// Kept as they are, until their kind is registered.
    unknown: BTreeMap<Vec<u8>, (Revision, Vec<u8>)>,
    undecodable: BTreeMap<Vec<u8>, (Revision, String)>,
}

/// A value in etcd that does not fit its kind (INV-ST-14).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undecodable {
    /// Its key.
    pub key: String,
    /// The revision at which it was written.
    pub revision: Revision,
    /// What is wrong with it.
    pub reason: String,
}

impl Unshown {
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn forget(&mut self, path: &[u8]) {
        if !self.unknown.is_empty() {
            self.unknown.remove(path);
        }
        if !self.undecodable.is_empty() {
            self.undecodable.remove(path);
        }
    }

    pub(super) fn unknown(&mut self, path: &[u8], revision: Revision, value: &[u8]) {
        self.unknown.insert(path.to_vec(), (revision, value.to_vec()));
    }

    pub(super) fn undecodable(&mut self, path: &[u8], revision: Revision, reason: String) {
        let key = String::from_utf8_lossy(path);
        tracing::warn!(%key, %revision, reason, "a value in etcd does not fit its kind");
        self.undecodable.insert(path.to_vec(), (revision, reason));
    }

    /// All values of kinds that were not registered, to be looked at again.
    pub(super) fn take_unknown(&mut self) -> BTreeMap<Vec<u8>, (Revision, Vec<u8>)> {
        std::mem::take(&mut self.unknown)
    }

    /// Whether a key has a value that does not fit its kind.
    pub(super) fn contains(&self, path: &[u8]) -> bool {
        self.undecodable.contains_key(path)
    }

    pub(super) fn unknown_count(&self) -> usize {
        self.unknown.len()
    }

    pub(super) fn all_undecodable(&self) -> Vec<Undecodable> {
        let show = |(path, (revision, reason)): (&Vec<u8>, &(Revision, String))| Undecodable {
            key: String::from_utf8_lossy(path).into_owned(),
            revision: *revision,
            reason: reason.clone(),
        };
        self.undecodable.iter().map(show).collect()
    }
}
