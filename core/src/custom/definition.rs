use std::cmp::Ordering;
use std::sync::Arc;

use kube_core::CustomResourceExt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::form;
use super::read::{SchemaError, flag, text, texts};
use super::rules::{CustomRules, VersionRules};
use super::structural::Structural;
use super::validations::Validations;
use crate::error::GroupResource;
use crate::kind::{
    Custom, CustomColumn, CustomVersion, End, JsonKind, JsonSpec, Kind, KindConflict, KindId, Names,
    Registry, Representation, ScalePaths, Scope, SelectableField, ServedVersion,
};
use crate::object::Object;
use crate::schema::Schema;

/// What a `CustomResourceDefinition` says, ready to become a kind.
///
/// ```
/// use setpoint_core::custom::Definition;
/// use setpoint_core::kind::Registry;
/// use serde_json::json;
///
/// let definition = Definition::read(&json!({
///     "metadata": {"name": "sites.example.com"},
///     "spec": {
///         "group": "example.com",
///         "scope": "Namespaced",
///         "names": {"plural": "sites", "kind": "Site"},
///         "versions": [{
///             "name": "v1", "served": true, "storage": true,
///             "schema": {"openAPIV3Schema": {
///                 "type": "object",
///                 "properties": {"spec": {"type": "object", "properties": {"host": {"type": "string"}}}},
///             }},
///         }],
///     },
/// }))
/// .expect("it is well-formed");
/// let registry = Registry::builtin();
/// let sites = definition.register(&registry).expect("its names are free");
/// assert_eq!(registry.find("Site", "example.com/v1").map(|kind| kind.id), Some(sites.id));
/// ```
#[derive(Debug)]
pub struct Definition {
    group: String,
    names: Names,
    scope: Scope,
    /// The preferred one first.
    versions: Vec<DefinedVersion>,
    stored: String,
    is_terminating: bool,
    has_webhook: bool,
    origin: String,
}

#[derive(Debug)]
struct DefinedVersion {
    name: String,
    is_served: bool,
    warning: Option<String>,
    schema: Arc<Value>,
    structural: Arc<Structural>,
    validations: Option<Arc<Validations>>,
    columns: Vec<CustomColumn>,
    scale: Option<ScalePaths>,
    has_status: bool,
    selectable: Vec<String>,
}

/// Why no kind can be made of a definition. Those that a store accepts have none of this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DefinitionError {
    /// Something that every definition has is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A version's schema cannot be used.
    #[error("version {version}: {error}")]
    Schema {
        /// The version.
        version: String,
        /// What is wrong with its schema.
        error: SchemaError,
    },
    /// Its names are taken.
    #[error(transparent)]
    Taken(#[from] KindConflict),
}

impl Definition {
    /// Reads a definition. Names that were accepted go before those that are wanted.
    ///
    /// # Errors
    ///
    /// [`DefinitionError`], if it is not one that a store would accept.
    pub fn read(definition: &Value) -> Result<Self, DefinitionError> {
        let spec = definition["spec"].as_object().ok_or(DefinitionError::Missing("spec"))?;
        let group = text(spec, "group").ok_or(DefinitionError::Missing("spec.group"))?.to_owned();
        let accepted = definition["status"]["acceptedNames"].as_object();
        let accepted =
            accepted.filter(|names| text(names, "plural").is_some_and(|plural| !plural.is_empty()));
        let names = accepted.or_else(|| spec.get("names")?.as_object());
        let names = read_names(names.ok_or(DefinitionError::Missing("spec.names"))?)?;
        let listed = spec.get("versions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let mut versions = Vec::with_capacity(listed.len());
        let mut stored = None;
        for version in listed.iter().filter_map(Value::as_object) {
            let read = DefinedVersion::read(version, &group, &names.kind)?;
            if flag(version, "storage") {
                stored = Some(read.name.clone());
            }
            versions.push(read);
        }
        versions.sort_by(|one, other| priority(&one.name, &other.name));
        Ok(Self {
            group,
            names,
            scope: if text(spec, "scope") == Some("Cluster") { Scope::Cluster } else { Scope::Namespaced },
            versions,
            stored: stored.ok_or(DefinitionError::Missing("a version that is stored"))?,
            is_terminating: !definition["metadata"]["deletionTimestamp"].is_null(),
            has_webhook: definition["spec"]["conversion"]["strategy"] == "Webhook",
            origin: Self::origin(definition),
        })
    }

    /// What of a definition's state makes its kind what it is.
    pub fn origin(definition: &Value) -> String {
        let meta = &definition["metadata"];
        format!(
            "{} {} {} {}",
            meta["uid"],
            meta["generation"],
            !meta["deletionTimestamp"].is_null(),
            definition["status"]["acceptedNames"]
        )
    }

    /// The definition of a type made with kube's derive macro.
    ///
    /// # Errors
    ///
    /// As [`Definition::read`].
    pub fn of<K: CustomResourceExt>() -> Result<Self, DefinitionError> {
        Self::read(&serde_json::to_value(K::crd()).unwrap_or_default())
    }

    /// Its group and plural.
    pub fn resource(&self) -> GroupResource {
        GroupResource { group: self.group.clone().into(), resource: self.names.plural.clone().into() }
    }

    /// Makes a kind of it, or another one of the kind that it made before. A kind that the program has registered
    /// under all its names goes on with its type, by the definition's rules.
    ///
    /// # Errors
    ///
    /// If its names are taken.
    pub fn register(&self, registry: &Registry) -> Result<Arc<Kind>, DefinitionError> {
        let json: Arc<dyn Representation> = Arc::new(JsonKind::<Value>::default());
        self.put(registry, json)
    }

    /// Makes a kind of it whose objects are also read and written as values of `K`.
    ///
    /// # Errors
    ///
    /// If its names are taken.
    pub fn register_as<K>(&self, registry: &Registry) -> Result<Arc<Kind>, DefinitionError>
    where
        K: CustomResourceExt + Serialize + DeserializeOwned + Send + Sync + 'static,
    {
        let base = registry.register::<K>()?;
        let kind = self.put(registry, Arc::clone(&base.representation))?;
        Ok(kind)
    }

    fn put(
        &self,
        registry: &Registry,
        representation: Arc<dyn Representation>,
    ) -> Result<Arc<Kind>, DefinitionError> {
        let resource = self.resource();
        let known = registry.kinds().into_iter().find(|kind| kind.resource == resource);
        let Some(known) = known else {
            return Ok(registry.register_kind(self.kind(representation, None))?);
        };
        let base = match &known.custom {
            Some(custom) => custom.base.clone(),
            None => Some(Arc::clone(&known)),
        };
        let is_foreign = known.custom.is_none()
            && (known.names.kind != self.names.kind || !known.schema(None).name().is_empty());
        if is_foreign {
            let kind = self.names.kind.clone();
            return Err(KindConflict { kind, resource, other: known.resource.clone() }.into());
        }
        let kind = self.kind(Arc::clone(&known.representation), base);
        match registry.replace(known.id, kind) {
            Some(kind) => Ok(kind),
            None => self.put(registry, representation),
        }
    }

    fn kind(&self, representation: Arc<dyn Representation>, base: Option<Arc<Kind>>) -> Kind {
        let served: Vec<&DefinedVersion> = self.versions.iter().filter(|version| version.is_served).collect();
        let stored = self.versions.iter().find(|version| version.name == self.stored);
        let has_status = stored.is_some_and(|version| version.has_status);
        let api_version = |version: &str| format!("{}/{version}", self.group);
        // Rules are asked of objects, and so of versions that are not served as well.
        let rules = CustomRules {
            has_status,
            versions: (served.iter().copied())
                .chain(self.versions.iter().filter(|version| !version.is_served))
                .map(|version| VersionRules {
                    name: version.name.clone(),
                    api_version: api_version(&version.name),
                    structural: Arc::clone(&version.structural),
                    validations: version.validations.clone(),
                    scale: version.scale.clone(),
                })
                .collect(),
        };
        let selectable = served.iter().flat_map(|version| &version.selectable);
        let mut fields: Vec<SelectableField> = Vec::new();
        for path in selectable {
            if fields.iter().all(|field| field.path != *path) {
                fields.push(selectable_field(path));
            }
        }
        let custom = Custom {
            versions: served.iter().map(|version| version.custom()).collect(),
            stored: self.stored.clone(),
            origin: self.origin.clone(),
            is_terminating: self.is_terminating,
            no_conversion: self.has_webhook.then(|| "this server calls no conversion webhooks".to_owned()),
            base,
            end: End::default(),
        };
        let version = |version: &&DefinedVersion| ServedVersion {
            group: self.group.clone(),
            version: version.name.clone(),
        };
        Kind {
            id: KindId(0),
            resource: self.resource(),
            names: self.names.clone(),
            scope: self.scope,
            versions: served.iter().map(version).collect(),
            representation,
            rules: Arc::new(rules),
            conversion: None,
            has_status,
            fields,
            custom: Some(Arc::new(custom)),
        }
    }
}

impl DefinedVersion {
    fn read(version: &Map<String, Value>, group: &str, kind: &str) -> Result<Self, DefinitionError> {
        let name = text(version, "name").ok_or(DefinitionError::Missing("a version's name"))?.to_owned();
        let schema = version.get("schema").map(|schema| schema["openAPIV3Schema"].clone());
        let schema = schema.filter(Value::is_object);
        let structural = match &schema {
            Some(schema) => Structural::read(schema)
                .map_err(|error| DefinitionError::Schema { version: name.clone(), error })?,
            None => Structural::open(),
        };
        let warning = flag(version, "deprecated").then(|| {
            text(version, "deprecationWarning")
                .map_or_else(|| format!("{group}/{name} {kind} is deprecated"), str::to_owned)
        });
        let subresources = version.get("subresources").unwrap_or(&Value::Null);
        let list =
            |name: &str| version.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        Ok(Self {
            is_served: flag(version, "served"),
            warning,
            schema: Arc::new(schema.unwrap_or_default()),
            validations: Validations::of(&structural).map(Arc::new),
            structural: Arc::new(structural),
            columns: list("additionalPrinterColumns").iter().filter_map(column).collect(),
            scale: subresources["scale"].as_object().map(scale_paths),
            has_status: subresources["status"].is_object(),
            selectable: list("selectableFields")
                .iter()
                .filter_map(|field| field["jsonPath"].as_str())
                .map(|path| path.trim_start_matches('.').to_owned())
                .collect(),
            name,
        })
    }

    fn custom(&self) -> CustomVersion {
        CustomVersion {
            name: self.name.clone(),
            warning: self.warning.clone(),
            schema: Arc::clone(&self.schema),
            place: Schema::made(&form::of_object(&self.structural)).unwrap_or_else(Schema::untyped),
            columns: self.columns.clone(),
            scale: self.scale.clone(),
            has_status: self.has_status,
            structural: Arc::clone(&self.structural),
        }
    }
}

fn read_names(names: &Map<String, Value>) -> Result<Names, DefinitionError> {
    let word = |name: &str| text(names, name).filter(|word| !word.is_empty());
    let kind = word("kind").ok_or(DefinitionError::Missing("spec.names.kind"))?.to_owned();
    Ok(Names {
        list: word("listKind").map_or_else(|| format!("{kind}List"), str::to_owned),
        plural: word("plural").ok_or(DefinitionError::Missing("spec.names.plural"))?.to_owned(),
        singular: word("singular").map_or_else(|| kind.to_lowercase(), str::to_owned),
        short: texts(names.get("shortNames")),
        categories: texts(names.get("categories")),
        kind,
    })
}

fn column(column: &Value) -> Option<CustomColumn> {
    let word = |name: &str| column[name].as_str().unwrap_or_default().to_owned();
    Some(CustomColumn {
        name: column["name"].as_str()?.to_owned(),
        type_: word("type"),
        format: word("format"),
        description: word("description"),
        priority: column["priority"].as_i64().and_then(|priority| i32::try_from(priority).ok()).unwrap_or(0),
        path: word("jsonPath"),
    })
}

fn scale_paths(scale: &Map<String, Value>) -> ScalePaths {
    let path = |name: &str| -> Option<Vec<String>> {
        let path = text(scale, name).filter(|path| !path.is_empty())?;
        Some(path.trim_start_matches('.').split('.').map(str::to_owned).collect())
    };
    ScalePaths {
        spec_replicas: path("specReplicasPath").unwrap_or_default(),
        status_replicas: path("statusReplicasPath").unwrap_or_default(),
        selector: path("labelSelectorPath"),
    }
}

/// A field that can be selected by, of objects that are kept as JSON.
fn selectable_field(path: &str) -> SelectableField {
    let names: Vec<String> = path.split('.').map(str::to_owned).collect();
    SelectableField::new(path, move |object: &Object| {
        let Some((first, rest)) = names.split_first() else { return String::new() };
        let root = match first.as_str() {
            "status" if object.status_part().is_some() => object.status::<Value>(),
            _ => object.spec::<JsonSpec>().and_then(|spec| spec.get(first)),
        };
        let found = rest.iter().try_fold(root.unwrap_or(&Value::Null), |value, name| value.get(name));
        match found {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        }
    })
}

/// Upstream's order of versions: stable ones first, then beta, then alpha, later ones first; others by name.
fn priority(one: &str, other: &str) -> Ordering {
    match (parse(one), parse(other)) {
        (Some(one), Some(other)) => other.cmp(&one),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => one.cmp(other),
    }
}

/// Stability, major and minor number: `v1`, `v2beta3`.
fn parse(version: &str) -> Option<(u8, u64, u64)> {
    let rest = version.strip_prefix('v')?;
    let end = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
    let major = rest[..end].parse().ok()?;
    let stage = &rest[end..];
    for (word, stability) in [("beta", 1), ("alpha", 0)] {
        if let Some(minor) = stage.strip_prefix(word) {
            return Some((stability, major, minor.parse().ok()?));
        }
    }
    stage.is_empty().then_some((2, major, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_in_upstreams_order() {
        // DISC-01
        let mut versions =
            ["foo1", "v11alpha2", "v3beta1", "v2", "v10", "v12alpha1", "v1", "foo10", "v10beta3"];
        versions.sort_by(|one, other| priority(one, other));
        assert_eq!(
            versions,
            ["v10", "v2", "v1", "v10beta3", "v3beta1", "v12alpha1", "v11alpha2", "foo1", "foo10"]
        );
    }
}
