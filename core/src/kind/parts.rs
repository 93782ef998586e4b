use std::any::Any;
use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::representation::from_json;
use super::{Body, DecodeError, Representation, empty_fields};
use crate::object::{Object, Part};
use crate::ownership::Tape;
use crate::schema::Node;

/// A compiled-in API type whose spec and status are shared apart.
///
/// Implemented for the built-in kinds. A type that does not implement it is kept as JSON, see
/// [`JsonKind`](super::JsonKind).
pub trait Parts: Serialize + DeserializeOwned + Clone + Debug + Send + Sync + 'static {
    /// Everything but metadata and status.
    type Spec: Clone + PartialEq + Debug + Send + Sync + 'static;
    /// What was observed; `()` for kinds without.
    type Status: Clone + PartialEq + Debug + Serialize + Send + Sync + 'static;

    /// Fields that are written as null when they are not set, such as `status.conditions[].lastProbeTime`.
    const NULLS: &'static [&'static str] = &[];

    /// Takes an object apart.
    fn split(self) -> (ObjectMeta, Self::Spec, Option<Self::Status>);

    /// Puts an object together.
    fn join(meta: ObjectMeta, spec: &Self::Spec, status: Option<&Self::Status>) -> Self;
}

/// The representation of a type that implements [`Parts`].
#[derive(Debug)]
pub struct PartsOf<K>(PhantomData<fn() -> K>);

impl<K> Default for PartsOf<K> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<K: Parts> PartsOf<K> {
    fn spec(part: &Part) -> &K::Spec {
        part.get().expect("a kind's spec parts are of its spec type")
    }

    fn status(part: &Part) -> &K::Status {
        part.get().expect("a kind's status parts are of its status type")
    }
}

impl<K: Parts> Representation for PartsOf<K> {
    fn decode(&self, body: Map<String, Value>) -> Result<Body, DecodeError> {
        let (_, spec, status) = from_json::<K>(Value::Object(body))?.split();
        Ok(Body { spec: Part::new(spec), status: status.map(Part::new) })
    }

    fn encode(&self, spec: &Part, status: Option<&Part>, into: &mut Map<String, Value>) {
        let whole = K::join(ObjectMeta::default(), Self::spec(spec), status.map(Self::status));
        // API types serialize to JSON objects; a type that does not has no fields to show.
        let Ok(Value::Object(mut fields)) = serde_json::to_value(&whole) else { return };
        empty_fields::fill(&mut fields, K::NULLS);
        let body = fields
            .into_iter()
            .filter(|(field, _)| !matches!(field.as_str(), "apiVersion" | "kind" | "metadata"));
        into.extend(body);
    }

    fn body_tape(&self, spec: &Part, status: Option<&Part>, place: &'static Node) -> Tape {
        Tape::of(&K::join(ObjectMeta::default(), Self::spec(spec), status.map(Self::status)), place)
    }

    fn status_tape(&self, status: &Part, place: &'static Node) -> Tape {
        Tape::of(Self::status(status), place)
    }

    fn spec_eq(&self, one: &Part, other: &Part) -> bool {
        one.ptr_eq(other) || Self::spec(one) == Self::spec(other)
    }

    fn status_eq(&self, one: &Part, other: &Part) -> bool {
        one.ptr_eq(other) || Self::status(one) == Self::status(other)
    }

    fn to_whole(&self, object: &Object) -> Result<Arc<dyn Any + Send + Sync>, DecodeError> {
        let status = object.status_part().map(Self::status);
        Ok(Arc::new(K::join(object.wire_meta(), Self::spec(object.spec_part()), status)))
    }

    fn split(&self, whole: Box<dyn Any>) -> Option<(ObjectMeta, Body)> {
        let (meta, spec, status) = whole.downcast::<K>().ok()?.split();
        Some((meta, Body { spec: Part::new(spec), status: status.map(Part::new) }))
    }
}
