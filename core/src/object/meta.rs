use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1 as wire;

use super::{Text, TextMap, Texts, Uid};

/// An object's metadata, in a form that shares what many objects have in common.
///
/// `resourceVersion` is [`Object::revision`](super::Object::revision), `managedFields` are kept beside the
/// object, and `selfLink` is not kept at all. An empty map or list is an absent one. Times are whole
/// seconds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Meta {
    /// Unique within namespace and kind.
    pub name: Text,
    /// `None` for cluster-scoped kinds.
    pub namespace: Option<Text>,
    /// The beginning of a generated name.
    pub generate_name: Option<Text>,
    /// Set by the store; `None` only in drafts.
    pub uid: Option<Uid>,
    /// Counts the changes of the desired state; 0 is absent.
    pub generation: i64,
    /// When the store created it.
    pub creation_timestamp: Option<Timestamp>,
    /// Set while it is being deleted: when its grace period ends.
    pub deletion_timestamp: Option<Timestamp>,
    /// The grace period of its deletion.
    pub deletion_grace_period_seconds: Option<i64>,
    /// To select by.
    pub labels: TextMap,
    /// Not to select by.
    pub annotations: TextMap,
    /// What it depends on: with its last owner it goes (GC rows).
    pub owner_references: OwnerReferences,
    /// What must happen before it goes.
    pub finalizers: Texts,
}

/// A shared list of owner references.
pub type OwnerReferences = Arc<[OwnerReference]>;

/// A dependent's reference to an owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnerReference {
    /// Group and version under which the owner is addressed.
    pub api_version: Text,
    /// The owner's kind.
    pub kind: Text,
    /// The owner's name.
    pub name: Text,
    /// The owner's uid: another object of the same name is another owner.
    pub uid: Uid,
    /// Whether it is the one that manages this object.
    pub controller: Option<bool>,
    /// Whether a foreground deletion of the owner waits for this object.
    pub block_owner_deletion: Option<bool>,
}

impl OwnerReference {
    /// Whether the owner manages this object.
    pub fn is_controller(&self) -> bool {
        self.controller == Some(true)
    }

    /// The API group of the owner's kind, empty for the core group.
    pub fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }
}

impl Meta {
    /// Metadata of a draft in a namespace.
    pub fn namespaced(namespace: impl Into<Text>, name: impl Into<Text>) -> Self {
        Self { name: name.into(), namespace: Some(namespace.into()), ..Self::default() }
    }

    /// Metadata of a draft of a cluster-scoped kind.
    pub fn cluster(name: impl Into<Text>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// The reference to the controller that manages this object.
    pub fn controller(&self) -> Option<&OwnerReference> {
        self.owner_references.iter().find(|reference| reference.is_controller())
    }

    /// Whether it is being deleted.
    pub fn is_terminating(&self) -> bool {
        self.deletion_timestamp.is_some()
    }

    /// From the API form, which is taken apart; `resourceVersion` and `managedFields` are the caller's.
    pub fn from_wire(meta: wire::ObjectMeta) -> Self {
        let text = |value: Option<String>| value.filter(|text| !text.is_empty()).map(Text::from);
        Self {
            name: meta.name.map(Text::from).unwrap_or_default(),
            namespace: text(meta.namespace),
            generate_name: text(meta.generate_name),
            uid: meta.uid.filter(|uid| !uid.is_empty()).map(|uid| Uid::new(&uid)),
            generation: meta.generation.unwrap_or_default(),
            creation_timestamp: meta.creation_timestamp.map(whole_seconds),
            deletion_timestamp: meta.deletion_timestamp.map(whole_seconds),
            deletion_grace_period_seconds: meta.deletion_grace_period_seconds,
            labels: TextMap::from_btree(meta.labels),
            annotations: TextMap::from_btree(meta.annotations),
            owner_references: meta
                .owner_references
                .into_iter()
                .flatten()
                .map(|reference| OwnerReference {
                    api_version: reference.api_version.into(),
                    kind: reference.kind.into(),
                    name: reference.name.into(),
                    uid: Uid::new(&reference.uid),
                    controller: reference.controller,
                    block_owner_deletion: reference.block_owner_deletion,
                })
                .collect(),
            finalizers: meta.finalizers.into_iter().flatten().collect(),
        }
    }

    /// The API form, without `resourceVersion` and `managedFields`.
    pub fn to_wire(&self) -> wire::ObjectMeta {
        let string = |text: &Option<Text>| text.as_deref().map(str::to_owned);
        wire::ObjectMeta {
            name: (!self.name.is_empty()).then(|| self.name.to_string()),
            namespace: string(&self.namespace),
            generate_name: string(&self.generate_name),
            uid: self.uid.as_ref().map(ToString::to_string),
            generation: (self.generation != 0).then_some(self.generation),
            creation_timestamp: self.creation_timestamp.map(wire::Time),
            deletion_timestamp: self.deletion_timestamp.map(wire::Time),
            deletion_grace_period_seconds: self.deletion_grace_period_seconds,
            labels: self.labels.to_btree(),
            annotations: self.annotations.to_btree(),
            owner_references: (!self.owner_references.is_empty())
                .then(|| self.owner_references.iter().map(OwnerReference::to_wire).collect()),
            finalizers: (!self.finalizers.is_empty())
                .then(|| self.finalizers.iter().map(str::to_owned).collect()),
            ..wire::ObjectMeta::default()
        }
    }
}

impl OwnerReference {
    /// The API form.
    pub fn to_wire(&self) -> wire::OwnerReference {
        wire::OwnerReference {
            api_version: self.api_version.to_string(),
            kind: self.kind.to_string(),
            name: self.name.to_string(),
            uid: self.uid.to_string(),
            controller: self.controller,
            block_owner_deletion: self.block_owner_deletion,
        }
    }
}

/// Times in objects are whole seconds, as on the wire.
fn whole_seconds(time: wire::Time) -> Timestamp {
    Timestamp::from_second(time.0.as_second()).unwrap_or(time.0)
}
