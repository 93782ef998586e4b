//! Objects and worlds for this crate's tests.

use std::sync::Arc;

use k8s_openapi::api::core::v1::ConfigMap;
use setpoint_core::kind::{Kind, Registry};
use setpoint_core::object::{Draft, Meta, Object, ObjectRef, Part, Revision, Uid};

/// The kind of the objects here.
pub(crate) fn maps() -> Arc<Kind> {
    Registry::builtin().of::<ConfigMap>().expect("a built-in kind")
}

/// An object in the namespace `ns`.
pub(crate) fn object(kind: &Arc<Kind>, name: &str, uid: &str, revision: u64) -> ObjectRef {
    let mut meta = Meta::namespaced("ns", name);
    meta.uid = Some(Uid::new(uid));
    let draft = Draft::new(Arc::clone(kind), meta, Part::new(ConfigMap::default()));
    Arc::new(Object::from_draft(draft, Revision(revision)))
}
