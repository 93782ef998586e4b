use std::any::{Any, TypeId};
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Map, Value};
use smallvec::SmallVec;

use crate::object::{Object, Part, SharedTexts, Text};
use crate::ownership::Tape;
use crate::schema::Node;

/// How a kind's objects are kept in memory, and how they come from and go to JSON.
///
/// Bodies in JSON are objects without `apiVersion`, `kind` and `metadata`.
pub trait Representation: Send + Sync {
    /// From JSON.
    ///
    /// # Errors
    ///
    /// If a field is of the wrong type or a required one is missing; named by its path.
    fn decode(&self, body: Map<String, Value>) -> Result<Body, DecodeError>;

    /// To JSON: adds the fields of spec and status to `into`.
    fn encode(&self, spec: &Part, status: Option<&Part>, into: &mut Map<String, Value>);

    /// To JSON text: appends the fields of spec and status, each with a comma before it. What many objects share may be
    /// taken from `texts`.
    fn write(&self, spec: &Part, status: Option<&Part>, _texts: &dyn SharedTexts, into: &mut Vec<u8>) {
        let mut fields = Map::new();
        self.encode(spec, status, &mut fields);
        for (name, value) in &fields {
            write_field(name, value, into);
        }
    }

    /// Writes everything but metadata down for comparison; `place` is that of objects of the kind.
    fn body_tape(&self, spec: &Part, status: Option<&Part>, place: &'static Node) -> Tape;

    /// Writes a status down for comparison; `place` is that of statuses of the kind.
    fn status_tape(&self, status: &Part, place: &'static Node) -> Tape;

    /// Whether two specs mean the same.
    fn spec_eq(&self, one: &Part, other: &Part) -> bool;

    /// Whether two statuses mean the same.
    fn status_eq(&self, one: &Part, other: &Part) -> bool;

    /// A value of the API type.
    ///
    /// # Errors
    ///
    /// If the kind is kept as JSON and the object does not fit the type.
    fn to_whole(&self, object: &Object) -> Result<Arc<dyn Any + Send + Sync>, DecodeError>;

    /// The API type, if there is one.
    fn whole_type(&self) -> Option<TypeId> {
        None
    }

    /// Takes a value of the API type apart; `None` if it is of another type.
    fn split(&self, whole: Box<dyn Any>) -> Option<(ObjectMeta, Body)>;

    /// A spec as JSON bytes, for [`Representation::read_spec`] to read. What else is in them is not to be relied on.
    fn write_spec(&self, spec: &Part) -> Vec<u8> {
        let mut body = Map::new();
        self.encode(spec, None, &mut body);
        json_bytes(&body)
    }

    /// A spec from what [`Representation::write_spec`] gave, perhaps that of an earlier release.
    ///
    /// # Errors
    ///
    /// If it does not fit the kind.
    fn read_spec(&self, json: &[u8]) -> Result<Part, DecodeError> {
        Ok(self.decode(from_json_bytes(json)?)?.spec)
    }

    /// A status as JSON bytes, for [`Representation::read_status`] to read.
    fn write_status(&self, spec: &Part, status: &Part) -> Vec<u8> {
        let mut body = Map::new();
        self.encode(spec, Some(status), &mut body);
        json_bytes(&body.remove("status"))
    }

    /// A status from what [`Representation::write_status`] gave.
    ///
    /// # Errors
    ///
    /// If it does not fit the kind.
    fn read_status(&self, json: &[u8]) -> Result<Part, DecodeError> {
        let body = Map::from_iter([("status".to_owned(), from_json_bytes(json)?)]);
        self.decode(body)?.status.ok_or_else(|| DecodeError::new("status", "is empty"))
    }

    /// What a spec has in common with other objects and what is its own, if the kind keeps them apart.
    fn layers(&self, _spec: &Part) -> Option<Layers> {
        None
    }

    /// A spec put together from [`Layers::bare`] and [`Layers::own`]; without layers it is the former.
    fn with_own(&self, bare: &Part, _own: &[Option<Text>]) -> Part {
        bare.clone()
    }
}

/// A spec of which one part is shared by many objects.
#[derive(Debug, Clone)]
pub struct Layers {
    /// What is shared; its address identifies it.
    pub common: Part,
    /// The spec of an object that has nothing of its own.
    pub bare: Part,
    /// What is the object's own.
    pub own: Own,
}

/// What is an object's own in a spec of which the rest is shared, in the kind's order.
pub type Own = SmallVec<[Option<Text>; 2]>;

/// A spec whose text is mostly that of another one.
#[derive(Debug, Clone)]
pub struct Overlay {
    /// What is common; its address identifies the text without what is the object's own.
    pub common: Part,
    /// Whether others have it too.
    pub is_shared: bool,
    /// Fields of the spec that are the object's own.
    pub own: SmallVec<[(&'static str, Text); 2]>,
}

/// A field as JSON text, with a comma before it.
pub(super) fn write_field(name: &str, value: &impl serde::Serialize, into: &mut Vec<u8>) {
    const TEXT: &str = "API types serialize to JSON";
    into.push(b',');
    serde_json::to_writer(&mut *into, name).expect(TEXT);
    into.push(b':');
    serde_json::to_writer(into, value).expect(TEXT);
}

/// An object's parts beside metadata.
#[derive(Debug, Clone)]
pub struct Body {
    /// Everything but metadata and status.
    pub spec: Part,
    /// What was observed.
    pub status: Option<Part>,
}

/// JSON that is no object of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{reason}", field_prefix(.field))]
pub struct DecodeError {
    /// Path of the field, empty for the object itself.
    pub field: String,
    /// What is wrong with it.
    pub reason: String,
}

fn field_prefix(field: &str) -> String {
    if field.is_empty() || field == "." { String::new() } else { format!("{field}: ") }
}

impl DecodeError {
    /// A fault at a field.
    pub fn new(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { field: field.into(), reason: reason.into() }
    }
}

/// What cannot be written is left out, as in [`Representation::encode`].
pub(super) fn json_bytes(value: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

pub(super) fn from_json_bytes<T: serde::de::DeserializeOwned>(json: &[u8]) -> Result<T, DecodeError> {
    serde_json::from_slice(json).map_err(|error| DecodeError::new("", error.to_string()))
}

/// Deserializes with the path of the field that does not fit.
pub(super) fn from_json<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, DecodeError> {
    serde_path_to_error::deserialize(value)
        .map_err(|error| DecodeError::new(error.path().to_string(), error.inner().to_string()))
}
