//! What was read of texts that were sent before: pods of one template come in the same bytes, or with a spec in the same
//! bytes, which are read once (for the rest, see [`crate::write`]).

use std::collections::VecDeque;
use std::hash::BuildHasher;

use parking_lot::Mutex;
use rustc_hash::{FxBuildHasher, FxHashMap};
use setpoint_core::kind::{Kind, KindId};

use crate::limits::{KNOWN_TEXT_BYTES_MAX, KNOWN_TEXTS_MAX};

/// Parts of the latest creations, as they were sent, without fault, and as they were read.
pub(crate) struct KnownTexts<V>(Mutex<Texts<V>>);

struct Texts<V> {
    by_hash: FxHashMap<u64, Known<V>>,
    /// Oldest first.
    order: VecDeque<u64>,
}

struct Known<V> {
    kind: KindId,
    text: Box<[u8]>,
    read: V,
}

impl<V> Default for KnownTexts<V> {
    fn default() -> Self {
        Self(Mutex::new(Texts { by_hash: FxHashMap::default(), order: VecDeque::new() }))
    }
}

impl<V: Clone> KnownTexts<V> {
    /// What was read of these bytes before.
    pub(crate) fn get(&self, kind: &Kind, text: &[u8]) -> Option<V> {
        let texts = &*self.0.lock();
        let known = texts.by_hash.get(&FxBuildHasher.hash_one(text))?;
        (known.kind == kind.id && *known.text == *text).then(|| known.read.clone())
    }

    /// These bytes were sent, and nothing was wrong with them.
    pub(crate) fn put(&self, kind: &Kind, text: &[u8], read: V) {
        if text.len() > KNOWN_TEXT_BYTES_MAX {
            return;
        }
        let hash = FxBuildHasher.hash_one(text);
        let texts = &mut *self.0.lock();
        if texts.by_hash.insert(hash, Known { kind: kind.id, text: text.into(), read }).is_some() {
            return;
        }
        texts.order.push_back(hash);
        if texts.order.len() > KNOWN_TEXTS_MAX
            && let Some(oldest) = texts.order.pop_front()
        {
            texts.by_hash.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use setpoint_core::kind::Registry;

    use super::*;

    #[test]
    fn the_latest_are_known() {
        let kind = Registry::builtin().find("Pod", "v1").expect("it is built in");
        let texts = KnownTexts::default();
        for number in 0..=KNOWN_TEXTS_MAX {
            texts.put(&kind, format!("{number}").as_bytes(), number);
        }
        let known = |text: &str| texts.get(&kind, text.as_bytes());
        assert_eq!((known("0"), known("1"), known("7")), (None, Some(1), Some(7)));
        let other = Registry::builtin().find("Secret", "v1").expect("it is built in");
        assert!(texts.get(&other, b"7").is_none());
        texts.put(&kind, &vec![b'0'; KNOWN_TEXT_BYTES_MAX + 1], 0);
        assert!(texts.get(&kind, &vec![b'0'; KNOWN_TEXT_BYTES_MAX + 1]).is_none());
    }
}
