use serde_json::Value;

use super::{DecodeError, ServedVersion};

/// Translates whole objects between the stored form and a served version.
///
/// The stored form is that of the kind's preferred version. Both directions keep metadata as it is, and
/// going there and back gives the same object.
pub trait Conversion: Send + Sync {
    /// From the stored form to what `version` shows.
    fn serve(&self, object: Value, version: &ServedVersion) -> Value;

    /// From what a client sent at `version` to the stored form.
    ///
    /// # Errors
    ///
    /// If the object has no stored form.
    fn store(&self, object: Value, version: &ServedVersion) -> Result<Value, DecodeError>;
}
