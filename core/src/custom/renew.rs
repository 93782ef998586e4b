use std::sync::Arc;

use serde_json::{Map, Value};

use super::prune::ENVELOPE;
use super::rules::normalize;
use crate::kind::{JsonSpec, Kind};
use crate::object::{Object, Part};

/// An object as a kind shows it now, if it was written when its kind was another one: what the schema no longer knows
/// is gone, and defaults are there (CRD-03). `None` if it is shown as it is.
pub fn renewed(object: &Object, kind: &Arc<Kind>) -> Option<Object> {
    if Arc::ptr_eq(object.kind(), kind) {
        return None;
    }
    let Some(version) = kind.custom.as_ref().and_then(|custom| custom.version(None)) else {
        // Only kinds that a definition makes, or has made, change.
        let was_custom = object.kind().custom.is_some();
        return was_custom.then(|| {
            object.with_parts(Arc::clone(kind), object.spec_part().clone(), object.status_part().cloned())
        });
    };
    let mut fields: JsonSpec = Map::new();
    object.kind().representation.encode(object.spec_part(), object.status_part(), &mut fields);
    let mut whole = Value::Object(fields);
    normalize(&mut whole, &version.structural);
    let Value::Object(mut fields) = whole else { return None };
    ENVELOPE.iter().for_each(|name| drop(fields.remove(*name)));
    let status = fields.remove("status").filter(|status| !status.is_null());
    Some(object.with_parts(Arc::clone(kind), Part::new(fields), status.map(Part::new)))
}

/// An object in a form of its kind's as one of its versions shows it.
pub fn shown(value: &mut Value, kind: &Kind, version: &str) {
    let Some(version) = kind.custom.as_ref().and_then(|custom| custom.version(Some(version))) else { return };
    normalize(value, &version.structural);
}
