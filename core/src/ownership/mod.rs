//! Who set which fields.

/// Who set which fields of an object.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ManagedFields {}
