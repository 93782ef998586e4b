//! Where a server has objects: paths and their parameters.

use std::fmt::Write;

use setpoint_core::kind::{Kind, ServedVersion};
use setpoint_core::object::Key;
use setpoint_core::{Error, Result};

/// A path with parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    text: String,
    has_parameters: bool,
}

impl Address {
    /// A path as it is.
    pub(super) fn plain(path: &str) -> Self {
        Self { text: path.to_owned(), has_parameters: false }
    }

    /// The objects of a kind, in a namespace or in all of them.
    pub(super) fn collection(kind: &Kind, served: &ServedVersion, namespace: Option<&str>) -> Self {
        let mut text = match served.group.as_str() {
            "" => format!("/api/{}", served.version),
            group => format!("/apis/{group}/{}", served.version),
        };
        if let Some(namespace) = namespace.filter(|_| kind.is_namespaced()) {
            text.push_str("/namespaces/");
            escape(namespace, &mut text);
        }
        text.push('/');
        text.push_str(&kind.names.plural);
        Self { text, has_parameters: false }
    }

    /// An object, or with a word one side of it.
    ///
    /// # Errors
    ///
    /// `BadRequest` for a name that no path can have.
    pub(super) fn object(kind: &Kind, served: &ServedVersion, key: &Key, side: &str) -> Result<Self> {
        let namespace = key.namespace.as_deref();
        if kind.is_namespaced() && namespace.is_none() {
            return Err(Error::bad_request(
                "an empty namespace may not be set when a resource name is provided",
            ));
        }
        for segment in namespace.into_iter().chain([&*key.name]) {
            if segment.is_empty() || matches!(segment, "." | "..") || segment.contains(['/', '%']) {
                return Err(Error::bad_request(format!("{segment:?} is no name that can be asked for")));
            }
        }
        let mut address = Self::collection(kind, served, namespace);
        address.text.push('/');
        escape(&key.name, &mut address.text);
        if !side.is_empty() {
            address.text.push('/');
            address.text.push_str(side);
        }
        Ok(address)
    }

    /// With a parameter.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.text.push(if self.has_parameters { '&' } else { '?' });
        self.has_parameters = true;
        self.text.push_str(name);
        self.text.push('=');
        escape(value, &mut self.text);
        self
    }

    /// With a parameter, if it has a value.
    pub(super) fn with_some(self, name: &str, value: Option<&str>) -> Self {
        match value.filter(|value| !value.is_empty()) {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }
}

/// Writes everything but unreserved characters with percent signs (RFC 3986).
fn escape(text: &str, into: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            into.push(char::from(byte));
        } else {
            // A String takes everything.
            let _ = write!(into, "%{byte:02X}");
        }
    }
}
