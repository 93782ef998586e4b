use std::cmp::Ordering;
use std::fmt;

use super::Text;
use crate::kind::KindId;

/// Where an object is: kind, namespace and name.
///
/// Ordered by kind, then namespace, then name, bytewise (STORE-31). The kind's number counts within one
/// [`Registry`](crate::kind::Registry).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// The kind.
    pub kind: KindId,
    /// The namespace; `None` for cluster-scoped kinds.
    pub namespace: Option<Text>,
    /// The name.
    pub name: Text,
}

impl Key {
    /// An object in a namespace.
    pub fn namespaced(kind: KindId, namespace: impl Into<Text>, name: impl Into<Text>) -> Self {
        Self { kind, namespace: Some(namespace.into()), name: name.into() }
    }

    /// An object of a cluster-scoped kind.
    pub fn cluster(kind: KindId, name: impl Into<Text>) -> Self {
        Self { kind, namespace: None, name: name.into() }
    }

    /// Namespace and name to compare by.
    pub fn place(&self) -> (&str, &str) {
        (self.namespace.as_deref().unwrap_or_default(), &self.name)
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.kind, self.place()).cmp(&(other.kind, other.place()))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{namespace}/{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({:?} {self})", self.kind)
    }
}
