use std::sync::Arc;

use serde_json::{Map, Value};
use setpoint_core::kind::{Kind, Registry};
use setpoint_core::object::{Draft, Key};
use setpoint_core::schema::{Schema, unknown_fields};

use super::fault::{Fault, Place};

/// An object without a namespace of its own is put here.
const DEFAULT_NAMESPACE: &str = "default";

/// One object of a manifest.
#[derive(Debug)]
pub struct Document {
    pub(super) place: Place,
    pub(super) kind: Arc<Kind>,
    pub(super) key: Key,
    /// As written, in the stored version, with its namespace.
    pub(super) fields: Map<String, Value>,
}

impl Document {
    /// Where it is written.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// What it is.
    pub fn kind(&self) -> &Arc<Kind> {
        &self.kind
    }

    /// Where the object is to be.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// `Deployment "web"`.
    pub fn subject(&self) -> String {
        format!("{} {:?}", self.kind.names.kind, &*self.key.name)
    }

    /// What one document says; everything that is wrong with it.
    pub(super) fn of(place: Place, value: Value, registry: &Registry) -> Result<Self, Vec<Fault>> {
        let Value::Object(mut fields) = value else {
            return Err(vec![fault(&place, "", "", "an object is expected, with apiVersion and kind")]);
        };
        let text = |field: &str| fields.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (api_version, kind_name) = (text("apiVersion"), text("kind"));
        for (field, value) in [("apiVersion", &api_version), ("kind", &kind_name)] {
            if value.is_empty() {
                return Err(vec![fault(&place, &kind_name, field, "is missing")]);
            }
        }
        let Some(kind) = registry.find(&kind_name, &api_version) else {
            let (field, reason) = no_such_kind(&kind_name, &api_version, registry);
            return Err(vec![fault(&place, &kind_name, field, reason)]);
        };
        let name = fields.get("metadata").and_then(|meta| meta.get("name")).and_then(Value::as_str);
        let subject = match name {
            Some(name) => format!("{kind_name} {name:?}"),
            None => kind_name.clone(),
        };
        if name.unwrap_or_default().is_empty() {
            return Err(vec![fault(&place, &subject, "metadata.name", "is missing")]);
        }
        let whole = Value::Object(fields);
        let unknown: Vec<Fault> = unknown_fields(&whole, Schema::of_object(&api_version, &kind_name))
            .into_iter()
            .map(|field| fault(&place, &subject, &field, "unknown field"))
            .collect();
        if !unknown.is_empty() {
            return Err(unknown);
        }
        let Value::Object(whole) = whole else { unreachable!("it was made an object above") };
        fields = whole;
        let stored = to_stored(&kind, &api_version, &fields);
        let draft = match stored.and_then(|value| Draft::from_value(Arc::clone(&kind), value)) {
            Ok(draft) => draft,
            Err(error) => return Err(vec![fault(&place, &subject, &error.field, &error.reason)]),
        };
        let mut key = draft.key();
        if kind.is_namespaced() && key.namespace.as_deref().unwrap_or_default().is_empty() {
            key.namespace = Some(DEFAULT_NAMESPACE.into());
        }
        if let (Some(namespace), Some(Value::Object(meta))) = (&key.namespace, fields.get_mut("metadata")) {
            meta.insert("namespace".to_owned(), Value::from(&**namespace));
        }
        Ok(Self { place, kind, key, fields })
    }

    pub(super) fn fault(&self, field: &str, reason: impl Into<String>) -> Fault {
        fault(&self.place, &self.subject(), field, reason)
    }
}

fn to_stored(
    kind: &Kind,
    api_version: &str,
    fields: &Map<String, Value>,
) -> Result<Value, setpoint_core::kind::DecodeError> {
    let value = Value::Object(fields.clone());
    let served = kind.versions.iter().find(|version| version.api_version() == api_version);
    match (&kind.conversion, served) {
        (Some(conversion), Some(version)) => conversion.store(value, version),
        _ => Ok(value),
    }
}

/// Which field is wrong with a kind that is not there, and what might have been meant.
fn no_such_kind(kind: &str, api_version: &str, registry: &Registry) -> (&'static str, String) {
    let kinds = registry.kinds();
    let same: Vec<String> = kinds
        .iter()
        .filter(|known| known.names.kind == kind)
        .flat_map(|known| known.versions.iter().map(|version| version.api_version()))
        .collect();
    if !same.is_empty() {
        return ("apiVersion", format!("{kind} is not served at {api_version}, but at {}", same.join(", ")));
    }
    let near = kinds.iter().map(|known| (distance(&known.names.kind, kind), &known.names.kind)).min();
    let hint = match near {
        Some((distance, near)) if distance * 3 <= kind.len() => format!("; {near} is near"),
        _ => String::new(),
    };
    ("kind", format!("there is no {kind} in {api_version}{hint}"))
}

/// How many letters must be changed, added or left out to make one word of the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], line + 1);
        for column in 0..other.len() {
            let changed = diagonal + usize::from(other[column] != letter);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

pub(super) fn fault(place: &Place, subject: &str, field: &str, reason: impl Into<String>) -> Fault {
    Fault {
        place: place.clone(),
        subject: subject.to_owned(),
        field: field.to_owned(),
        reason: reason.into(),
    }
}
