use std::any::Any;
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Map, Value};

use crate::object::{Object, Part};
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

    /// Takes a value of the API type apart; `None` if it is of another type.
    fn split(&self, whole: Box<dyn Any>) -> Option<(ObjectMeta, Body)>;
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

/// Deserializes with the path of the field that does not fit.
pub(super) fn from_json<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, DecodeError> {
    serde_path_to_error::deserialize(value)
        .map_err(|error| DecodeError::new(error.path().to_string(), error.inner().to_string()))
}
