use std::any::{Any, TypeId};
use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::representation::{from_json, from_json_bytes, json_bytes, write_field};
use super::{Body, DecodeError, Layers, Overlay, Own, Representation, empty_fields, null_fields};
use crate::object::{Object, Part, SharedTexts, Text};
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
    type Status: Clone + PartialEq + Debug + Serialize + DeserializeOwned + Send + Sync + 'static;

    /// Fields that are written as null when they are not set, such as `status.conditions[].lastProbeTime`.
    const NULLS: &'static [&'static str] = &[];

    /// Takes an object apart.
    fn split(self) -> (ObjectMeta, Self::Spec, Option<Self::Status>);

    /// Puts an object together.
    fn join(meta: ObjectMeta, spec: &Self::Spec, status: Option<&Self::Status>) -> Self;

    /// What of a spec is shared, what a spec is that has nothing else, and what is the object's own; `None` if specs
    /// are shared as a whole.
    fn layers(_spec: &Self::Spec) -> Option<(Part, Self::Spec, Own)> {
        None
    }

    /// Puts together what [`Parts::layers`] took apart.
    fn with_own(bare: &Self::Spec, _own: &[Option<Text>]) -> Self::Spec {
        bare.clone()
    }

    /// The same for its text, which then is that of [`Parts::write_common`] with more fields in it.
    fn overlay(_spec: &Self::Spec) -> Option<Overlay> {
        None
    }

    /// The text of a spec without what is its own: the field `spec`, an object, with a comma before it.
    fn write_common(_spec: &Self::Spec, _into: &mut Vec<u8>) {}
}

/// Metadata without any, as the types write it.
const EMPTY_META: &[u8] = b"\"metadata\":{}";
/// How many quotes are before that if only `apiVersion` and `kind` are.
const HEAD_QUOTES: usize = 8;

/// The field that paths to what is in a status begin with.
const STATUS: &str = "status";

/// About how long a body is, to begin with.
const BODY_BYTES: usize = 2048;

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

    fn write_status_field(status: &Part, into: &mut Vec<u8>) {
        let written = into.len();
        into.extend_from_slice(b",\"status\":");
        if null_fields::write(Self::status(status), K::NULLS, STATUS, into).is_err() {
            into.truncate(written);
        }
    }

    /// The fields beside metadata and status as text, each with a comma before it.
    fn write_body(spec: &K::Spec, into: &mut Vec<u8>) {
        let whole = K::join(ObjectMeta::default(), spec, None);
        let mut text = Vec::with_capacity(BODY_BYTES);
        // API types serialize to JSON objects; a type that does not has no fields to show.
        if null_fields::write(&whole, K::NULLS, "", &mut text).is_err() {
            return;
        }
        // What the types write first, if metadata is the first of their fields: then the rest is the body.
        let at = text.windows(EMPTY_META.len()).position(|window| window == EMPTY_META);
        let head = at.filter(|at| text[..*at].iter().filter(|byte| **byte == b'"').count() == HEAD_QUOTES);
        if let Some(at) = head {
            return into.extend_from_slice(&text[at + EMPTY_META.len()..text.len() - 1]);
        }
        let Ok(fields) = serde_json::from_slice::<Map<String, Value>>(&text) else { return };
        fields
            .iter()
            .filter(|(field, _)| !matches!(field.as_str(), "apiVersion" | "kind" | "metadata"))
            .for_each(|(name, value)| write_field(name, value, into));
    }
}

/// Adds an object's own fields to the spec, which is what was written last.
fn write_own(own: &[(&'static str, Text)], into: &mut Vec<u8>) {
    if own.is_empty() || into.pop_if(|last| *last == b'}').is_none() {
        return;
    }
    for (at, (name, text)) in own.iter().enumerate() {
        let comma_from = into.len();
        write_field(name, &&**text, into);
        if at == 0 && into.get(comma_from.wrapping_sub(1)) == Some(&b'{') {
            into.remove(comma_from);
        }
    }
    into.push(b'}');
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

    fn write(&self, spec: &Part, status: Option<&Part>, texts: &dyn SharedTexts, into: &mut Vec<u8>) {
        let spec = Self::spec(spec);
        match K::overlay(spec) {
            None => Self::write_body(spec, into),
            Some(Overlay { common, is_shared, own }) => {
                if is_shared {
                    texts.append(common, into, &|into| K::write_common(spec, into));
                } else {
                    K::write_common(spec, into);
                }
                write_own(&own, into);
            }
        }
        match status {
            Some(part) if part.is_shared() => {
                texts.append(part.clone(), into, &|into| Self::write_status_field(part, into));
            }
            Some(part) => Self::write_status_field(part, into),
            None => {}
        }
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

    fn whole_type(&self) -> Option<TypeId> {
        Some(TypeId::of::<K>())
    }

    fn split(&self, whole: Box<dyn Any>) -> Option<(ObjectMeta, Body)> {
        let (meta, spec, status) = whole.downcast::<K>().ok()?.split();
        Some((meta, Body { spec: Part::new(spec), status: status.map(Part::new) }))
    }

    fn write_spec(&self, spec: &Part) -> Vec<u8> {
        json_bytes(&K::join(ObjectMeta::default(), Self::spec(spec), None))
    }

    fn read_spec(&self, json: &[u8]) -> Result<Part, DecodeError> {
        Ok(Part::new(from_json_bytes::<K>(json)?.split().1))
    }

    fn write_status(&self, _spec: &Part, status: &Part) -> Vec<u8> {
        json_bytes(Self::status(status))
    }

    fn read_status(&self, json: &[u8]) -> Result<Part, DecodeError> {
        from_json_bytes::<K::Status>(json).map(Part::new)
    }

    fn layers(&self, spec: &Part) -> Option<Layers> {
        let (common, bare, own) = K::layers(Self::spec(spec))?;
        Some(Layers { common, bare: Part::new(bare), own })
    }

    fn with_own(&self, bare: &Part, own: &[Option<Text>]) -> Part {
        if own.iter().all(Option::is_none) {
            bare.clone()
        } else {
            Part::new(K::with_own(Self::spec(bare), own))
        }
    }
}
