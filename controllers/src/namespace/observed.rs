use std::sync::Arc;

use setpoint_core::kind::{Kind, Registry};
use setpoint_core::object::ObjectRef;

/// A namespace, and what can be in it.
#[derive(Debug, Clone)]
pub struct Observed {
    /// The namespace.
    pub namespace: ObjectRef,
    /// The kinds whose objects live in namespaces, pods first.
    pub content: Vec<Content>,
}

/// A kind whose objects live in namespaces.
#[derive(Debug, Clone)]
pub struct Content {
    /// The kind.
    pub kind: Arc<Kind>,
    /// Whether its objects go before those of all other kinds.
    pub is_first: bool,
}

impl Observed {
    pub(super) fn of(namespace: &ObjectRef, registry: &Registry) -> Self {
        let mut content: Vec<Content> =
            registry.kinds().into_iter().filter(|kind| kind.is_namespaced()).map(Content::of).collect();
        content.sort_by_key(|content| !content.is_first);
        Self { namespace: Arc::clone(namespace), content }
    }
}

impl Content {
    fn of(kind: Arc<Kind>) -> Self {
        let is_first = kind.resource.group.is_empty() && &*kind.resource.resource == "pods";
        Self { kind, is_first }
    }

    /// As in `pods.`: the plural and the group.
    pub(super) fn resource(&self) -> String {
        format!("{}.{}", self.kind.resource.resource, self.kind.resource.group)
    }

    /// The kind at its preferred version, as upstream's errors have it.
    pub(super) fn version_resource(&self) -> String {
        let served = &self.kind.versions[0];
        format!("{}/{}, Resource={}", served.group, served.version, self.kind.names.plural)
    }
}
