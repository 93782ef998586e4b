//! Changes of whatever version of an object is there.

use serde_json::Value;

/// A change of an object.
#[derive(Debug, Clone)]
pub enum Patch {
    /// A merge patch (RFC 7386).
    Merge(Value),
}

impl Patch {
    /// Changes `value`.
    ///
    /// # Errors
    ///
    /// If the patch does not fit the value.
    pub fn apply(&self, value: &mut Value) -> crate::Result<()> {
        let Self::Merge(patch) = self;
        json_patch::merge(value, patch);
        Ok(())
    }
}
