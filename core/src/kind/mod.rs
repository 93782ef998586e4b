//! Kinds: what a store must know of each resource, and the registry in which they are found.
//!
//! A [`Kind`] is a stored group-resource with its names, scope, served versions, representation and rules.
//! Kinds are registered explicitly, before or while a store runs:
//!
//! ```
//! use kube::CustomResource;
//! use schemars::JsonSchema;
//! use serde::{Deserialize, Serialize};
//! use setpoint_core::kind::Registry;
//!
//! #[derive(CustomResource, Clone, Debug, Deserialize, Serialize, JsonSchema)]
//! #[kube(group = "example.com", version = "v1", kind = "Site", namespaced, status = "SiteStatus")]
//! struct SiteSpec {
//!     host: String,
//! }
//!
//! #[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
//! struct SiteStatus {
//!     ready: bool,
//! }
//!
//! let registry = Registry::builtin();
//! let sites = registry.register::<Site>().expect("no other kind has its names");
//! assert_eq!(registry.find("Site", "example.com/v1").map(|kind| kind.id), Some(sites.id));
//! assert!(sites.has_status);
//! ```

mod changes;
mod conversion;
mod custom;
mod empty_fields;
mod json_parts;
mod null_fields;
mod parts;
mod registry;
mod representation;
mod rules;

use std::fmt;
use std::sync::Arc;

use crate::error::GroupResource;
use crate::object::Object;
use crate::schema::{Schema, Type};

pub use self::conversion::Conversion;
pub use self::custom::{Custom, CustomColumn, CustomVersion, End, ScalePaths};
pub use self::json_parts::{JsonKind, JsonSpec};
pub use self::parts::{Parts, PartsOf};
pub use self::registry::{KindConflict, Registry};
pub use self::representation::{Body, DecodeError, Layers, Overlay, Own, Representation};
pub use self::rules::{DefaultPropagation, KindRules, NoRules, Subresource, Traits};

/// A kind's number within one [`Registry`]; tables are indexed by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KindId(pub u32);

/// A stored group-resource: everything that is the same for all its objects.
#[derive(Clone)]
pub struct Kind {
    /// Its number, given by the registry.
    pub id: KindId,
    /// The group-resource under which objects are stored.
    pub resource: GroupResource,
    /// What it is called.
    pub names: Names,
    /// Whether its objects live in namespaces.
    pub scope: Scope,
    /// Where it is served, the preferred version first. All show the same objects.
    pub versions: Vec<ServedVersion>,
    /// How objects are kept in memory.
    pub representation: Arc<dyn Representation>,
    /// Defaults, validation and write rules.
    pub rules: Arc<dyn KindRules>,
    /// Between the stored form and the served versions, where they differ by more than `apiVersion`.
    pub conversion: Option<Arc<dyn Conversion>>,
    /// Whether spec and status are written apart.
    pub has_status: bool,
    /// Fields that can be selected by, beside name and namespace.
    pub fields: Vec<SelectableField>,
    /// What its definition says, if it was made by one while the store runs.
    pub custom: Option<Arc<Custom>>,
}

/// A kind's names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// `Deployment`
    pub kind: String,
    /// `DeploymentList`
    pub list: String,
    /// `deployments`
    pub plural: String,
    /// `deployment`
    pub singular: String,
    /// `deploy`
    pub short: Vec<String>,
    /// `all`
    pub categories: Vec<String>,
}

/// Whether objects live in namespaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// They do.
    Namespaced,
    /// They do not.
    Cluster,
}

/// A group and version at which a kind is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedVersion {
    /// The API group, empty for the core group.
    pub group: String,
    /// The version within the group.
    pub version: String,
}

/// A field that lists and watches can be narrowed by (LIST-11, LIST-12).
#[derive(Clone)]
pub struct SelectableField {
    /// Its path, as in `status.phase`.
    pub path: String,
    /// Its value; empty if it is not set.
    pub value: Arc<dyn Fn(&Object) -> String + Send + Sync>,
}

impl ServedVersion {
    /// `apps/v1`, or `v1` in the core group.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }
}

impl Kind {
    /// A kind that is served at one version, without rules, status or anything else of its own, and whose objects
    /// are kept as JSON: what is known of a kind of which only the names are. Its number is 0 until a registry gives it
    /// another.
    ///
    /// ```
    /// use setpoint_core::kind::{Kind, Registry, Scope};
    ///
    /// let registry = Registry::builtin();
    /// let widgets = Kind::untyped("example.com", "v1", "Widget", "widgets", Scope::Namespaced);
    /// let widgets = registry.register_kind(widgets).expect("no other kind has its names");
    /// assert_eq!(widgets.api_version(), "example.com/v1");
    /// ```
    pub fn untyped(group: &str, version: &str, kind: &str, plural: &str, scope: Scope) -> Self {
        Self {
            id: KindId(0),
            resource: GroupResource { group: group.to_owned().into(), resource: plural.to_owned().into() },
            names: Names {
                kind: kind.to_owned(),
                list: format!("{kind}List"),
                plural: plural.to_owned(),
                singular: kind.to_lowercase(),
                short: Vec::new(),
                categories: Vec::new(),
            },
            scope,
            versions: vec![ServedVersion { group: group.to_owned(), version: version.to_owned() }],
            representation: Arc::new(JsonKind::<serde_json::Value>::default()),
            rules: Arc::new(NoRules),
            conversion: None,
            has_status: false,
            fields: Vec::new(),
            custom: None,
        }
    }

    /// The preferred `apiVersion`.
    pub fn api_version(&self) -> String {
        self.versions[0].api_version()
    }

    /// Whether objects live in namespaces.
    pub fn is_namespaced(&self) -> bool {
        self.scope == Scope::Namespaced
    }

    /// Whether it is served at this `apiVersion`.
    pub fn is_served_at(&self, api_version: &str) -> bool {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        self.versions.iter().any(|served| served.group == group && served.version == version)
    }

    /// The schema by which its fields are merged and owned, in a version or in the preferred one; the untyped one if
    /// nothing is known of the kind.
    pub fn schema(&self, version: Option<&str>) -> &'static Type {
        if let Some(version) = self.custom.as_ref().and_then(|custom| custom.version(version)) {
            return version.place;
        }
        let served = match version {
            Some(version) => self.versions.iter().find(|served| served.version == version),
            None => self.versions.first(),
        };
        let known = served.and_then(|at| Schema::of_kind(&at.group, &at.version, &self.names.kind));
        known.unwrap_or_else(Schema::untyped)
    }

    /// The value of a selectable field; `None` if there is no such field.
    pub fn field(&self, object: &Object, path: &str) -> Option<String> {
        match path {
            "metadata.name" => Some(object.meta().name.to_string()),
            "metadata.namespace" => Some(object.meta().namespace.as_deref().unwrap_or_default().to_owned()),
            _ => self.fields.iter().find(|field| field.path == path).map(|field| (field.value)(object)),
        }
    }

    /// All selectable fields.
    pub fn field_paths(&self) -> Vec<&str> {
        ["metadata.name", "metadata.namespace"]
            .into_iter()
            .chain(self.fields.iter().map(|field| &*field.path))
            .collect()
    }
}

impl SelectableField {
    /// A field with its accessor.
    pub fn new(path: &str, value: impl Fn(&Object) -> String + Send + Sync + 'static) -> Self {
        Self { path: path.to_owned(), value: Arc::new(value) }
    }
}

impl fmt::Debug for SelectableField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kind")
            .field("id", &self.id)
            .field("resource", &self.resource)
            .field("names", &self.names)
            .field("scope", &self.scope)
            .field("versions", &self.versions)
            .finish_non_exhaustive()
    }
}
