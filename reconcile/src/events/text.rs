use std::sync::Arc;

use k8s_openapi::api::core::v1::ObjectReference;
use setpoint_core::object::{Object, Text, Uid};

use super::EventType;

/// What is told of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventText {
    /// What it is about, shared by all that is told of it at one time.
    pub regarding: Arc<Regarding>,
    /// Whether it is as it should be.
    pub type_: EventType,
    /// Why, in one CamelCase word that machines may read.
    pub reason: Text,
    /// What happened, for people.
    pub message: Text,
    /// Whether the message ends with what it is known of only afterwards: the name of the object that was
    /// written, or the error.
    pub ends_with_subject: bool,
}

/// The object that an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Regarding {
    /// Its kind.
    pub kind: Text,
    /// The group and version it is addressed under.
    pub api_version: Text,
    /// Its namespace; empty for cluster-scoped kinds.
    pub namespace: Text,
    /// Its name.
    pub name: Text,
    /// Its uid.
    pub uid: Option<Uid>,
    /// Its resource version; empty if it does not matter.
    pub resource_version: Text,
    /// The part of it, such as `spec.containers{web}`; empty for all of it.
    pub field_path: Text,
}

impl Regarding {
    /// An object in its present version.
    pub fn object(object: &Object) -> Self {
        let meta = object.meta();
        Self {
            kind: object.kind().names.kind.as_str().into(),
            api_version: object.kind().api_version().into(),
            namespace: meta.namespace.clone().unwrap_or_default(),
            name: meta.name.clone(),
            uid: meta.uid.clone(),
            resource_version: object.revision().to_string().into(),
            field_path: Text::default(),
        }
    }

    /// As the API has it.
    pub fn to_reference(&self) -> ObjectReference {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        ObjectReference {
            api_version: some(&self.api_version),
            field_path: some(&self.field_path),
            kind: some(&self.kind),
            name: some(&self.name),
            namespace: some(&self.namespace),
            resource_version: some(&self.resource_version),
            uid: self.uid.as_ref().map(ToString::to_string),
        }
    }

    /// A part of the object.
    #[must_use]
    pub fn field(mut self, path: impl Into<Text>) -> Self {
        self.field_path = path.into();
        self
    }
}

impl EventText {
    /// Something usual.
    pub fn normal(regarding: impl Into<Arc<Regarding>>, reason: &str, message: impl Into<Text>) -> Self {
        let (regarding, reason, message) = (regarding.into(), reason.into(), message.into());
        Self { regarding, type_: EventType::Normal, reason, message, ends_with_subject: false }
    }

    /// Something that somebody may have to look at.
    pub fn warning(regarding: impl Into<Arc<Regarding>>, reason: &str, message: impl Into<Text>) -> Self {
        Self { type_: EventType::Warning, ..Self::normal(regarding, reason, message) }
    }

    /// The message goes on with the name of what was written, or with the error.
    #[must_use]
    pub fn with_subject(mut self) -> Self {
        self.ends_with_subject = true;
        self
    }
}
