use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1 as wire;

use super::FieldSet;
use super::fields_v1::FieldsError;
use crate::object::{Part, SharedTexts, Text};

/// What a manager did to get to own fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// It applied them.
    Apply,
    /// It wrote them in any other way.
    Update,
}

impl Operation {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Apply => "Apply",
            Self::Update => "Update",
        }
    }
}

/// Who: one manager through one subresource, and for updates at one version.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Manager {
    /// The manager's name.
    pub name: Text,
    /// How it got to own its fields.
    pub operation: Operation,
    /// The version in which it wrote, and in which its fields are meant.
    pub api_version: Text,
    /// The subresource it wrote through; empty for the object itself.
    pub subresource: Text,
}

impl Manager {
    /// Whether both have one entry in common. An applier has one, whatever version it applies.
    pub fn is_same(&self, other: &Self) -> bool {
        self.name == other.name
            && self.operation == other.operation
            && self.subresource == other.subresource
            && (self.operation == Operation::Apply || self.api_version == other.api_version)
    }
}

/// As in messages about conflicts: `"kubectl" with subresource "scale" using apps/v1`.
impl fmt::Display for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.name)?;
        if !self.subresource.is_empty() {
            write!(f, " with subresource {:?}", self.subresource)?;
        }
        match self.operation {
            Operation::Apply => Ok(()),
            Operation::Update => write!(f, " using {}", self.api_version),
        }
    }
}

/// The fields that one manager owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Who.
    pub manager: Manager,
    /// When it last changed something, in whole seconds.
    pub time: Option<Timestamp>,
    /// Which fields.
    pub fields: FieldSet,
}

/// An entry from a client that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// There are two.
    #[error("operation must be `Apply` or `Update`")]
    Operation,
    /// Fields mean something only in a version.
    #[error("apiVersion must not be empty")]
    ApiVersion,
    /// There is one.
    #[error("invalid fieldsType {0:?}")]
    FieldsType(String),
    /// The fields.
    #[error("error decoding set")]
    Fields(#[source] FieldsError),
}

impl Entry {
    /// From the API form.
    ///
    /// # Errors
    ///
    /// [`EntryError`] if something is missing or malformed.
    pub fn from_wire(entry: &wire::ManagedFieldsEntry) -> Result<Self, EntryError> {
        let text = |text: &Option<String>| Text::from(text.as_deref().unwrap_or_default());
        let operation = match entry.operation.as_deref() {
            Some("Apply") => Operation::Apply,
            Some("Update") => Operation::Update,
            _ => return Err(EntryError::Operation),
        };
        let api_version = text(&entry.api_version);
        if api_version.is_empty() {
            return Err(EntryError::ApiVersion);
        }
        let fields_type = entry.fields_type.as_deref().unwrap_or_default();
        if fields_type != "FieldsV1" {
            return Err(EntryError::FieldsType(fields_type.to_owned()));
        }
        let fields = match &entry.fields_v1 {
            Some(fields) => FieldSet::from_json(&fields.0).map_err(EntryError::Fields)?,
            None => FieldSet::default(),
        };
        let manager = Manager {
            name: text(&entry.manager),
            operation,
            api_version,
            subresource: text(&entry.subresource),
        };
        let time =
            entry.time.as_ref().map(|time| Timestamp::from_second(time.0.as_second()).unwrap_or(time.0));
        Ok(Self { manager, time, fields })
    }

    /// The API form.
    pub fn to_wire(&self) -> wire::ManagedFieldsEntry {
        wire::ManagedFieldsEntry {
            fields_v1: Some(wire::FieldsV1(self.fields.to_value())),
            ..self.to_wire_without_fields()
        }
    }

    fn to_wire_without_fields(&self) -> wire::ManagedFieldsEntry {
        let text = |text: &Text| (!text.is_empty()).then(|| text.to_string());
        wire::ManagedFieldsEntry {
            api_version: text(&self.manager.api_version),
            fields_type: Some("FieldsV1".to_owned()),
            fields_v1: None,
            manager: text(&self.manager.name),
            operation: Some(self.manager.operation.as_str().to_owned()),
            subresource: text(&self.manager.subresource),
            time: self.time.map(wire::Time),
        }
    }

    fn write_json(&self, into: &mut Vec<u8>) {
        let rest = self.to_wire_without_fields();
        serde_json::to_writer(&mut *into, &rest).expect("entries serialize");
        // Every entry has a `fieldsType`, after which its fields can follow.
        into.pop();
        into.extend_from_slice(b",\"fieldsV1\":");
        into.extend_from_slice(self.fields.to_json().as_bytes());
        into.push(b'}');
    }

    /// The order of entries: appliers first, then by age, then by name.
    fn order(&self, other: &Self) -> Ordering {
        let seconds = |entry: &Self| entry.time.map_or(0, Timestamp::as_second);
        let (one, two) = (&self.manager, &other.manager);
        one.operation
            .cmp(&two.operation)
            .then_with(|| seconds(self).cmp(&seconds(other)))
            .then_with(|| one.name.cmp(&two.name))
            .then_with(|| one.api_version.cmp(&two.api_version))
            .then_with(|| one.subresource.cmp(&two.subresource))
    }
}

/// Who owns which fields of an object.
///
/// Entries are in upstream's order and shared with other versions and other objects; no two are of the same manager.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ManagedFields {
    entries: Vec<Arc<Entry>>,
}

impl ManagedFields {
    /// From entries in any order; of those of one manager the last one counts.
    pub fn new(entries: impl IntoIterator<Item = Arc<Entry>>) -> Self {
        let mut unique: Vec<Arc<Entry>> = Vec::new();
        for entry in entries {
            match unique.iter_mut().find(|known| known.manager.is_same(&entry.manager)) {
                Some(known) => *known = entry,
                None => unique.push(entry),
            }
        }
        unique.sort_by(|one, other| one.order(other));
        unique.shrink_to_fit();
        Self { entries: unique }
    }

    /// From the API form.
    ///
    /// # Errors
    ///
    /// [`EntryError`] if an entry is malformed.
    pub fn from_wire(entries: &[wire::ManagedFieldsEntry]) -> Result<Self, EntryError> {
        let entries: Result<Vec<_>, _> =
            entries.iter().map(|entry| Entry::from_wire(entry).map(Arc::new)).collect();
        Ok(Self::new(entries?))
    }

    /// The API form.
    pub fn to_wire(&self) -> Vec<wire::ManagedFieldsEntry> {
        self.entries.iter().map(|entry| entry.to_wire()).collect()
    }

    /// The API form, as JSON text. The texts of entries that others share may be taken from `texts`; all are if `shared`.
    pub(crate) fn write_json(&self, texts: &dyn SharedTexts, shared: bool, into: &mut Vec<u8>) {
        into.push(b'[');
        for (at, entry) in self.entries.iter().enumerate() {
            if at > 0 {
                into.push(b',');
            }
            if shared || Arc::strong_count(entry) > 1 {
                texts.append(Part::shared(Arc::clone(entry)), into, &|into| entry.write_json(into));
            } else {
                entry.write_json(into);
            }
        }
        into.push(b']');
    }

    /// The entries in order.
    pub fn entries(&self) -> &[Arc<Entry>] {
        &self.entries
    }

    /// A manager's entry.
    pub fn of(&self, manager: &Manager) -> Option<&Arc<Entry>> {
        self.entries.iter().find(|entry| entry.manager.is_same(manager))
    }

    /// With another time at a manager's entry.
    #[must_use]
    pub fn with_time(&self, manager: &Manager, time: Option<Timestamp>) -> Self {
        Self::new(self.entries.iter().map(|entry| {
            match entry.manager.is_same(manager) && entry.time != time {
                true => Arc::new(Entry { time, ..Entry::clone(entry) }),
                false => Arc::clone(entry),
            }
        }))
    }

    /// Whether both share all entries.
    pub fn shares_all(&self, other: &Self) -> bool {
        self.entries.len() == other.entries.len()
            && self.entries.iter().zip(&other.entries).all(|(one, other)| Arc::ptr_eq(one, other))
    }

    /// Whether nobody owns anything.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether both say the same but for when it was (STORE-02).
    pub fn is_same_but_for_times(&self, other: &Self) -> bool {
        // Times decide on the order too.
        self.entries.len() == other.entries.len()
            && self.entries.iter().all(|entry| {
                other
                    .entries
                    .iter()
                    .any(|known| entry.manager == known.manager && entry.fields == known.fields)
            })
    }
}
