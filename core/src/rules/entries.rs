//! Labels and annotations, whichever map they are kept in.

use std::collections::BTreeMap;

use crate::object::TextMap;

/// A map of strings, read in order of its keys.
pub trait Entries {
    /// The value of a key.
    fn value(&self, key: &str) -> Option<&str>;

    /// Keys and values.
    fn pairs(&self) -> impl Iterator<Item = (&str, &str)>;
}

impl Entries for TextMap {
    fn value(&self, key: &str) -> Option<&str> {
        self.get(key)
    }

    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.iter()
    }
}

impl Entries for BTreeMap<String, String> {
    fn value(&self, key: &str) -> Option<&str> {
        self.get(key).map(String::as_str)
    }

    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

impl<E: Entries> Entries for Option<E> {
    fn value(&self, key: &str) -> Option<&str> {
        self.as_ref().and_then(|entries| entries.value(key))
    }

    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.iter().flat_map(Entries::pairs)
    }
}

impl<E: Entries> Entries for &E {
    fn value(&self, key: &str) -> Option<&str> {
        (**self).value(key)
    }

    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        (**self).pairs()
    }
}
