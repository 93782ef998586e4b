use serde_json::{Map, Value, json};
use setpoint::Error;
use setpoint::model::object::Object;
use setpoint::store::request::ObjectList;

use super::Place;

/// A code and a body.
pub(in super::super) struct Answer {
    pub(in super::super) code: u16,
    pub(in super::super) body: Value,
}

impl Answer {
    pub(super) fn object(code: u16, object: &Object) -> Self {
        Self { code, body: object_body(object) }
    }

    pub(super) fn no_such_page() -> Self {
        Self { code: 404, body: "404 page not found\n".into() }
    }

    pub(super) fn error(error: &Error) -> Self {
        let mut body = serde_json::to_value(error.to_status()).expect("a status serializes");
        if let Some(fields) = body.as_object_mut() {
            fields.insert("apiVersion".to_owned(), "v1".into());
            fields.insert("kind".to_owned(), "Status".into());
            fields.entry("metadata").or_insert_with(|| json!({}));
            fields.retain(|field, value| field != "reason" || value != "");
        }
        Self { code: error.code(), body }
    }

    /// The answer to a deletion that does not show the object.
    pub(super) fn deleted(object: &Object) -> Self {
        let resource = &object.kind().resource;
        let mut details = json!({"name": *object.meta().name, "kind": resource.resource});
        if !resource.group.is_empty() {
            details["group"] = json!(resource.group);
        }
        if let Some(uid) = &object.meta().uid {
            details["uid"] = json!(uid.to_string());
        }
        let body = json!({
            "apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Success", "details": details,
        });
        Self { code: 200, body }
    }

    pub(super) fn success(code: u16) -> Self {
        let body = json!({
            "apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Success", "code": code,
        });
        Self { code, body }
    }

    pub(super) fn list(place: &Place, list: &ObjectList) -> Self {
        let mut meta = Map::new();
        meta.insert("resourceVersion".to_owned(), list.revision.to_string().into());
        if let Some(token) = &list.continue_token {
            meta.insert("continue".to_owned(), token.clone().into());
        }
        if let Some(remaining) = list.remaining {
            meta.insert("remainingItemCount".to_owned(), remaining.into());
        }
        let items: Vec<Value> = list
            .items
            .iter()
            .map(|object| {
                let mut body = object_body(object);
                if let Some(fields) = body.as_object_mut() {
                    // Items of a typed list are what the list says.
                    fields.remove("apiVersion");
                    fields.remove("kind");
                }
                body
            })
            .collect();
        let names = &place.kind.names;
        let body = json!({
            "apiVersion": place.api_version, "kind": names.list, "metadata": meta, "items": items,
        });
        Self { code: 200, body }
    }
}

/// An object as clients see it.
pub(super) fn object_body(object: &Object) -> Value {
    object.to_value()
}
