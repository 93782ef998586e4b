//! Objects from the text of answers and events.
//!
//! Specs and records of ownership that are the same text are read once and shared.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ManagedFieldsEntry, ObjectMeta, OwnerReference, Time};
use serde::Deserialize;
use serde_json::value::RawValue;
use setpoint_core::kind::{DecodeError, Kind};
use setpoint_core::object::{Draft, Meta, Object, ObjectRef, Part, Revision};
use setpoint_core::ownership::ManagedFields;

use super::shared_parts::SharedParts;

/// Reads what a server writes.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    specs: SharedParts<Part>,
    managed: SharedParts<Option<Arc<ManagedFields>>>,
}

/// Metadata with the record of ownership as it was written.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireMeta<'a> {
    name: Option<String>,
    namespace: Option<String>,
    generate_name: Option<String>,
    uid: Option<String>,
    resource_version: Option<String>,
    generation: Option<i64>,
    creation_timestamp: Option<Time>,
    deletion_timestamp: Option<Time>,
    deletion_grace_period_seconds: Option<i64>,
    labels: Option<BTreeMap<String, String>>,
    annotations: Option<BTreeMap<String, String>>,
    owner_references: Option<Vec<OwnerReference>>,
    finalizers: Option<Vec<String>>,
    #[serde(borrow)]
    managed_fields: Option<&'a RawValue>,
}

/// A list as it is written.
#[derive(Deserialize)]
pub(super) struct WireList<'a> {
    #[serde(default)]
    pub(super) metadata: WireListMeta,
    #[serde(borrow)]
    pub(super) items: Option<Vec<&'a RawValue>>,
}

/// A list's metadata.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WireListMeta {
    pub(super) resource_version: Option<String>,
    #[serde(rename = "continue")]
    pub(super) continue_token: Option<String>,
    pub(super) remaining_item_count: Option<i64>,
}

type Fields<'a> = BTreeMap<String, &'a RawValue>;

impl Decoder {
    /// Reads an object.
    pub(super) fn object(&self, kind: &Arc<Kind>, text: &str) -> Result<ObjectRef, DecodeError> {
        let (draft, revision) = self.draft(kind, text)?;
        Ok(Arc::new(Object::from_draft(draft, self::revision(revision.as_deref())?)))
    }

    /// Reads an object that may not be stored: one that was only tried has no revision.
    pub(super) fn tried(&self, kind: &Arc<Kind>, text: &str) -> Result<ObjectRef, DecodeError> {
        let (draft, revision) = self.draft(kind, text)?;
        let revision = revision.map_or(Ok(Revision::ZERO), |revision| self::revision(Some(&revision)))?;
        Ok(Arc::new(Object::from_draft(draft, revision)))
    }

    /// An object and its resource version.
    fn draft(&self, kind: &Arc<Kind>, text: &str) -> Result<(Draft, Option<String>), DecodeError> {
        let fields: Fields<'_> = read(text)?;
        let mut meta: WireMeta<'_> = match fields.get("metadata") {
            Some(meta) => serde_json::from_str(meta.get())
                .map_err(|error| DecodeError::new("metadata", error.to_string()))?,
            None => return Err(DecodeError::new("metadata", "is missing")),
        };
        let revision = meta.resource_version.take();
        let managed = self.managed(kind, meta.managed_fields);
        let spec = self.spec(kind, &fields)?;
        let status = fields.get("status").map(|status| status.get()).filter(|status| *status != "null");
        let status = status.map(|status| kind.representation.read_status(status.as_bytes())).transpose()?;
        let mut draft = Draft::new(Arc::clone(kind), Meta::from_wire(meta.into()), spec);
        draft.set_status(status);
        draft.set_managed_fields(managed);
        Ok((draft, revision))
    }

    fn spec(&self, kind: &Arc<Kind>, fields: &Fields<'_>) -> Result<Part, DecodeError> {
        let mut text = Vec::with_capacity(1024);
        text.push(b'{');
        let rest = fields
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "apiVersion" | "kind" | "metadata" | "status"));
        for (name, value) in rest {
            if text.len() > 1 {
                text.push(b',');
            }
            serde_json::to_writer(&mut text, name)
                .map_err(|error| DecodeError::new("", error.to_string()))?;
            text.push(b':');
            text.extend_from_slice(value.get().as_bytes());
        }
        text.push(b'}');
        // A kind that may become another one reads the same text in another way then.
        if kind.custom.is_some() {
            return kind.representation.read_spec(&text);
        }
        self.specs.get_or_read(kind.id, &text, || kind.representation.read_spec(&text))
    }

    /// Who set which fields. A record that cannot be read is of no use, and is none.
    fn managed(&self, kind: &Kind, text: Option<&RawValue>) -> Option<Arc<ManagedFields>> {
        let text = text?.get();
        let read = || {
            let entries: Vec<ManagedFieldsEntry> = serde_json::from_str(text).unwrap_or_default();
            let fields = ManagedFields::from_wire(&entries).ok().filter(|fields| !fields.is_empty());
            Ok::<_, std::convert::Infallible>(fields.map(Arc::new))
        };
        match self.managed.get_or_read(kind.id, text.as_bytes(), read) {
            Ok(managed) => managed,
        }
    }
}

/// The revision that a text says.
pub(super) fn revision(text: Option<&str>) -> Result<Revision, DecodeError> {
    let text = text.ok_or_else(|| DecodeError::new("metadata.resourceVersion", "is missing"))?;
    text.parse().map_err(|error| DecodeError::new("metadata.resourceVersion", format!("{error}")))
}

/// Reads a text.
pub(super) fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, DecodeError> {
    serde_json::from_str(text).map_err(|error| DecodeError::new("", error.to_string()))
}

/// The text of an answer.
pub(super) fn utf8(bytes: &[u8]) -> Result<&str, DecodeError> {
    std::str::from_utf8(bytes).map_err(|error| DecodeError::new("", error.to_string()))
}

impl From<WireMeta<'_>> for ObjectMeta {
    fn from(meta: WireMeta<'_>) -> Self {
        Self {
            name: meta.name,
            namespace: meta.namespace,
            generate_name: meta.generate_name,
            uid: meta.uid,
            generation: meta.generation,
            creation_timestamp: meta.creation_timestamp,
            deletion_timestamp: meta.deletion_timestamp,
            deletion_grace_period_seconds: meta.deletion_grace_period_seconds,
            labels: meta.labels,
            annotations: meta.annotations,
            owner_references: meta.owner_references,
            finalizers: meta.finalizers,
            ..Self::default()
        }
    }
}
