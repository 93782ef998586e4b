use super::FieldSet;

/// Which fields differ between two versions of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// There only in the new one.
    pub added: FieldSet,
    /// There in both, with different values.
    pub modified: FieldSet,
    /// There only in the old one.
    pub removed: FieldSet,
}

impl Comparison {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.modified.is_empty() && self.removed.is_empty()
    }

    /// Everything that the new version sets.
    pub fn set(&self) -> FieldSet {
        self.modified.union(&self.added)
    }

    /// What differs according to either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self {
            added: self.added.union(&other.added),
            modified: self.modified.union(&other.modified),
            removed: self.removed.union(&other.removed),
        }
    }

    /// The same, of a value that is at `element` of another.
    #[must_use]
    pub fn under(&self, element: &super::Element) -> Self {
        Self {
            added: self.added.under(element),
            modified: self.modified.under(element),
            removed: self.removed.under(element),
        }
    }
}
