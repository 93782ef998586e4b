use std::sync::Arc;

use serde_json::Value;
use setpoint_core::kind::Kind;
use setpoint_core::object::{Draft, NoTexts, Object, ObjectRef, Revision};
use setpoint_core::ownership::ManagedFields;

/// What values of kube-apiserver begin with that are protobuf.
const PROTOBUF: &[u8] = b"k8s\0";
/// The same of such as are encrypted.
const ENCRYPTED: &[u8] = b"k8s:enc:";

/// An object as JSON in its preferred version, without `resourceVersion`, which is the key's.
pub(super) fn encode(draft: &Draft) -> Vec<u8> {
    let mut bytes = Vec::new();
    Object::from_draft(draft.clone(), Revision::ZERO).write_json(&NoTexts, &mut bytes);
    bytes
}

/// The object that a value is, or what is wrong with it.
pub(super) fn decode(
    kind: &Arc<Kind>,
    namespace: &str,
    name: &str,
    value: &[u8],
    revision: Revision,
) -> Result<ObjectRef, String> {
    if value.starts_with(PROTOBUF) {
        return Err("it is written in protobuf: let kube-apiserver write JSON".to_owned());
    }
    if value.starts_with(ENCRYPTED) {
        return Err("it is encrypted".to_owned());
    }
    let value: Value = serde_json::from_slice(value).map_err(|error| format!("it is no JSON: {error}"))?;
    let value = in_preferred_version(kind, value)?;
    let mut draft = Draft::from_value(Arc::clone(kind), value).map_err(|error| error.to_string())?;
    let found = (draft.meta().namespace.as_deref().unwrap_or_default(), &*draft.meta().name);
    if found != (namespace, name) {
        return Err(format!("it says that it is {}/{}", found.0, found.1));
    }
    if let Some(entries) = draft.sent_managed.take() {
        let managed = ManagedFields::from_wire(&entries).map_err(|error| error.to_string())?;
        draft.set_managed_fields(Some(Arc::new(managed)));
    }
    Ok(Arc::new(Object::from_draft(draft, revision)))
}

/// Other servers may have written another of its versions.
fn in_preferred_version(kind: &Kind, value: Value) -> Result<Value, String> {
    let says = |field: &str| value.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (api_version, name) = (says("apiVersion"), says("kind"));
    if name != kind.names.kind {
        return Err(format!("it says that it is a {name:?}, not a {}", kind.names.kind));
    }
    if api_version == kind.api_version() {
        return Ok(value);
    }
    let Some(version) = kind.versions.iter().find(|version| version.api_version() == api_version) else {
        return Err(format!("its apiVersion {api_version:?} is none of its kind"));
    };
    match &kind.conversion {
        Some(conversion) => conversion.store(value, version).map_err(|error| error.to_string()),
        None => Ok(value),
    }
}
