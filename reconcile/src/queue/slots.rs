use std::hash::BuildHasher;

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;
use setpoint_core::env::Instant;

use super::{Full, Key, Lane};

/// What the queue knows about one key.
#[derive(Debug)]
pub(super) struct Entry<K> {
    pub(super) key: K,
    hash: u64,
    pub(super) place: Place,
    /// The earliest moment for which the key was asked. Only while it waits or runs.
    pub(super) wanted: Option<Instant>,
    /// The most urgent lane asked for since it last ran.
    pub(super) lane: Lane,
    /// Ready: when it became due. Running: when it was started.
    pub(super) since: Instant,
    /// The end of its last backoff.
    pub(super) backoff_until: Instant,
    pub(super) failures: u32,
}

/// Where a key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Nowhere; it is kept for its failures, or is about to be placed.
    Idle,
    /// Among the timers.
    Waiting,
    /// In a lane.
    Ready,
    /// With a worker.
    Running,
}

/// Entries by key and by number. Numbers of removed entries are used again, so memory stays at its peak and
/// nothing is allocated below it.
#[derive(Debug)]
pub(super) struct Slots<K> {
    index: HashTable<u32>,
    entries: Vec<Option<Entry<K>>>,
    free: Vec<u32>,
    keys_max: u32,
}

const NAMED: &str = "lanes, timers and the index name occupied slots only";

impl<K: Key> Slots<K> {
    pub(super) fn new(keys_max: u32) -> Self {
        Self { index: HashTable::new(), entries: Vec::new(), free: Vec::new(), keys_max }
    }

    pub(super) fn len(&self) -> usize {
        self.index.len()
    }

    pub(super) fn find(&self, key: &K) -> Option<u32> {
        self.find_hashed(key, FxBuildHasher.hash_one(key))
    }

    /// The key's slot, which is new and idle if there was none.
    pub(super) fn find_or_insert(&mut self, key: K) -> Result<u32, Full> {
        let hash = FxBuildHasher.hash_one(&key);
        if let Some(slot) = self.find_hashed(&key, hash) {
            return Ok(slot);
        }
        if self.index.len() >= self.keys_max as usize {
            return Err(Full { keys_max: self.keys_max });
        }
        let entry = Entry {
            key,
            hash,
            place: Place::Idle,
            wanted: None,
            lane: Lane::Low,
            since: Instant::START,
            backoff_until: Instant::START,
            failures: 0,
        };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.entries[slot as usize] = Some(entry);
                slot
            }
            None => {
                self.entries.push(Some(entry));
                // Below keys_max, which has 32 bits.
                (self.entries.len() - 1) as u32
            }
        };
        let entries = &self.entries;
        self.index.insert_unique(hash, slot, |&slot| entries[slot as usize].as_ref().expect(NAMED).hash);
        Ok(slot)
    }

    pub(super) fn get(&self, slot: u32) -> &Entry<K> {
        self.entries[slot as usize].as_ref().expect(NAMED)
    }

    pub(super) fn get_mut(&mut self, slot: u32) -> &mut Entry<K> {
        self.entries[slot as usize].as_mut().expect(NAMED)
    }

    pub(super) fn remove(&mut self, slot: u32) {
        let Some(entry) = self.entries[slot as usize].take() else { return };
        if let Ok(found) = self.index.find_entry(entry.hash, |&other| other == slot) {
            found.remove();
        }
        self.free.push(slot);
    }

    /// Slots in use, in order of their numbers.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> + use<K> {
        let used: Vec<u32> =
            (0u32..).zip(&self.entries).filter(|(_, entry)| entry.is_some()).map(|(slot, _)| slot).collect();
        used.into_iter()
    }

    fn find_hashed(&self, key: &K, hash: u64) -> Option<u32> {
        let entries = &self.entries;
        self.index
            .find(hash, |&slot| {
                let entry = entries[slot as usize].as_ref().expect(NAMED);
                entry.hash == hash && entry.key == *key
            })
            .copied()
    }
}
