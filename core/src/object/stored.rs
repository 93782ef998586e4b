use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Map, Value};

use super::{Draft, Key, Meta, Part, Revision};
use crate::kind::{DecodeError, Kind};
use crate::ownership::ManagedFields;

/// A shared object.
pub type ObjectRef = Arc<Object>;

/// One version of one object. It never changes; a write makes another.
pub struct Object {
    kind: Arc<Kind>,
    revision: Revision,
    meta: Arc<Meta>,
    spec: Part,
    status: Option<Part>,
    managed: Option<Arc<ManagedFields>>,
    whole: OnceLock<Arc<dyn Any + Send + Sync>>,
}

impl Object {
    /// What it is.
    pub fn kind(&self) -> &Arc<Kind> {
        &self.kind
    }

    /// The revision of its last change, which is its `resourceVersion`.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// Its metadata.
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    /// Its metadata, to be shared.
    pub fn shared_meta(&self) -> &Arc<Meta> {
        &self.meta
    }

    /// Everything but metadata and status.
    pub fn spec_part(&self) -> &Part {
        &self.spec
    }

    /// What was observed of it.
    pub fn status_part(&self) -> Option<&Part> {
        self.status.as_ref()
    }

    /// Who set which fields.
    pub fn managed_fields(&self) -> Option<&Arc<ManagedFields>> {
        self.managed.as_ref()
    }

    /// Where it is.
    pub fn key(&self) -> Key {
        Key { kind: self.kind.id, namespace: self.meta.namespace.clone(), name: self.meta.name.clone() }
    }

    /// Namespace and name to compare by.
    pub fn place(&self) -> (&str, &str) {
        (self.meta.namespace.as_deref().unwrap_or_default(), &self.meta.name)
    }

    /// The spec, if it is of this type.
    pub fn spec<T: Any>(&self) -> Option<&T> {
        self.spec.get()
    }

    /// The status, if there is one and it is of this type.
    pub fn status<T: Any>(&self) -> Option<&T> {
        self.status.as_ref()?.get()
    }

    /// A value of the API type, built at the first call and kept. Its `managedFields` are left out: see
    /// [`Object::managed_fields`].
    ///
    /// # Errors
    ///
    /// If the object is kept as JSON and does not fit the type, or the kind's type is not `K`.
    pub fn to_whole<K: Any + Send + Sync>(&self) -> Result<Arc<K>, DecodeError> {
        let whole = match self.whole.get() {
            Some(whole) => whole,
            None => {
                let whole = self.kind.representation.to_whole(self)?;
                self.whole.get_or_init(|| whole)
            }
        };
        Arc::clone(whole).downcast().map_err(|_| {
            let reason = format!("{} is not read as {}", self.kind.names.kind, std::any::type_name::<K>());
            DecodeError::new("", reason)
        })
    }

    /// The metadata as on the wire, with `resourceVersion`, without `managedFields`, which are kept
    /// [beside the object](Self::managed_fields).
    pub fn wire_meta(&self) -> ObjectMeta {
        ObjectMeta {
            resource_version: (!self.revision.is_zero()).then(|| self.revision.to_string()),
            ..self.meta.to_wire()
        }
    }

    /// As JSON in its preferred version, as a server shows it.
    pub fn to_value(&self) -> Value {
        let mut value = self.to_value_without_ownership();
        if let Some(managed) = &self.managed
            && let Some(Value::Object(meta)) = value.get_mut("metadata")
        {
            let entries = serde_json::to_value(managed.to_wire()).expect("entries serialize");
            meta.insert("managedFields".to_owned(), entries);
        }
        value
    }

    /// As JSON in its preferred version, without `managedFields`, which are the larger part of many an object.
    pub fn to_value_without_ownership(&self) -> Value {
        let mut fields = Map::new();
        fields.insert("apiVersion".to_owned(), Value::String(self.kind.api_version()));
        fields.insert("kind".to_owned(), Value::String(self.kind.names.kind.clone()));
        let meta = serde_json::to_value(self.wire_meta()).expect("metadata serializes");
        fields.insert("metadata".to_owned(), meta);
        self.kind.representation.encode(&self.spec, self.status.as_ref(), &mut fields);
        Value::Object(fields)
    }

    /// The same object under another revision, as a deletion shows it (STORE-20).
    pub fn at_revision(&self, revision: Revision) -> Self {
        Self {
            kind: Arc::clone(&self.kind),
            revision,
            meta: Arc::clone(&self.meta),
            spec: self.spec.clone(),
            status: self.status.clone(),
            managed: self.managed.clone(),
            whole: OnceLock::new(),
        }
    }

    /// The same object with other parts, of a kind that has changed since.
    pub(crate) fn with_parts(&self, kind: Arc<Kind>, spec: Part, status: Option<Part>) -> Self {
        Self { kind, spec, status, ..self.at_revision(self.revision) }
    }

    /// What a store makes of a draft.
    pub fn from_draft(draft: Draft, revision: Revision) -> Self {
        let Draft { kind, meta, spec, status, managed, .. } = draft;
        Self { kind, revision, meta, spec, status, managed, whole: OnceLock::new() }
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} @{}", self.kind.names.kind, self.key(), self.revision)
    }
}
