use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use setpoint_core::kind::{Kind, ServedVersion};
use setpoint_core::schema::{Field, ListType, Node, Scalar, Schema, Type};

use super::dialect::Dialect;
use super::{custom, descriptions};

const META_V1: &str = "io.k8s.apimachinery.pkg.apis.meta.v1";

/// The name of the schema of patches.
pub(super) const PATCH: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.Patch";
/// The name of the schema of deletion options.
pub(super) const DELETE_OPTIONS: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions";
/// The name of the schema of error and deletion answers.
pub(super) const STATUS: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.Status";
/// The name of the schema of scales.
pub(super) const SCALE: &str = "io.k8s.api.autoscaling.v1.Scale";

/// Named schemas: those that were asked for, and those that they refer to.
#[derive(Debug)]
pub(super) struct Schemas {
    dialect: Dialect,
    named: BTreeMap<String, Value>,
}

impl Schemas {
    /// None yet.
    pub(super) fn new(dialect: Dialect) -> Self {
        Self { dialect, named: BTreeMap::new() }
    }

    /// All of them, by name.
    pub(super) fn into_value(self) -> Value {
        self.named.into_iter().collect::<Map<String, Value>>().into()
    }

    /// Adds a kind's objects and lists; gives the names of both.
    pub(super) fn add_kind(&mut self, kind: &Kind, served: &ServedVersion) -> (String, String) {
        let name = self.add_object(kind, served);
        let list = self.add_list(kind, served, &name);
        (name, list)
    }

    /// Adds a kind's objects; gives their name.
    pub(super) fn add_object(&mut self, kind: &Kind, served: &ServedVersion) -> String {
        match Schema::of_kind(&served.group, &served.version, &kind.names.kind) {
            Some(type_) => {
                self.add(type_);
                type_.name().to_owned()
            }
            None => self.add_custom(kind, served),
        }
    }

    /// Adds a type that is not a kind's, by its name.
    pub(super) fn add_named(&mut self, name: &str) {
        if name == PATCH {
            let about =
                "Patch is provided to give a concrete name and type to the Kubernetes PATCH request body.";
            self.named.insert(name.to_owned(), json!({ "description": about, "type": "object" }));
        } else if let Some(type_) = Schema::of(name) {
            self.add(type_);
        }
    }

    fn add(&mut self, type_: &'static Type) {
        if self.named.contains_key(type_.name()) {
            return;
        }
        // The place is taken first: types refer to themselves.
        self.named.insert(type_.name().to_owned(), Value::Null);
        let about = descriptions::of_type(type_.name());
        let mut properties = Map::new();
        let mut required = Vec::new();
        for field in type_.fields() {
            let said = about.and_then(|about| about.field(field.name()));
            let mut schema = self.place(field.node(), said.map_or("", |said| said.format));
            if let Some(said) = said {
                if !said.description.is_empty() {
                    schema["description"] = json!(said.description);
                }
                if said.required {
                    required.push(field.name());
                }
            }
            merge_rules(field, &mut schema);
            properties.insert(field.name().to_owned(), schema);
        }
        let mut schema = Map::new();
        if let Some(about) = about.filter(|about| !about.description.is_empty()) {
            schema.insert("description".to_owned(), json!(about.description));
        }
        schema.insert("type".to_owned(), json!("object"));
        if !properties.is_empty() {
            schema.insert("properties".to_owned(), properties.into());
        }
        if !required.is_empty() {
            schema.insert("required".to_owned(), json!(required));
        }
        if let Node::Struct(place) = type_.node()
            && place.is_atomic()
        {
            schema.insert("x-kubernetes-map-type".to_owned(), json!("atomic"));
        }
        if let Some(kind) = type_.kind() {
            let kind = json!([{ "group": kind.group, "kind": kind.kind, "version": kind.version }]);
            schema.insert("x-kubernetes-group-version-kind".to_owned(), kind);
        }
        self.named.insert(type_.name().to_owned(), schema.into());
    }

    /// An object with typed metadata, and what its definition says, if it has one.
    fn add_custom(&mut self, kind: &Kind, served: &ServedVersion) -> String {
        let reversed: Vec<&str> = served.group.rsplit('.').collect();
        let name = format!("{}.{}.{}", reversed.join("."), served.version, kind.names.kind);
        let mut properties = self.envelope();
        let meta = format!("{META_V1}.ObjectMeta");
        self.add_named(&meta);
        properties["metadata"] = self.dialect.reference_with_siblings(&meta);
        let written = kind.custom.as_ref().and_then(|custom| custom.version(Some(&served.version)));
        let written = written.and_then(|version| version.schema.as_object().cloned());
        let mut schema = match written {
            Some(mut schema) => {
                if self.dialect == Dialect::V2 {
                    custom::for_v2(&mut schema);
                }
                if let Some(Value::Object(declared)) = schema.get("properties") {
                    let mut declared = declared.clone();
                    declared.extend(properties.as_object().cloned().unwrap_or_default());
                    properties = declared.into();
                }
                schema
            }
            None => json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true})
                .as_object()
                .cloned()
                .unwrap_or_default(),
        };
        schema.insert("properties".to_owned(), properties);
        let of_kind = of_kind(&kind.names.kind, served);
        schema.insert("x-kubernetes-group-version-kind".to_owned(), of_kind);
        self.named.insert(name.clone(), schema.into());
        name
    }

    fn add_list(&mut self, kind: &Kind, served: &ServedVersion, element: &str) -> String {
        let name = format!("{element}List");
        let meta = format!("{META_V1}.ListMeta");
        self.add_named(&meta);
        let mut properties = self.envelope();
        properties["metadata"] = self.dialect.reference_with_siblings(&meta);
        properties["items"] =
            json!({ "type": "array", "items": self.dialect.reference_with_siblings(element) });
        let schema = json!({
            "description": format!("{} is a list of {}.", kind.names.list, kind.names.kind),
            "type": "object",
            "properties": properties,
            "required": ["items"],
            "x-kubernetes-group-version-kind": of_kind(&kind.names.list, served),
        });
        self.named.insert(name.clone(), schema);
        name
    }

    /// `apiVersion` and `kind`, in the API's words.
    fn envelope(&self) -> Value {
        let about = descriptions::of_type("io.k8s.api.core.v1.Pod");
        let field = |name: &str| {
            let said = about.and_then(|about| about.field(name)).map_or("", |field| &*field.description);
            json!({ "type": "string", "description": said })
        };
        json!({ "apiVersion": field("apiVersion"), "kind": field("kind") })
    }

    /// The schema of what a place takes.
    fn place(&mut self, node: &'static Node, format: &str) -> Value {
        match node {
            Node::Scalar(scalar) => self.scalar(*scalar, format),
            Node::Any => json!({}),
            Node::Open => json!({ "type": "object" }),
            Node::Struct(place) => {
                self.add(place.type_());
                self.dialect.reference_with_siblings(place.type_().name())
            }
            Node::List(list) => {
                let mut schema = json!({ "type": "array", "items": self.place(list.element(), format) });
                let list_type = match list.list_type() {
                    ListType::Atomic => "atomic",
                    ListType::Set => "set",
                    ListType::Map(keys) => {
                        schema["x-kubernetes-list-map-keys"] = json!(keys);
                        "map"
                    }
                };
                schema["x-kubernetes-list-type"] = json!(list_type);
                schema
            }
            Node::Map(map) => {
                let values = self.place(map.element(), format);
                let mut schema = json!({ "type": "object", "additionalProperties": values });
                if map.is_atomic() {
                    schema["x-kubernetes-map-type"] = json!("atomic");
                }
                schema
            }
        }
    }

    fn scalar(&mut self, scalar: Scalar, format: &str) -> Value {
        let formatted = |type_: &str| match format {
            "" => json!({ "type": type_ }),
            format => json!({ "type": type_, "format": format }),
        };
        let either = |dialect: Dialect, format: Option<&str>, numeric: &str| {
            let mut schema = match dialect {
                Dialect::V2 => json!({ "type": "string" }),
                Dialect::V3 => json!({ "oneOf": [{ "type": "string" }, { "type": numeric }] }),
            };
            if let Some(format) = format {
                schema["format"] = json!(format);
            }
            schema
        };
        let time = || json!({ "type": "string", "format": "date-time" });
        let dialect = self.dialect;
        match scalar {
            Scalar::String => json!({ "type": "string" }),
            Scalar::Integer => formatted("integer"),
            Scalar::Number => formatted("number"),
            Scalar::Boolean => json!({ "type": "boolean" }),
            Scalar::Bytes => json!({ "type": "string", "format": "byte" }),
            Scalar::Time => self.shared(&format!("{META_V1}.Time"), time()),
            Scalar::MicroTime => self.shared(&format!("{META_V1}.MicroTime"), time()),
            Scalar::Quantity => {
                let name = "io.k8s.apimachinery.pkg.api.resource.Quantity";
                self.shared(name, either(dialect, None, "number"))
            }
            Scalar::IntOrString => {
                let name = "io.k8s.apimachinery.pkg.util.intstr.IntOrString";
                self.shared(name, either(dialect, Some("int-or-string"), "integer"))
            }
        }
    }

    fn shared(&mut self, name: &str, schema: Value) -> Value {
        self.named.entry(name.to_owned()).or_insert(schema);
        self.dialect.reference_with_siblings(name)
    }
}

/// The extension that says of which kind a schema is.
fn of_kind(kind: &str, served: &ServedVersion) -> Value {
    json!([{ "group": served.group, "kind": kind, "version": served.version }])
}

fn merge_rules(field: &Field, schema: &mut Value) {
    let strategies: Vec<&str> = [
        (field.is_merged(), "merge"),
        (field.is_replaced(), "replace"),
        (field.retains_keys(), "retainKeys"),
    ]
    .into_iter()
    .filter_map(|(applies, word)| applies.then_some(word))
    .collect();
    if !strategies.is_empty() {
        schema["x-kubernetes-patch-strategy"] = json!(strategies.join(","));
    }
    if let Some(key) = field.patch_merge_key() {
        schema["x-kubernetes-patch-merge-key"] = json!(key);
    }
}
