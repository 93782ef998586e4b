//! Absent is empty: what the wire leaves out reads as the zero value.

use std::collections::BTreeMap;

/// The text, or none of it.
pub(crate) fn text(field: &Option<String>) -> &str {
    field.as_deref().unwrap_or_default()
}

/// The items, or none.
pub(crate) fn items<T>(field: &Option<Vec<T>>) -> &[T] {
    field.as_deref().unwrap_or_default()
}

/// Whether a flag is given and set.
pub(crate) fn is_set(field: Option<bool>) -> bool {
    field == Some(true)
}

/// The number, or zero.
pub(crate) fn number<N: Default + Copy>(field: Option<N>) -> N {
    field.unwrap_or_default()
}

/// The entry of a map that may be absent.
pub(crate) fn entry<'a, V>(field: &'a Option<BTreeMap<String, V>>, key: &str) -> Option<&'a V> {
    field.as_ref().and_then(|map| map.get(key))
}
