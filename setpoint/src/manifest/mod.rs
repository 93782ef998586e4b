//! Manifests: objects as people write them, in YAML or JSON, one document after the other.
//!
//! [`Manifest::parse`] reads all documents and finds everything that is wrong with any of them;
//! [`Manifest::apply`] first tries all of them without storing anything, then applies them one after the
//! other. A manifest with a fault changes nothing, and a failure on the way says what was applied before it.
//!
//! ```
//! use setpoint::manifest::Manifest;
//! use setpoint::model::kind::Registry;
//!
//! let text = "
//! apiVersion: v1
//! kind: ConfigMap
//! metadata: {name: greeting}
//! dat: {text: hello}
//! ---
//! apiVersion: apps/v1
//! kind: Deploymint
//! ";
//! let error = Manifest::parse("web.yaml", text, &Registry::builtin()).unwrap_err();
//! let lines: Vec<String> = error.faults().iter().map(ToString::to_string).collect();
//! assert_eq!(lines, [
//!     r#"web.yaml, document 1 (line 2), ConfigMap "greeting": dat: unknown field"#,
//!     r#"web.yaml, document 2 (line 7), Deploymint: kind: there is no Deploymint in apps/v1; Deployment is near"#,
//! ]);
//! ```

mod apply;
mod document;
mod fault;
mod read;

pub use self::apply::{Applied, ApplyError};
pub use self::document::Document;
pub use self::fault::{Fault, ParseError, Place};

use setpoint_core::kind::Registry;

/// The longest manifest, in bytes.
pub const BYTES_MAX: usize = 16 * 1024 * 1024;
/// The most documents in one, items of lists included.
pub const DOCUMENTS_MAX: usize = 10_000;

/// Objects that are to be there.
#[derive(Debug)]
pub struct Manifest {
    documents: Vec<Document>,
}

impl Manifest {
    /// Reads all documents of a text; `source` is what it is called in messages. Empty documents do not
    /// count; the items of a `List` do, each for itself.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, in order: syntax, unknown kinds, unknown fields, values of the wrong type,
    /// missing and repeated names.
    pub fn parse(source: &str, text: &str, registry: &Registry) -> Result<Self, ParseError> {
        let documents = read::documents(source, text, registry).map_err(ParseError)?;
        Ok(Self { documents })
    }

    /// The documents, in order.
    pub fn documents(&self) -> &[Document] {
        &self.documents
    }
}

#[cfg(test)]
mod tests;
