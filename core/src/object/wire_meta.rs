use jiff::Timestamp;
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::{Meta, OwnerReference, Revision, TextMap, Texts};

/// Metadata as on the wire, without `managedFields`: what [`Object::wire_meta`](super::Object::wire_meta) shows, written
/// without building it first.
pub(super) struct WireMeta<'a> {
    pub(super) meta: &'a Meta,
    pub(super) revision: Revision,
}

impl Serialize for WireMeta<'_> {
    fn serialize<S: Serializer>(&self, into: S) -> Result<S::Ok, S::Error> {
        let meta = self.meta;
        let mut fields = into.serialize_map(None)?;
        if !meta.name.is_empty() {
            fields.serialize_entry("name", &*meta.name)?;
        }
        if let Some(base) = &meta.generate_name {
            fields.serialize_entry("generateName", &**base)?;
        }
        if let Some(namespace) = &meta.namespace {
            fields.serialize_entry("namespace", &**namespace)?;
        }
        if let Some(uid) = &meta.uid {
            fields.serialize_entry("uid", &Displayed(uid))?;
        }
        if !self.revision.is_zero() {
            fields.serialize_entry("resourceVersion", &Displayed(&self.revision))?;
        }
        if meta.generation != 0 {
            fields.serialize_entry("generation", &meta.generation)?;
        }
        if let Some(time) = &meta.creation_timestamp {
            fields.serialize_entry("creationTimestamp", &time_text(time))?;
        }
        if let Some(time) = &meta.deletion_timestamp {
            fields.serialize_entry("deletionTimestamp", &time_text(time))?;
        }
        if let Some(seconds) = meta.deletion_grace_period_seconds {
            fields.serialize_entry("deletionGracePeriodSeconds", &seconds)?;
        }
        if !meta.labels.is_empty() {
            fields.serialize_entry("labels", &WireMap(&meta.labels))?;
        }
        if !meta.annotations.is_empty() {
            fields.serialize_entry("annotations", &WireMap(&meta.annotations))?;
        }
        if !meta.owner_references.is_empty() {
            fields.serialize_entry("ownerReferences", &WireOwners(&meta.owner_references))?;
        }
        if !meta.finalizers.is_empty() {
            fields.serialize_entry("finalizers", &WireTexts(&meta.finalizers))?;
        }
        fields.end()
    }
}

/// Times are whole seconds, which are written without a fraction.
fn time_text(time: &Timestamp) -> Displayed<'_, Timestamp> {
    Displayed(time)
}

struct Displayed<'a, T>(&'a T);

impl<T: std::fmt::Display> Serialize for Displayed<'_, T> {
    fn serialize<S: Serializer>(&self, into: S) -> Result<S::Ok, S::Error> {
        into.collect_str(self.0)
    }
}

struct WireMap<'a>(&'a TextMap);

impl Serialize for WireMap<'_> {
    fn serialize<S: Serializer>(&self, into: S) -> Result<S::Ok, S::Error> {
        into.collect_map(self.0.iter())
    }
}

struct WireTexts<'a>(&'a Texts);

impl Serialize for WireTexts<'_> {
    fn serialize<S: Serializer>(&self, into: S) -> Result<S::Ok, S::Error> {
        into.collect_seq(self.0.iter())
    }
}

struct WireOwners<'a>(&'a [OwnerReference]);

impl Serialize for WireOwners<'_> {
    fn serialize<S: Serializer>(&self, into: S) -> Result<S::Ok, S::Error> {
        into.collect_seq(self.0.iter().map(WireOwner))
    }
}

struct WireOwner<'a>(&'a OwnerReference);

impl Serialize for WireOwner<'_> {
    fn serialize<S: Serializer>(&self, into: S) -> Result<S::Ok, S::Error> {
        let owner = self.0;
        let mut fields = into.serialize_map(None)?;
        fields.serialize_entry("apiVersion", &*owner.api_version)?;
        if let Some(blocks) = owner.block_owner_deletion {
            fields.serialize_entry("blockOwnerDeletion", &blocks)?;
        }
        if let Some(is_controller) = owner.controller {
            fields.serialize_entry("controller", &is_controller)?;
        }
        fields.serialize_entry("kind", &*owner.kind)?;
        fields.serialize_entry("name", &*owner.name)?;
        fields.serialize_entry("uid", &Displayed(&owner.uid))?;
        fields.end()
    }
}
