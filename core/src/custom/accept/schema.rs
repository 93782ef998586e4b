//! What a version's schema may say (CRD-02).

use serde_json::{Map, Value};

use super::super::read::{flag, text, texts};
use super::super::structural::Structural;
use super::super::{embedded, field_path, list_types, prune, validate};
use super::{expressions, structural};
use crate::field::{FieldError, FieldErrors, Path};

/// What is wrong with a schema; what was accepted before is not looked at again.
pub(super) fn check(
    schema: &Value,
    before: Option<&Value>,
    has_status: bool,
    path: &Path<'_>,
    faults: &mut FieldErrors,
) {
    if before == Some(schema) {
        return;
    }
    let Value::Object(fields) = schema else { return };
    if has_status {
        check_root(fields, path, faults);
    }
    if flag(fields, "nullable") {
        let path = format!("{path}.nullable");
        faults.push(FieldError::forbidden(&Path::new(&path), "nullable cannot be true at the root"));
    }
    let read = match Structural::read(schema) {
        Ok(read) => read,
        Err(error) => {
            let mut found = FieldErrors::new();
            structural::check(schema, path, &mut found);
            if found.is_empty() {
                found.push(FieldError::invalid(path, "", error.to_string()));
            }
            faults.extend(found);
            return;
        }
    };
    let count = faults.len();
    structural::check(schema, path, faults);
    if faults.len() == count {
        check_defaults(&read, path, true, false, faults);
    }
    Walk { faults }.schema(fields, path, &Place { is_root: true, ..Place::default() });
    if faults.len() == count {
        expressions::check(&read, path, faults);
    }
}

/// With a status apart, the root says only what goes for it as well.
fn check_root(fields: &Map<String, Value>, path: &Path<'_>, faults: &mut FieldErrors) {
    const ALLOWED: [(&str, &str); 21] = [
        ("description", "Description"),
        ("type", "Type"),
        ("format", "Format"),
        ("title", "Title"),
        ("maximum", "Maximum"),
        ("exclusiveMaximum", "ExclusiveMaximum"),
        ("minimum", "Minimum"),
        ("exclusiveMinimum", "ExclusiveMinimum"),
        ("maxLength", "MaxLength"),
        ("minLength", "MinLength"),
        ("pattern", "Pattern"),
        ("maxItems", "MaxItems"),
        ("minItems", "MinItems"),
        ("uniqueItems", "UniqueItems"),
        ("multipleOf", "MultipleOf"),
        ("required", "Required"),
        ("items", "Items"),
        ("properties", "Properties"),
        ("externalDocs", "ExternalDocs"),
        ("example", "Example"),
        ("x-kubernetes-preserve-unknown-fields", "XPreserveUnknownFields"),
    ];
    if text(fields, "type") != Some("object") {
        let path = format!("{path}.type");
        let type_ = text(fields, "type").unwrap_or_default();
        let why = "only \"object\" is allowed as the type at the root of the schema if the status subresource is enabled";
        faults.push(FieldError::invalid(&Path::new(&path), type_, why));
        return;
    }
    let is_allowed = |name: &str| {
        name == "x-kubernetes-validations" || ALLOWED.iter().any(|(allowed, _)| *allowed == name)
    };
    if fields.keys().any(|name| !is_allowed(name)) {
        let names: Vec<&str> = ALLOWED.iter().map(|(_, name)| *name).chain(["XValidations"]).collect();
        let why = format!(
            "only [{}] fields are allowed at the root of the schema if the status subresource is enabled",
            names.join(" ")
        );
        faults.push(FieldError::invalid(path, fields, why));
    }
}

/// Defaults must be values of their place, with nothing that would be pruned.
fn check_defaults(
    schema: &Structural,
    path: &Path<'_>,
    is_whole: bool,
    in_meta: bool,
    faults: &mut FieldErrors,
) {
    let is_whole = is_whole || schema.is_embedded;
    if let Some(default) = &schema.default {
        let path = path.child("default");
        if !in_meta {
            let mut pruned = default.clone();
            prune::prune(&mut pruned, schema, is_whole);
            if pruned != *default {
                faults.push(FieldError::invalid(&path, default, "must not have unknown fields"));
            }
            embedded::check(default, schema, &path, faults);
        }
        list_types::check(default, schema, &path, faults);
        faults.extend(validate::at(&path.to_string(), default, schema));
    }
    if let Some(items) = &schema.items {
        check_defaults(items, &path.child("items"), false, in_meta, faults);
    }
    let properties = path.child("properties");
    for (name, field) in &schema.properties {
        let in_meta = !schema.is_embedded && in_meta || is_whole && prune::ENVELOPE.contains(&name.as_str());
        check_defaults(field, &properties.key(name), false, in_meta, faults);
    }
}

/// What holds where a schema stands.
#[derive(Clone, Copy, Default)]
struct Place {
    is_root: bool,
    in_meta: bool,
    no_defaults: Option<&'static str>,
}

struct Walk<'f> {
    faults: &'f mut FieldErrors,
}

impl Walk<'_> {
    fn schema(&mut self, fields: &Map<String, Value>, path: &Path<'_>, place: &Place) {
        self.forbidden(fields, path, place);
        self.maps_and_lists(fields, path);
        self.list_map(fields, path);
        self.rules(fields, path);
        let (is_root, inner) = (place.is_root, Place { is_root: false, ..*place });
        if let Some(Value::Object(values)) = fields.get("additionalProperties") {
            let why = "inside additionalProperties applying to object metadata";
            let place = Place { no_defaults: place.in_meta.then_some(why).or(place.no_defaults), ..inner };
            self.schema(values, &path.child("additionalProperties"), &place);
        }
        if let Some(Value::Object(properties)) = fields.get("properties") {
            let is_whole = is_root || flag(fields, "x-kubernetes-embedded-resource");
            for (name, schema) in properties {
                let Value::Object(schema) = schema else { continue };
                let mut place = inner;
                if is_whole && prune::ENVELOPE.contains(&name.as_str()) {
                    place.in_meta = true;
                    if is_root {
                        place.no_defaults = Some(match name.as_str() {
                            "metadata" => "in top-level metadata",
                            "kind" => "in top-level kind",
                            _ => "in top-level apiVersion",
                        });
                    }
                }
                self.schema(schema, &path.child("properties").key(name), &place);
            }
        }
        for name in ["not", "items"] {
            if let Some(Value::Object(schema)) = fields.get(name) {
                self.schema(schema, &path.child(name), &inner);
            }
        }
        for name in ["allOf", "oneOf", "anyOf"] {
            let list = fields.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            for (at, schema) in list.iter().enumerate() {
                if let Value::Object(schema) = schema {
                    self.schema(schema, &path.child(name).index(at), &inner);
                }
            }
        }
    }

    /// What is not supported at all.
    fn forbidden(&mut self, fields: &Map<String, Value>, path: &Path<'_>, place: &Place) {
        const TYPES: [&str; 6] = ["array", "boolean", "integer", "number", "object", "string"];
        let type_ = text(fields, "type").unwrap_or_default();
        if type_ == "null" {
            let why = "type cannot be set to null, use nullable as an alternative";
            self.faults.push(FieldError::forbidden(&path.child("type"), why));
        } else if !type_.is_empty() && !TYPES.contains(&type_) {
            self.faults.push(FieldError::not_supported(&path.child("type"), type_, &TYPES));
        }
        if let Some(why) = place.no_defaults
            && fields.get("default").is_some_and(|default| !default.is_null())
        {
            self.faults.push(FieldError::forbidden(&path.child("default"), format!("must not be set {why}")));
        }
        for name in ["id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref"] {
            let is_set = match fields.get(name) {
                None | Some(Value::Null) => false,
                Some(Value::String(text)) => !text.is_empty(),
                Some(Value::Object(map)) => !map.is_empty() || name == "dependencies",
                Some(_) => true,
            };
            if is_set {
                self.faults
                    .push(FieldError::forbidden(&path.child(name), format!("{name} is not supported")));
            }
        }
        if fields.get("items").is_some_and(Value::is_array) {
            let why = "items must be a schema object and not an array";
            self.faults.push(FieldError::forbidden(&path.child("items"), why));
        }
        if place.in_meta && flag(fields, "x-kubernetes-embedded-resource") {
            let why = "must not be used inside of resource meta";
            self.faults.push(FieldError::forbidden(&path.child("x-kubernetes-embedded-resource"), why));
        }
        if flag(fields, "uniqueItems") {
            let why = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
            self.faults.push(FieldError::forbidden(&path.child("uniqueItems"), why));
        }
        let has_properties = fields
            .get("properties")
            .and_then(Value::as_object)
            .is_some_and(|properties| !properties.is_empty());
        if has_properties
            && matches!(fields.get("additionalProperties"), Some(Value::Object(_) | Value::Bool(false)))
        {
            let why = "additionalProperties and properties are mutual exclusive";
            self.faults.push(FieldError::forbidden(&path.child("additionalProperties"), why));
        }
        if fields.get("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(false)) {
            let path = path.child("x-kubernetes-preserve-unknown-fields");
            self.faults.push(FieldError::invalid(&path, &false, "must be true or undefined"));
        }
    }

    fn maps_and_lists(&mut self, fields: &Map<String, Value>, path: &Path<'_>) {
        let type_ = text(fields, "type").unwrap_or_default();
        for (name, wanted, words) in [
            ("x-kubernetes-map-type", "object", &["atomic", "granular"][..]),
            ("x-kubernetes-list-type", "array", &["atomic", "set", "map"][..]),
        ] {
            let Some(word) = text(fields, name) else { continue };
            if type_ != wanted {
                let why = format!("must be {wanted} if {name} is specified");
                let path = path.child("type");
                self.faults.push(match type_ {
                    "" => FieldError::required(&path, why),
                    other => FieldError::invalid(&path, other, why),
                });
            }
            if !words.contains(&word) {
                self.faults.push(FieldError::not_supported(&path.child(name), word, words));
            }
        }
        if text(fields, "x-kubernetes-list-type") == Some("set")
            && type_ == "array"
            && let Some(Value::Object(items)) = fields.get("items")
        {
            let path = path.child("items");
            let why = "must be atomic as item of a list with x-kubernetes-list-type=set";
            let (name, is_wrong) = match text(items, "type") {
                Some("array") => {
                    let word = text(items, "x-kubernetes-list-type");
                    ("x-kubernetes-list-type", word.is_some_and(|word| word != "atomic"))
                }
                Some("object") => {
                    ("x-kubernetes-map-type", text(items, "x-kubernetes-map-type") != Some("atomic"))
                }
                _ => ("", false),
            };
            if is_wrong {
                self.faults.push(FieldError::invalid(&path.child(name), &items.get(name), why));
            }
        }
    }

    fn list_map(&mut self, fields: &Map<String, Value>, path: &Path<'_>) {
        const KEYS: &str = "x-kubernetes-list-map-keys";
        let list_type = text(fields, "x-kubernetes-list-type");
        let keys = texts(fields.get(KEYS));
        if !keys.is_empty() && list_type != Some("map") {
            let why = "must be map if x-kubernetes-list-map-keys is non-empty";
            let path = path.child("x-kubernetes-list-type");
            self.faults.push(match list_type {
                None => FieldError::required(&path, why),
                Some(other) => FieldError::invalid(&path, other, why),
            });
        }
        let items = fields.get("items").and_then(Value::as_object);
        let items_path = path.child("items");
        if matches!(list_type, Some("map" | "set")) && items.is_some_and(|items| flag(items, "nullable")) {
            let why = format!(
                "cannot be nullable when x-kubernetes-list-type is {}",
                list_type.unwrap_or_default()
            );
            self.faults.push(FieldError::forbidden(&items_path.child("nullable"), why));
        }
        if list_type != Some("map") {
            return;
        }
        if keys.is_empty() {
            let why = "must not be empty if x-kubernetes-list-type is map";
            self.faults.push(FieldError::required(&path.child(KEYS), why));
        }
        let Some(items) = items else {
            let why = "must have a schema if x-kubernetes-list-type is map";
            self.faults.push(FieldError::required(&items_path, why));
            return;
        };
        let type_ = text(items, "type").unwrap_or_default();
        if type_ != "object" {
            let why = "must be object if parent array's x-kubernetes-list-type is map";
            self.faults.push(FieldError::invalid(&items_path.child("type"), type_, why));
            return;
        }
        let required = texts(items.get("required"));
        for (at, key) in keys.iter().enumerate() {
            if keys[..at].contains(key) {
                let why = "must not contain duplicate entries";
                self.faults.push(FieldError::invalid(&path.child(KEYS), &keys, why));
            }
            let field = items.get("properties").and_then(|properties| properties.get(key)?.as_object());
            let Some(field) = field else {
                let why = "entries must all be names of item properties";
                self.faults.push(FieldError::invalid(&path.child(KEYS), &keys, why));
                continue;
            };
            let properties = items_path.child("properties");
            let place = properties.key(key);
            if matches!(text(field, "type"), Some("array" | "object")) {
                let why = "must be a scalar type if parent array's x-kubernetes-list-type is map";
                self.faults.push(FieldError::invalid(&place.child("type"), type_, why));
            }
            if !required.contains(key) && field.get("default").is_none_or(Value::is_null) {
                let why = "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required \
                           property";
                self.faults.push(FieldError::required(&place.child("default"), why));
            }
            if flag(field, "nullable") {
                let why = "this property is in x-kubernetes-list-map-keys, so it cannot be nullable";
                self.faults.push(FieldError::forbidden(&place.child("nullable"), why));
            }
        }
    }

    /// The form of rules; what they say is looked at when all else is right.
    fn rules(&mut self, fields: &Map<String, Value>, path: &Path<'_>) {
        const REASONS: [&str; 4] =
            ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"];
        let rules = fields.get("x-kubernetes-validations").and_then(Value::as_array);
        let list = path.child("x-kubernetes-validations");
        for (at, rule) in rules.map(Vec::as_slice).unwrap_or_default().iter().enumerate() {
            let path = list.index(at);
            let word = |name: &str| rule[name].as_str().unwrap_or_default();
            let has_breaks = |text: &str| text.trim().contains(['\n', '\r']);
            let (text, message) = (word("rule"), word("message"));
            if text.trim().is_empty() {
                self.faults.push(FieldError::required(&path.child("rule"), "rule is not specified"));
            } else if !message.is_empty() && message.trim().is_empty() {
                let why = "must be non-empty if specified";
                self.faults.push(FieldError::invalid(&path.child("message"), message, why));
            } else if has_breaks(message) {
                let why = "must not contain line breaks";
                self.faults.push(FieldError::invalid(&path.child("message"), message, why));
            } else if has_breaks(text) && message.is_empty() {
                let why = "message must be specified if rule contains line breaks";
                self.faults.push(FieldError::required(&path.child("message"), why));
            }
            let expression = word("messageExpression");
            if !expression.is_empty() && expression.trim().is_empty() {
                let why = "messageExpression must be non-empty if specified";
                self.faults.push(FieldError::required(&path.child("messageExpression"), why));
            }
            let reason = word("reason");
            if !reason.is_empty() && !REASONS.contains(&reason) {
                self.faults.push(FieldError::not_supported(&path.child("reason"), reason, &REASONS));
            }
            let place = word("fieldPath");
            let mut refuse = |why: &str| {
                self.faults.push(FieldError::invalid(&path.child("fieldPath"), place, why));
            };
            if !place.is_empty() && place.trim().is_empty() {
                refuse("must be non-empty if specified");
            }
            if place.contains('\n') {
                refuse("must not contain line breaks");
            }
            if !place.is_empty() && !is_place(place, fields) {
                refuse("must be a valid path");
            }
        }
    }
}

/// Whether a schema has such a place.
fn is_place(path: &str, fields: &Map<String, Value>) -> bool {
    let schema = Structural::read(&Value::Object(fields.clone()));
    schema.is_ok_and(|schema| field_path::resolved(path, &schema).is_ok())
}
