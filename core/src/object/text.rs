use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A shared immutable string.
pub type Text = Arc<str>;

/// A shared immutable list of strings, such as finalizers. Empty lists own nothing.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Texts(Option<Arc<[Text]>>);

/// A shared immutable map of strings, such as labels and annotations, ordered by key.
///
/// Cloning shares. Empty maps own nothing, so an empty and a missing map are the same.
///
/// ```
/// use setpoint_core::object::TextMap;
///
/// let labels = TextMap::from_iter([("app", "web"), ("tier", "front")]);
/// assert_eq!(labels.get("app"), Some("web"));
/// assert_eq!(labels.without("app").len(), 1);
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TextMap(Option<Arc<[(Text, Text)]>>);

impl TextMap {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.get_text(key).map(|value| &**value)
    }

    /// The value of a key, to be shared.
    pub fn get_text(&self, key: &str) -> Option<&Text> {
        let entries = self.entries();
        let at = entries.binary_search_by(|(candidate, _)| (**candidate).cmp(key)).ok()?;
        Some(&entries[at].1)
    }

    /// Whether the key is there.
    pub fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Keys and values in order of the keys.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.entries().iter().map(|(key, value)| (&**key, &**value))
    }

    /// Keys and values, to be shared.
    pub fn entries(&self) -> &[(Text, Text)] {
        self.0.as_deref().unwrap_or_default()
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// A copy in which `key` has `value`.
    #[must_use]
    pub fn with(&self, key: impl Into<Text>, value: impl Into<Text>) -> Self {
        let (key, value) = (key.into(), value.into());
        if self.get(&key) == Some(&*value) {
            return self.clone();
        }
        let mut entries = self.entries().to_vec();
        match entries.binary_search_by(|(candidate, _)| candidate.cmp(&key)) {
            Ok(at) => entries[at].1 = value,
            Err(at) => entries.insert(at, (key, value)),
        }
        Self(Some(entries.into()))
    }

    /// A copy in which `key` is not there.
    #[must_use]
    pub fn without(&self, key: &str) -> Self {
        if !self.contains_key(key) {
            return self.clone();
        }
        self.entries().iter().filter(|(candidate, _)| &**candidate != key).cloned().collect()
    }

    /// Whether both are the very same shared map.
    pub fn ptr_eq(&self, other: &Self) -> bool {
        self.address() == other.address()
    }

    /// Identifies the shared map while it lives; 0 for the empty one.
    pub fn address(&self) -> usize {
        self.0.as_ref().map_or(0, |entries| entries.as_ptr() as usize)
    }

    /// As the API types have it: empty is absent.
    pub fn to_btree(&self) -> Option<BTreeMap<String, String>> {
        (!self.is_empty())
            .then(|| self.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
    }

    /// From what the API types have.
    pub fn from_btree(map: Option<BTreeMap<String, String>>) -> Self {
        map.into_iter().flatten().map(|(key, value)| (Text::from(key), Text::from(value))).collect()
    }
}

impl<K: Into<Text>, V: Into<Text>> FromIterator<(K, V)> for TextMap {
    /// Of entries with the same key the last one stays.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut entries: Vec<(Text, Text)> =
            entries.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        if entries.is_empty() {
            return Self(None);
        }
        if !entries.is_sorted_by(|a, b| a.0 < b.0) {
            entries = entries.into_iter().collect::<BTreeMap<_, _>>().into_iter().collect();
        }
        Self(Some(entries.into()))
    }
}

impl fmt::Debug for TextMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl Texts {
    /// The strings in their order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.as_slice().iter().map(|text| &**text)
    }

    /// The strings, to be shared.
    pub fn as_slice(&self) -> &[Text] {
        self.0.as_deref().unwrap_or_default()
    }

    /// Whether `text` is among them.
    pub fn contains(&self, text: &str) -> bool {
        self.iter().any(|candidate| candidate == text)
    }

    /// Identifies the shared list while it lives; 0 for the empty one.
    pub fn address(&self) -> usize {
        self.0.as_ref().map_or(0, |texts| texts.as_ptr() as usize)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// A copy with `text` at the end, if it is not there yet.
    #[must_use]
    pub fn with(&self, text: impl Into<Text>) -> Self {
        let text = text.into();
        if self.contains(&text) {
            return self.clone();
        }
        self.as_slice().iter().cloned().chain([text]).collect()
    }

    /// A copy without `text`.
    #[must_use]
    pub fn without(&self, text: &str) -> Self {
        if !self.contains(text) {
            return self.clone();
        }
        self.as_slice().iter().filter(|candidate| &***candidate != text).cloned().collect()
    }
}

impl<T: Into<Text>> FromIterator<T> for Texts {
    fn from_iter<I: IntoIterator<Item = T>>(texts: I) -> Self {
        let texts: Vec<Text> = texts.into_iter().map(Into::into).collect();
        Self((!texts.is_empty()).then(|| texts.into()))
    }
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_keep_the_last_of_equal_keys_in_order() {
        let map = TextMap::from_iter([("b", "1"), ("a", "2"), ("b", "3")]);
        assert_eq!(map.iter().collect::<Vec<_>>(), [("a", "2"), ("b", "3")]);
        assert_eq!(map.with("aa", "x").iter().map(|entry| entry.0).collect::<String>(), "aaab");
        assert!(map.with("a", "2").ptr_eq(&map));
        assert!(map.without("a").without("b").is_empty());
    }

    #[test]
    fn lists_hold_a_text_once() {
        let list = Texts::from_iter(["x"]).with("y").with("x");
        assert_eq!(list.iter().collect::<Vec<_>>(), ["x", "y"]);
        assert!(list.without("x").without("y").is_empty());
    }
}
