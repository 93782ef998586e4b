use std::hash::Hasher;

use hashbrown::HashTable;
use rustc_hash::FxHasher;

use crate::queue::chain::{Chain, Links};

/// Ends a part of a key; no name or message that an API server accepts holds it.
const END: char = '\0';

/// Values by a key of several parts. Past its limit, the value that was not asked for the longest goes.
#[derive(Debug)]
pub(super) struct Lru<V> {
    entries_max: usize,
    index: HashTable<u32>,
    entries: Vec<Entry<V>>,
    /// The one to go first comes first.
    by_use: Chain,
    links: Links,
    /// The one asked for last, which is often the one asked for next.
    latest: Option<u32>,
}

#[derive(Debug)]
struct Entry<V> {
    hash: u64,
    key: Box<str>,
    value: V,
}

impl<V> Lru<V> {
    /// An empty cache for at most `entries_max`, at least 1 and below 2³².
    pub(super) fn new(entries_max: usize) -> Self {
        Self {
            entries_max,
            index: HashTable::new(),
            entries: Vec::new(),
            by_use: Chain::default(),
            links: Links::default(),
            latest: None,
        }
    }

    /// The value of a key, now the one used last. A key that is found is compared part by part and not joined.
    pub(super) fn get_or_insert_with(&mut self, parts: &[&str], value: impl FnOnce() -> V) -> &mut V {
        if let Some(slot) = self.latest
            && is_joined(&self.entries[slot as usize].key, parts)
        {
            return &mut self.entries[slot as usize].value;
        }
        let hash = hash(parts);
        let entries = &self.entries;
        let found = self.index.find(hash, |&slot| is_joined(&entries[slot as usize].key, parts)).copied();
        let slot = match found {
            Some(slot) => {
                self.by_use.remove(&mut self.links, slot);
                slot
            }
            None => self.insert(Entry { hash, key: join(parts), value: value() }),
        };
        self.by_use.push(&mut self.links, slot);
        self.latest = Some(slot);
        &mut self.entries[slot as usize].value
    }

    fn insert(&mut self, entry: Entry<V>) -> u32 {
        let hash = entry.hash;
        let slot = match self.by_use.first() {
            Some(oldest) if self.entries.len() >= self.entries_max => {
                self.by_use.remove(&mut self.links, oldest);
                let before = std::mem::replace(&mut self.entries[oldest as usize], entry);
                if let Ok(found) = self.index.find_entry(before.hash, |&slot| slot == oldest) {
                    found.remove();
                }
                oldest
            }
            _ => {
                self.entries.push(entry);
                // Below entries_max, which has 32 bits.
                (self.entries.len() - 1) as u32
            }
        };
        let entries = &self.entries;
        self.index.insert_unique(hash, slot, |&slot| entries[slot as usize].hash);
        slot
    }
}

fn hash(parts: &[&str]) -> u64 {
    let mut hasher = FxHasher::default();
    for part in parts {
        hasher.write(part.as_bytes());
        hasher.write_u32(u32::from(END));
    }
    hasher.finish()
}

fn join(parts: &[&str]) -> Box<str> {
    let mut joined = String::with_capacity(parts.iter().map(|part| part.len() + END.len_utf8()).sum());
    for part in parts {
        joined.push_str(part);
        joined.push(END);
    }
    joined.into()
}

fn is_joined(joined: &str, parts: &[&str]) -> bool {
    let mut rest = joined;
    for part in parts {
        match rest.strip_prefix(part).and_then(|rest| rest.strip_prefix(END)) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_not_used_longest_goes_first() {
        let mut cache = Lru::new(2);
        *cache.get_or_insert_with(&["a"], || 0) = 1;
        *cache.get_or_insert_with(&["b"], || 0) = 2;
        assert_eq!(*cache.get_or_insert_with(&["a"], || 0), 1);
        *cache.get_or_insert_with(&["c"], || 0) = 3;
        assert_eq!(*cache.get_or_insert_with(&["a"], || 0), 1, "it was used after b");
        assert_eq!(*cache.get_or_insert_with(&["b"], || 0), 0, "it went for c");
        assert_eq!(*cache.get_or_insert_with(&["c"], || 0), 0, "it went for b");
        assert_eq!((cache.entries.len(), cache.index.len()), (2, 2));
    }

    #[test]
    fn parts_are_kept_apart() {
        let mut cache = Lru::new(9);
        for (value, parts) in [["ab", "c"], ["a", "bc"], ["abc", ""], ["", "abc"]].iter().enumerate() {
            *cache.get_or_insert_with(parts, || 9) = value;
        }
        assert_eq!(*cache.get_or_insert_with(&["ab", "c"], || 9), 0);
        assert_eq!(*cache.get_or_insert_with(&["a", "bc"], || 9), 1);
        assert_eq!(*cache.get_or_insert_with(&["abc"], || 9), 9);
    }
}
