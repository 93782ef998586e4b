use std::any::Any;
use std::fmt;
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ManagedFieldsEntry, ObjectMeta};
use serde_json::{Map, Value};

use super::{Key, Meta, Object, Part, Revision, Text};
use crate::kind::{Body, DecodeError, Kind};
use crate::ownership::ManagedFields;

/// An object that is to be written.
///
/// It shares what it does not change with the object it came from. A draft with a revision asks for
/// exactly that version to be replaced (STORE-04).
#[derive(Clone)]
pub struct Draft {
    pub(super) kind: Arc<Kind>,
    /// The version it is to replace; `None` for any.
    pub revision: Option<Revision>,
    pub(super) meta: Arc<Meta>,
    pub(super) spec: Part,
    pub(super) status: Option<Part>,
    pub(super) managed: Option<Arc<ManagedFields>>,
    /// What a client sent as `managedFields`, which may only reset them (PATCH-13).
    pub sent_managed: Option<Vec<ManagedFieldsEntry>>,
    /// It was sent without labels, so its labels are those of its template, also those that the server adds
    /// to it (JOB-02).
    pub has_template_labels: bool,
    /// Others like it have the very same spec part, so that what is made of it is worth keeping for them.
    pub shares_spec: bool,
    /// The version of its kind in which it was written, if that is not the preferred one.
    pub version: Option<Text>,
}

impl Draft {
    /// A new object of parts.
    pub fn new(kind: Arc<Kind>, meta: Meta, spec: Part) -> Self {
        Self {
            kind,
            revision: None,
            meta: Arc::new(meta),
            spec,
            status: None,
            managed: None,
            sent_managed: None,
            has_template_labels: false,
            shares_spec: false,
            version: None,
        }
    }

    /// A change of an object, to be refused if the object has changed meanwhile.
    pub fn of(object: &Object) -> Self {
        Self {
            kind: Arc::clone(object.kind()),
            revision: Some(object.revision()),
            meta: Arc::clone(object.shared_meta()),
            spec: object.spec_part().clone(),
            status: object.status_part().cloned(),
            managed: object.managed_fields().cloned(),
            sent_managed: None,
            has_template_labels: false,
            shares_spec: false,
            version: None,
        }
    }

    /// From a value of the API type.
    ///
    /// # Errors
    ///
    /// If the type is not the kind's, or its `resourceVersion` is not a number.
    pub fn from_whole<K: Any>(kind: Arc<Kind>, whole: K) -> Result<Self, DecodeError> {
        let (meta, body) = kind.representation.split(Box::new(whole)).ok_or_else(|| {
            let type_name = std::any::type_name::<K>();
            DecodeError::new("", format!("{type_name} does not stand for {}", kind.names.kind))
        })?;
        Self::from_wire(kind, meta, body)
    }

    /// From JSON in the kind's preferred version. `apiVersion` and `kind` are the caller's to check.
    ///
    /// # Errors
    ///
    /// If a field is of the wrong type or a required one is missing; named by its path.
    pub fn from_value(kind: Arc<Kind>, value: Value) -> Result<Self, DecodeError> {
        let Value::Object(mut fields) = value else {
            return Err(DecodeError::new("", "must be an object"));
        };
        fields.remove("apiVersion");
        fields.remove("kind");
        let meta = match fields.remove("metadata") {
            None | Some(Value::Null) => ObjectMeta::default(),
            Some(meta) => serde_path_to_error::deserialize(meta).map_err(|error| {
                DecodeError::new(format!("metadata.{}", error.path()), error.inner().to_string())
            })?,
        };
        let body = kind.representation.decode(fields)?;
        Self::from_wire(kind, meta, body)
    }

    fn from_wire(kind: Arc<Kind>, mut meta: ObjectMeta, body: Body) -> Result<Self, DecodeError> {
        let revision = match meta.resource_version.take().as_deref() {
            None | Some("" | "0") => None,
            Some(text) => Some(text.parse().map_err(|error: super::revision::NotARevision| {
                DecodeError::new("metadata.resourceVersion", error.to_string())
            })?),
        };
        let sent_managed = meta.managed_fields.take();
        Ok(Self {
            revision,
            meta: Arc::new(Meta::from_wire(meta)),
            spec: body.spec,
            status: body.status,
            managed: None,
            sent_managed,
            has_template_labels: false,
            shares_spec: false,
            version: None,
            kind,
        })
    }

    /// What it is.
    pub fn kind(&self) -> &Arc<Kind> {
        &self.kind
    }

    /// Follows its kind as it is now, if that has changed since the draft was made.
    pub fn set_kind(&mut self, kind: Arc<Kind>) {
        self.kind = kind;
    }

    /// The `apiVersion` in which it was written.
    pub fn api_version(&self) -> String {
        let served = self
            .version
            .as_deref()
            .and_then(|version| self.kind.versions.iter().find(|served| served.version == version));
        served.map_or_else(|| self.kind.api_version(), |served| served.api_version())
    }

    /// Its metadata.
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    /// Its metadata, to be shared.
    pub fn shared_meta(&self) -> &Arc<Meta> {
        &self.meta
    }

    /// Its metadata, to be changed.
    pub fn meta_mut(&mut self) -> &mut Meta {
        Arc::make_mut(&mut self.meta)
    }

    /// Shares `meta`.
    pub fn set_meta(&mut self, meta: Arc<Meta>) {
        self.meta = meta;
    }

    /// Everything but metadata and status.
    pub fn spec_part(&self) -> &Part {
        &self.spec
    }

    /// The spec, if it is of this type.
    pub fn spec<T: Any>(&self) -> Option<&T> {
        self.spec.get()
    }

    /// The spec to be changed, if it is of this type.
    pub fn spec_mut<T: Any + Send + Sync + Clone>(&mut self) -> Option<&mut T> {
        self.spec.make_mut()
    }

    /// Shares `spec`, which must be of the kind's spec type.
    pub fn set_spec(&mut self, spec: Part) {
        self.spec = spec;
    }

    /// What was observed of it.
    pub fn status_part(&self) -> Option<&Part> {
        self.status.as_ref()
    }

    /// The status, if there is one and it is of this type.
    pub fn status<T: Any>(&self) -> Option<&T> {
        self.status.as_ref()?.get()
    }

    /// The status to be changed, if it is of this type; starts from the default if there is none.
    pub fn status_mut<T: Any + Send + Sync + Clone + Default>(&mut self) -> Option<&mut T> {
        self.status.get_or_insert_with(|| Part::new(T::default())).make_mut()
    }

    /// Shares `status`, which must be of the kind's status type.
    pub fn set_status(&mut self, status: Option<Part>) {
        self.status = status;
    }

    /// Who set which fields.
    pub fn managed_fields(&self) -> Option<&Arc<ManagedFields>> {
        self.managed.as_ref()
    }

    /// Records who set which fields.
    pub fn set_managed_fields(&mut self, managed: Option<Arc<ManagedFields>>) {
        self.managed = managed;
    }

    /// Where it is to be.
    pub fn key(&self) -> Key {
        Key { kind: self.kind.id, namespace: self.meta.namespace.clone(), name: self.meta.name.clone() }
    }

    /// As JSON in its preferred version, without `resourceVersion` and `managedFields`.
    pub fn to_value(&self) -> Value {
        let mut fields = Map::new();
        fields.insert("apiVersion".to_owned(), Value::String(self.kind.api_version()));
        fields.insert("kind".to_owned(), Value::String(self.kind.names.kind.clone()));
        let meta = serde_json::to_value(self.meta.to_wire()).expect("metadata serializes");
        fields.insert("metadata".to_owned(), meta);
        self.kind.representation.encode(&self.spec, self.status.as_ref(), &mut fields);
        Value::Object(fields)
    }
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "draft of {} {}", self.kind.names.kind, self.key())
    }
}
