use std::collections::VecDeque;
use std::hash::Hasher;
use std::sync::Arc;

use parking_lot::Mutex;
use rustc_hash::{FxHashMap, FxHasher};
use setpoint_core::kind::KindId;

use super::limits::{SHARED_BYTES_MAX, SHARED_SPECS_MAX};

/// What was read from a text, by the text: many objects have the same spec, and then share it.
///
/// The last [`SHARED_SPECS_MAX`] are known, of [`SHARED_BYTES_MAX`] together.
#[derive(Debug)]
pub(super) struct SharedParts<V>(Mutex<Entries<V>>);

#[derive(Debug)]
struct Entries<V> {
    by_hash: FxHashMap<u64, Entry<V>>,
    /// Oldest first.
    order: VecDeque<u64>,
    bytes: usize,
}

#[derive(Debug)]
struct Entry<V> {
    kind: KindId,
    text: Arc<[u8]>,
    value: V,
}

impl<V> Default for SharedParts<V> {
    fn default() -> Self {
        Self(Mutex::new(Entries { by_hash: FxHashMap::default(), order: VecDeque::new(), bytes: 0 }))
    }
}

impl<V: Clone> SharedParts<V> {
    /// What was read from this text before, or what is read from it now.
    pub(super) fn get_or_read<E>(
        &self,
        kind: KindId,
        text: &[u8],
        read: impl FnOnce() -> Result<V, E>,
    ) -> Result<V, E> {
        let hash = hash(kind, text);
        if let Some(entry) = self.0.lock().by_hash.get(&hash)
            && entry.kind == kind
            && *entry.text == *text
        {
            return Ok(entry.value.clone());
        }
        let value = read()?;
        self.0.lock().put(hash, Entry { kind, text: text.into(), value: value.clone() });
        Ok(value)
    }
}

impl<V> Entries<V> {
    fn put(&mut self, hash: u64, entry: Entry<V>) {
        self.bytes += entry.text.len();
        match self.by_hash.insert(hash, entry) {
            Some(before) => self.bytes -= before.text.len(),
            None => self.order.push_back(hash),
        }
        while self.order.len() > SHARED_SPECS_MAX || self.bytes > SHARED_BYTES_MAX {
            let Some(oldest) = self.order.pop_front() else { break };
            if let Some(gone) = self.by_hash.remove(&oldest) {
                self.bytes -= gone.text.len();
            }
        }
    }
}

fn hash(kind: KindId, text: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write_u32(kind.0);
    hasher.write(text);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(parts: &SharedParts<usize>, text: &str, value: usize) -> usize {
        parts.get_or_read::<()>(KindId(0), text.as_bytes(), || Ok(value)).expect("it can be read")
    }

    #[test]
    fn the_same_text_is_read_once() {
        let parts = SharedParts::default();
        assert_eq!((read(&parts, "a", 1), read(&parts, "a", 2), read(&parts, "b", 3)), (1, 1, 3));
        assert_eq!(parts.get_or_read::<()>(KindId(1), b"a", || Ok(4)), Ok(4), "of another kind");
        assert_eq!(parts.get_or_read(KindId(0), b"c", || Err("no")), Err("no"));
        assert_eq!(read(&parts, "c", 5), 5, "what cannot be read is not remembered");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let parts = SharedParts::default();
        for number in 0..=SHARED_SPECS_MAX {
            read(&parts, &number.to_string(), number);
        }
        assert_eq!(read(&parts, "0", 99), 99, "the oldest is forgotten");
        assert_eq!(read(&parts, "2", 99), 2);
        read(&parts, &"x".repeat(SHARED_BYTES_MAX + 1), 1);
        let entries = parts.0.lock();
        assert_eq!((entries.by_hash.len(), entries.order.len(), entries.bytes), (0, 0, 0));
    }
}
