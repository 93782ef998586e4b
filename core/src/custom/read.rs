//! Schemas as they are written in a definition.

use serde_json::{Map, Value};

use super::formats;
use super::limits::{PATTERN_BYTES_MAX, SCHEMA_DEPTH_MAX, SCHEMA_NODES_MAX};
use super::rule::Rule;
use super::structural::{Additional, Checks, ListKind, Structural, Type};
use crate::kind::DecodeError;
use crate::pattern;

/// Why a schema cannot be used at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// It is too deep.
    #[error("schemas may be at most {SCHEMA_DEPTH_MAX} deep")]
    TooDeep,
    /// It is too large.
    #[error("a version may have at most {SCHEMA_NODES_MAX} schemas")]
    TooLarge,
    /// Something in it is of the wrong sort.
    #[error("{0}")]
    Unfit(String),
}

impl Structural {
    /// Reads a schema.
    ///
    /// # Errors
    ///
    /// If it is too large, or has a pattern that is none.
    pub fn read(schema: &Value) -> Result<Self, SchemaError> {
        Reader { nodes: 0 }.schema(schema, 0)
    }
}

struct Reader {
    nodes: usize,
}

impl Reader {
    fn schema(&mut self, value: &Value, depth: usize) -> Result<Structural, SchemaError> {
        self.nodes += 1;
        if depth > SCHEMA_DEPTH_MAX {
            return Err(SchemaError::TooDeep);
        }
        if self.nodes > SCHEMA_NODES_MAX {
            return Err(SchemaError::TooLarge);
        }
        let Value::Object(fields) = value else {
            return Err(SchemaError::Unfit("a schema must be an object".to_owned()));
        };
        let mut properties = std::collections::BTreeMap::new();
        if let Some(Value::Object(declared)) = fields.get("properties") {
            for (name, schema) in declared {
                properties.insert(name.clone(), self.schema(schema, depth + 1)?);
            }
        }
        let additional = match fields.get("additionalProperties") {
            None | Some(Value::Null) => None,
            Some(Value::Bool(allowed)) => Some(Additional::Any(*allowed)),
            Some(schema) => Some(Additional::Schema(Box::new(self.schema(schema, depth + 1)?))),
        };
        let items = match fields.get("items") {
            Some(schema @ Value::Object(_)) => Some(Box::new(self.schema(schema, depth + 1)?)),
            _ => None,
        };
        Ok(Structural {
            type_: text(fields, "type").and_then(Type::parse),
            is_nullable: flag(fields, "nullable"),
            default: fields.get("default").filter(|default| !default.is_null()).cloned(),
            properties,
            additional,
            items,
            preserves_unknown: flag(fields, "x-kubernetes-preserve-unknown-fields"),
            is_embedded: flag(fields, "x-kubernetes-embedded-resource"),
            is_int_or_string: flag(fields, "x-kubernetes-int-or-string"),
            list: list_kind(fields),
            is_atomic_map: text(fields, "x-kubernetes-map-type") == Some("atomic"),
            checks: self.checks(fields, depth)?,
            rules: rules(fields),
        })
    }

    fn checks(&mut self, fields: &Map<String, Value>, depth: usize) -> Result<Checks, SchemaError> {
        let number = |name: &str| fields.get(name).and_then(Value::as_f64);
        let count =
            |name: &str| fields.get(name).and_then(Value::as_f64).map(|number| number.max(0.0) as u64);
        let pattern = match text(fields, "pattern").filter(|pattern| !pattern.is_empty()) {
            Some(written) => {
                let compiled = pattern::compile(written, PATTERN_BYTES_MAX).map_err(SchemaError::Unfit)?;
                Some((written.to_owned(), compiled))
            }
            None => None,
        };
        let not = match fields.get("not") {
            Some(schema @ Value::Object(_)) => Some(Box::new(self.schema(schema, depth + 1)?)),
            _ => None,
        };
        let required = texts(fields.get("required"));
        let enumeration = fields.get("enum").and_then(Value::as_array).cloned().unwrap_or_default();
        let type_ = text(fields, "type").unwrap_or_default();
        Ok(Checks {
            format: text(fields, "format")
                .filter(|format| formats::is_known(type_, format))
                .map(str::to_owned),
            maximum: number("maximum"),
            is_maximum_exclusive: flag(fields, "exclusiveMaximum"),
            minimum: number("minimum"),
            is_minimum_exclusive: flag(fields, "exclusiveMinimum"),
            multiple_of: number("multipleOf"),
            max_length: count("maxLength"),
            min_length: count("minLength"),
            pattern,
            max_items: count("maxItems"),
            min_items: count("minItems"),
            has_unique_items: flag(fields, "uniqueItems"),
            max_properties: count("maxProperties"),
            min_properties: count("minProperties"),
            required,
            enumeration,
            all_of: self.schemas(fields.get("allOf"), depth)?,
            one_of: self.schemas(fields.get("oneOf"), depth)?,
            any_of: self.schemas(fields.get("anyOf"), depth)?,
            not,
        })
    }

    fn schemas(&mut self, list: Option<&Value>, depth: usize) -> Result<Vec<Structural>, SchemaError> {
        let Some(Value::Array(list)) = list else { return Ok(Vec::new()) };
        list.iter().map(|schema| self.schema(schema, depth + 1)).collect()
    }
}

fn rules(fields: &Map<String, Value>) -> Vec<Rule> {
    let rules = fields.get("x-kubernetes-validations").and_then(Value::as_array);
    let rules = rules.map(Vec::as_slice).unwrap_or_default();
    rules.iter().filter_map(Value::as_object).map(Rule::read).collect()
}

fn list_kind(fields: &Map<String, Value>) -> ListKind {
    match text(fields, "x-kubernetes-list-type") {
        Some("set") => ListKind::Set,
        Some("map") => ListKind::Map(texts(fields.get("x-kubernetes-list-map-keys"))),
        _ => ListKind::Atomic,
    }
}

pub(super) fn text<'v>(fields: &'v Map<String, Value>, name: &str) -> Option<&'v str> {
    fields.get(name)?.as_str()
}

pub(super) fn flag(fields: &Map<String, Value>, name: &str) -> bool {
    fields.get(name).and_then(Value::as_bool).unwrap_or_default()
}

pub(super) fn texts(list: Option<&Value>) -> Vec<String> {
    let list = list.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Definitions whose schemas are too deep are refused before they are read as what they are.
pub(crate) fn check_depth(body: &Map<String, Value>) -> Result<(), DecodeError> {
    let versions = body.get("spec").and_then(|spec| spec.get("versions")).and_then(Value::as_array);
    for version in versions.map(Vec::as_slice).unwrap_or_default() {
        if let Some(schema) = version.pointer("/schema/openAPIV3Schema")
            && !is_within(schema, SCHEMA_DEPTH_MAX)
        {
            return Err(DecodeError::new("spec.versions", SchemaError::TooDeep.to_string()));
        }
    }
    Ok(())
}

/// Whether there are at most so many schemas in one another.
fn is_within(schema: &Value, depth: usize) -> bool {
    let Value::Object(fields) = schema else { return true };
    fields.iter().all(|(name, value)| match (name.as_str(), value) {
        ("default" | "enum" | "example" | "required", _) => true,
        ("properties" | "patternProperties" | "definitions" | "dependencies", Value::Object(inner)) => {
            inner.values().all(|schema| depth > 0 && is_within(schema, depth - 1))
        }
        (_, Value::Array(list)) => list.iter().all(|schema| depth > 0 && is_within(schema, depth - 1)),
        (_, schema @ Value::Object(_)) => depth > 0 && is_within(schema, depth - 1),
        _ => true,
    })
}
