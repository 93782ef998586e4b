use serde_json::Value as Json;

use crate::cel::Value;

/// A part of an object with the part of the object before whose place it takes, each as it is written and as
/// expressions see it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Correlated<'o> {
    pub(super) json: &'o Json,
    pub(super) value: &'o Value,
    pub(super) old: Option<(&'o Json, &'o Value)>,
    /// Whether what it is in is as it was.
    pub(super) is_same_above: bool,
}

impl<'o> Correlated<'o> {
    /// A part of it.
    pub(super) fn inner<'i>(
        &self,
        json: &'i Json,
        value: &'i Value,
        old: Option<(&'i Json, &'i Value)>,
    ) -> Correlated<'i> {
        Correlated { json, value, old, is_same_above: self.is_same() }
    }

    /// Whether it is as it was, or in something that is.
    pub(super) fn is_same(&self) -> bool {
        self.is_same_above || self.old.is_some_and(|(old, _)| old == self.json)
    }
}
