use std::any::{Any, TypeId};
use std::marker::PhantomData;
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::representation::{from_json, from_json_bytes, json_bytes};
use super::{Body, DecodeError, Representation};
use crate::object::{Object, Part};
use crate::ownership::Tape;
use crate::schema::Node;

/// The spec part of kinds that are kept as JSON: every field but metadata and status.
pub type JsonSpec = Map<String, Value>;

/// The representation of kinds that are kept as JSON, with a Rust type `K` to read and write them by.
///
/// What is written passes through `K`, so unknown fields are dropped, serde's defaults apply and a wrong
/// type is refused. With `K` = [`Value`] nothing is known and everything is kept.
#[derive(Debug)]
pub struct JsonKind<K> {
    guard: Option<Guard>,
    marker: PhantomData<fn() -> K>,
}

/// Looks at a body before it passes through its type, which may not bear everything.
type Guard = fn(&Map<String, Value>) -> Result<(), DecodeError>;

impl<K> JsonKind<K> {
    /// One whose bodies are looked at before they pass through `K`.
    pub(crate) fn guarded(guard: Guard) -> Self {
        Self { guard: Some(guard), marker: PhantomData }
    }
}

impl<K> Default for JsonKind<K> {
    fn default() -> Self {
        Self { guard: None, marker: PhantomData }
    }
}

fn spec_of(part: &Part) -> &JsonSpec {
    part.get().expect("JSON kinds have JSON specs")
}

fn status_of(part: &Part) -> &Value {
    part.get().expect("JSON kinds have JSON statuses")
}

fn body_of(mut fields: JsonSpec) -> Body {
    for field in ["apiVersion", "kind", "metadata"] {
        fields.remove(field);
    }
    let status = fields.remove("status").filter(|status| !status.is_null()).map(Part::new);
    Body { spec: Part::new(fields), status }
}

/// Whole numbers are written without a fraction, however they were sent: what a server in Go shows.
fn plain_numbers(value: &mut Value) {
    /// Up to here all whole numbers are floating point numbers.
    const WHOLE_MAX: f64 = 9_007_199_254_740_991.0;
    match value {
        Value::Number(number) if number.is_f64() => {
            let float = number.as_f64().unwrap_or_default();
            if float.fract() == 0.0 && float.abs() <= WHOLE_MAX {
                *number = (float as i64).into();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(plain_numbers),
        Value::Object(fields) => fields.values_mut().for_each(plain_numbers),
        _ => {}
    }
}

impl<K> Representation for JsonKind<K>
where
    K: Serialize + DeserializeOwned + Send + Sync + 'static,
{
    fn decode(&self, mut body: Map<String, Value>) -> Result<Body, DecodeError> {
        if let Some(guard) = self.guard {
            guard(&body)?;
        }
        body.insert("metadata".to_owned(), Value::Object(Map::new()));
        let whole: K = from_json(Value::Object(body))?;
        match serde_json::to_value(&whole) {
            Ok(mut value @ Value::Object(_)) => {
                plain_numbers(&mut value);
                let Value::Object(fields) = value else {
                    return Err(DecodeError::new("", "must be an object"));
                };
                Ok(body_of(fields))
            }
            Ok(_) => Err(DecodeError::new("", "must be an object")),
            Err(error) => Err(DecodeError::new("", error.to_string())),
        }
    }

    fn encode(&self, spec: &Part, status: Option<&Part>, into: &mut Map<String, Value>) {
        into.extend(spec_of(spec).clone());
        if let Some(status) = status {
            into.insert("status".to_owned(), status_of(status).clone());
        }
    }

    fn body_tape(&self, spec: &Part, status: Option<&Part>, place: &'static Node) -> Tape {
        match status {
            None => Tape::of(spec_of(spec), place),
            Some(_) => {
                let mut body = Map::new();
                self.encode(spec, status, &mut body);
                Tape::of(&body, place)
            }
        }
    }

    fn status_tape(&self, status: &Part, place: &'static Node) -> Tape {
        Tape::of(status_of(status), place)
    }

    fn spec_eq(&self, one: &Part, other: &Part) -> bool {
        one.ptr_eq(other) || spec_of(one) == spec_of(other)
    }

    fn status_eq(&self, one: &Part, other: &Part) -> bool {
        one.ptr_eq(other) || status_of(one) == status_of(other)
    }

    fn to_whole(&self, object: &Object) -> Result<Arc<dyn Any + Send + Sync>, DecodeError> {
        let whole: K = from_json(object.to_value_without_ownership())?;
        Ok(Arc::new(whole))
    }

    fn whole_type(&self) -> Option<TypeId> {
        Some(TypeId::of::<K>())
    }

    fn split(&self, whole: Box<dyn Any>) -> Option<(ObjectMeta, Body)> {
        let whole = whole.downcast::<K>().ok()?;
        let Ok(Value::Object(mut fields)) = serde_json::to_value(&*whole) else { return None };
        let meta = fields.remove("metadata").unwrap_or_default();
        Some((from_json(meta).ok()?, body_of(fields)))
    }

    fn write_spec(&self, spec: &Part) -> Vec<u8> {
        json_bytes(spec_of(spec))
    }

    fn read_spec(&self, json: &[u8]) -> Result<Part, DecodeError> {
        let spec = from_json_bytes::<JsonSpec>(json)?;
        if let Some(guard) = self.guard {
            guard(&spec)?;
        }
        Ok(Part::new(spec))
    }

    fn write_status(&self, _spec: &Part, status: &Part) -> Vec<u8> {
        json_bytes(status_of(status))
    }

    fn read_status(&self, json: &[u8]) -> Result<Part, DecodeError> {
        from_json_bytes::<Value>(json).map(Part::new)
    }
}
