use serde_json::{Value, json};
use setpoint_core::object::{Object, ObjectRef};

use super::ListMeta;

const API_VERSION: &str = "meta.k8s.io/v1";

/// An object's metadata alone, as `PartialObjectMetadata`.
pub fn partial_object_metadata(object: &Object) -> Value {
    let mut metadata = serde_json::to_value(object.wire_meta()).expect("metadata serializes");
    if let (Some(managed), Some(fields)) = (object.managed_fields(), metadata.as_object_mut()) {
        let entries = serde_json::to_value(managed.to_wire()).expect("entries serialize");
        fields.insert("managedFields".to_owned(), entries);
    }
    json!({ "kind": "PartialObjectMetadata", "apiVersion": API_VERSION, "metadata": metadata })
}

/// The metadata of a list's objects, as `PartialObjectMetadataList`.
pub fn partial_object_metadata_list<'a>(
    objects: impl IntoIterator<Item = &'a ObjectRef>,
    metadata: &ListMeta,
) -> Value {
    let items: Vec<Value> = objects.into_iter().map(|object| partial_object_metadata(object)).collect();
    json!({
        "kind": "PartialObjectMetadataList",
        "apiVersion": API_VERSION,
        "metadata": metadata,
        "items": items,
    })
}
