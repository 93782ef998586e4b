use std::fmt;
use std::sync::{Arc, OnceLock};

use setpoint_core::kind::{DecodeError, Kind, KindId};
use setpoint_core::object::{Draft, Meta, Object, ObjectRef, Part, Revision, Text};
use setpoint_core::ownership::{Entry, ManagedFields};
use smallvec::SmallVec;

/// The group-resource under which objects are stored: all that the log knows of a kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct KindName {
    pub(crate) group: Text,
    pub(crate) resource: Text,
}

/// Where an object is, whether its kind is known or not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RawKey {
    pub(crate) kind: Arc<KindName>,
    pub(crate) namespace: Text,
    pub(crate) name: Text,
}

/// An object as the log has it. What is shared is shared, and made into what the kind keeps at most once.
#[derive(Debug, Clone)]
pub(crate) struct RawObject {
    pub(crate) kind: Arc<KindName>,
    pub(crate) revision: Revision,
    pub(crate) meta: Arc<Meta>,
    pub(crate) spec: Arc<RawPart>,
    pub(crate) own: SmallVec<[Option<Text>; 2]>,
    pub(crate) status: Option<Arc<RawPart>>,
    pub(crate) managed: Option<Arc<RawManaged>>,
}

/// A spec or status as JSON.
pub(crate) struct RawPart {
    pub(crate) json: Box<[u8]>,
    typed: OnceLock<(KindId, Part)>,
}

/// Who set which fields.
pub(crate) type RawManaged = ManagedFields;

impl RawPart {
    pub(super) fn new(json: &[u8]) -> Self {
        Self { json: json.into(), typed: OnceLock::new() }
    }

    /// What `read` makes of it for a kind, the same each time.
    fn typed(
        &self,
        kind: &Kind,
        read: impl FnOnce(&[u8]) -> Result<Part, DecodeError>,
    ) -> Result<Part, DecodeError> {
        match self.typed.get() {
            Some((of, part)) if *of == kind.id => Ok(part.clone()),
            Some(_) => read(&self.json),
            None => {
                let part = read(&self.json)?;
                Ok(self.typed.get_or_init(|| (kind.id, part)).1.clone())
            }
        }
    }
}

impl RawObject {
    pub(crate) fn key(&self) -> RawKey {
        RawKey {
            kind: Arc::clone(&self.kind),
            namespace: self.meta.namespace.clone().unwrap_or_default(),
            name: self.meta.name.clone(),
        }
    }

    /// What is wrong with its JSON, if anything.
    pub(crate) fn json_fault(&self) -> Option<String> {
        let mut parts = self.status.iter().chain([&self.spec]);
        parts
            .find_map(|part| serde_json::from_slice::<serde::de::IgnoredAny>(&part.json).err())
            .map(|why| why.to_string())
    }

    /// The object, for those who know its kind.
    pub(crate) fn to_object(&self, kind: &Arc<Kind>) -> Result<ObjectRef, DecodeError> {
        let representation = &kind.representation;
        let bare = self.spec.typed(kind, |json| representation.read_spec(json))?;
        let spec = if self.own.is_empty() { bare } else { representation.with_own(&bare, &self.own) };
        let status = match &self.status {
            Some(status) => Some(status.typed(kind, |json| representation.read_status(json))?),
            None => None,
        };
        let mut draft = Draft::new(Arc::clone(kind), Meta::default(), spec);
        draft.set_meta(Arc::clone(&self.meta));
        draft.set_status(status);
        draft.set_managed_fields(self.managed.clone());
        Ok(Arc::new(Object::from_draft(draft, self.revision)))
    }
}

impl fmt::Display for KindName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.group {
            "" => f.write_str(&self.resource),
            group => write!(f, "{}.{group}", self.resource),
        }
    }
}

impl fmt::Debug for RawPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.json))
    }
}

/// The entry of one manager, as it is on a shelf.
pub(crate) type RawEntry = Entry;
