//! What was made of parts that many objects share, so that it is made once.

use std::collections::VecDeque;
use std::hash::Hash;

use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use setpoint_core::object::Part;

/// The last results of a pure function, by the identity of its arguments.
///
/// An entry keeps its arguments alive, so that an address means the same part as long as it is known.
#[derive(Debug)]
pub(crate) struct Memo<K, V>(Mutex<Entries<K, V>>);

#[derive(Debug)]
struct Entries<K, V> {
    by_key: FxHashMap<K, V>,
    /// Oldest first.
    order: VecDeque<K>,
}

/// Results kept at the most: more than the templates that a control plane works on at one time.
const ENTRIES_MAX: usize = 1024;

impl<K: Hash + Eq + Clone, V: Clone> Memo<K, V> {
    pub(crate) fn get(&self, key: &K) -> Option<V> {
        self.0.lock().by_key.get(key).cloned()
    }

    pub(crate) fn put(&self, key: K, value: V) {
        let entries = &mut *self.0.lock();
        if entries.by_key.insert(key.clone(), value).is_some() {
            return;
        }
        entries.order.push_back(key);
        if entries.order.len() > ENTRIES_MAX
            && let Some(oldest) = entries.order.pop_front()
        {
            entries.by_key.remove(&oldest);
        }
    }
}

impl<K, V> Default for Memo<K, V> {
    fn default() -> Self {
        Self(Mutex::new(Entries { by_key: FxHashMap::default(), order: VecDeque::new() }))
    }
}

/// Changed parts by the parts they were made of.
#[derive(Debug, Default)]
pub(crate) struct PartMemo(Memo<usize, (Part, Part)>);

impl PartMemo {
    /// `part` after `change`, which must depend on nothing but the part.
    pub(crate) fn get_or_make(&self, part: &Part, change: impl FnOnce(&mut Part)) -> Part {
        if let Some((_, made)) = self.0.get(&part.address()) {
            return made;
        }
        let mut made = part.clone();
        change(&mut made);
        self.0.put(part.address(), (part.clone(), made.clone()));
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_part_is_changed_once() {
        let memo = PartMemo::default();
        let part = Part::new(1);
        let double = |part: &mut Part| *part.make_mut::<i32>().expect("a number") *= 2;
        let made = memo.get_or_make(&part, double);
        assert_eq!((part.get(), made.get()), (Some(&1), Some(&2)));
        assert!(memo.get_or_make(&part, double).ptr_eq(&made));
        assert_eq!(memo.get_or_make(&made, double).get(), Some(&4));
    }

    #[test]
    fn the_oldest_results_are_forgotten() {
        let memo = Memo::default();
        for key in 0..=ENTRIES_MAX {
            memo.put(key, key);
        }
        assert_eq!(memo.get(&0), None);
        assert_eq!(memo.get(&1), Some(1));
    }
}
