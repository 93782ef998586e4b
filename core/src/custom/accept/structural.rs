//! Structural schemas: every value that is looked at has a place of its own, and logic only restricts.

use serde_json::{Map, Value, json};

use super::super::limits::PATTERN_BYTES_MAX;
use super::super::read::{flag, text};
use crate::field::{FieldError, FieldErrors, Path};
use crate::pattern;

/// Where a schema stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Root,
    Item,
    Field,
}

/// What keeps a schema from being structural, sorted.
pub(super) fn check(schema: &Value, path: &Path<'_>, faults: &mut FieldErrors) {
    let Value::Object(fields) = schema else { return };
    let mut walk = Walk { faults: FieldErrors::new() };
    walk.schema(fields, Level::Root, path);
    walk.complete(fields, Some(fields), path, path);
    walk.faults.sort_by_key(ToString::to_string);
    walk.faults.dedup();
    faults.append(&mut walk.faults);
}

struct Walk {
    faults: FieldErrors,
}

impl Walk {
    fn schema(&mut self, fields: &Map<String, Value>, level: Level, path: &Path<'_>) {
        let type_ = text(fields, "type").unwrap_or_default();
        let items = fields.get("items").and_then(Value::as_object);
        if type_ == "array" && items.is_none() {
            self.faults.push(FieldError::required(&path.child("items"), "must be specified"));
        }
        if let Some(items) = items {
            self.schema(items, Level::Item, &path.child("items"));
        }
        if let Some(Value::Object(properties)) = fields.get("properties") {
            for (name, field) in properties {
                if let Value::Object(field) = field {
                    self.schema(field, Level::Field, &path.child("properties").key(name));
                }
            }
        }
        let additional = fields.get("additionalProperties").filter(|values| !values.is_null());
        if let Some(values) = additional {
            let path = path.child("additionalProperties");
            if level == Level::Root {
                self.faults.push(FieldError::forbidden(&path, "must not be used at the root"));
            }
            if let Value::Object(values) = values {
                self.schema(values, Level::Field, &path);
            }
        }
        self.extensions(fields, path);
        let (skip_any_of, skip_all_of) = int_or_string_forms(fields);
        self.logic(fields, skip_any_of, skip_all_of, path);
        self.type_(fields, type_, level, path);
        self.metadata(fields, level, path);
    }

    fn extensions(&mut self, fields: &Map<String, Value>, path: &Path<'_>) {
        if !flag(fields, "x-kubernetes-int-or-string") {
            return;
        }
        for name in ["x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"] {
            if flag(fields, name) {
                let why = "must be false if x-kubernetes-int-or-string is true";
                self.faults.push(FieldError::invalid(&path.child(name), &true, why));
            }
        }
    }

    fn type_(&mut self, fields: &Map<String, Value>, type_: &str, level: Level, path: &Path<'_>) {
        let is_embedded = flag(fields, "x-kubernetes-embedded-resource");
        let path_of_type = path.child("type");
        if is_embedded && type_ != "object" {
            let why = "must be object if x-kubernetes-embedded-resource is true";
            self.faults.push(match type_ {
                "" => FieldError::required(&path_of_type, why),
                other => FieldError::invalid(&path_of_type, other, why),
            });
        } else if type_.is_empty()
            && !flag(fields, "x-kubernetes-int-or-string")
            && !flag(fields, "x-kubernetes-preserve-unknown-fields")
        {
            let why = match level {
                Level::Root => "must not be empty at the root",
                Level::Item => "must not be empty for specified array items",
                Level::Field => "must not be empty for specified object fields",
            };
            self.faults.push(FieldError::required(&path_of_type, why));
        }
        let has = |name: &str| fields.get(name).is_some_and(|value| !value.is_null());
        if is_embedded && has("additionalProperties") {
            let why = "must not be used if x-kubernetes-embedded-resource is set";
            self.faults.push(FieldError::forbidden(&path.child("additionalProperties"), why));
        }
        if level == Level::Root && !type_.is_empty() && type_ != "object" {
            self.faults.push(FieldError::invalid(&path_of_type, type_, "must be object at the root"));
        }
        let has_properties = fields
            .get("properties")
            .and_then(Value::as_object)
            .is_some_and(|properties| !properties.is_empty());
        if is_embedded && !flag(fields, "x-kubernetes-preserve-unknown-fields") && !has_properties {
            let why = "must not be empty if x-kubernetes-embedded-resource is true without \
                       x-kubernetes-preserve-unknown-fields";
            self.faults.push(FieldError::required(&path.child("properties"), why));
        }
    }

    /// Of metadata only names can be restricted.
    fn metadata(&mut self, fields: &Map<String, Value>, level: Level, path: &Path<'_>) {
        let is_whole = level == Level::Root || flag(fields, "x-kubernetes-embedded-resource");
        let Some(Value::Object(properties)) = fields.get("properties") else { return };
        let list = path.child("properties");
        let type_of =
            |name: &str| properties.get(name).map(|field| field["type"].as_str().unwrap_or_default());
        if !is_whole {
            return;
        }
        for name in ["kind", "apiVersion"] {
            if let Some(type_) = type_of(name).filter(|type_| *type_ != "string") {
                let field = list.key(name);
                self.faults.push(FieldError::invalid(&field.child("type"), type_, "must be string"));
            }
        }
        let Some(Value::Object(meta)) = properties.get("metadata") else { return };
        let field = list.key("metadata");
        if let Some(type_) = type_of("metadata").filter(|type_| *type_ != "object") {
            self.faults.push(FieldError::invalid(&field.child("type"), type_, "must be object"));
        }
        if level == Level::Root {
            let allowed = ["name", "generateName"];
            let is_allowed = |name: &String, value: &Value| match name.as_str() {
                "type" | "default" | "description" => true,
                "properties" => value
                    .as_object()
                    .is_none_or(|fields| fields.keys().all(|field| allowed.contains(&field.as_str()))),
                _ => value.is_null(),
            };
            if !meta.iter().all(|(name, value)| is_allowed(name, value)) {
                let why = "must not specify anything other than name and generateName, but metadata is implicitly \
                           specified";
                self.faults.push(FieldError::forbidden(&field, why));
            }
        }
    }

    fn logic(&mut self, fields: &Map<String, Value>, skip_any_of: bool, skip_all_of: bool, path: &Path<'_>) {
        for name in ["anyOf", "allOf", "oneOf"] {
            if name == "anyOf" && skip_any_of {
                continue;
            }
            let list = path.child(name);
            for (at, schema) in schemas(fields, name).enumerate() {
                let skip = name == "allOf" && at == 0 && skip_all_of;
                self.nested(schema, skip, &list.index(at));
            }
        }
        if let Some(Value::Object(not)) = fields.get("not") {
            self.nested(not, false, &path.child("not"));
        }
        if let Some(written) = text(fields, "pattern").filter(|pattern| !pattern.is_empty())
            && let Err(error) = pattern::compile(written, PATTERN_BYTES_MAX)
        {
            let why = format!("must be a valid regular expression, but isn't: {error}");
            self.faults.push(FieldError::invalid(&path.child("pattern"), written, why));
        }
    }

    /// A schema within logic: it may restrict, and say nothing else.
    fn nested(&mut self, fields: &Map<String, Value>, skip_any_of: bool, path: &Path<'_>) {
        self.logic(fields, skip_any_of, false, path);
        if let Some(Value::Object(items)) = fields.get("items") {
            self.nested(items, false, &path.child("items"));
        }
        if let Some(Value::Object(properties)) = fields.get("properties") {
            let list = path.child("properties");
            for (name, field) in properties {
                if name == "metadata" {
                    let why = "must not be specified in a nested context";
                    self.faults.push(FieldError::forbidden(&list.key(name), why));
                }
                if let Value::Object(field) = field {
                    self.nested(field, false, &list.key(name));
                }
            }
        }
        for (name, why) in [
            ("type", "must be empty to be structural"),
            ("additionalProperties", "must be undefined to be structural"),
            ("default", "must be undefined to be structural"),
            ("title", "must be empty to be structural"),
            ("description", "must be empty to be structural"),
            ("nullable", "must be false to be structural"),
            ("x-kubernetes-preserve-unknown-fields", "must be false to be structural"),
            ("x-kubernetes-embedded-resource", "must be false to be structural"),
            ("x-kubernetes-int-or-string", "must be false to be structural"),
            ("x-kubernetes-list-map-keys", "must be empty to be structural"),
            ("x-kubernetes-list-type", "must be undefined to be structural"),
            ("x-kubernetes-map-type", "must be undefined to be structural"),
            ("x-kubernetes-validations", "must be empty to be structural"),
        ] {
            let is_set = match fields.get(name) {
                None | Some(Value::Null | Value::Bool(false)) => {
                    name == "additionalProperties" && fields.get(name) == Some(&Value::Bool(false))
                }
                Some(Value::String(text)) => !text.is_empty(),
                Some(Value::Array(list)) => !list.is_empty(),
                Some(_) => true,
            };
            if is_set {
                self.faults.push(FieldError::forbidden(&path.child(name), why));
            }
        }
    }

    /// What logic looks at must have a place outside of it.
    fn complete(
        &mut self,
        fields: &Map<String, Value>,
        place: Option<&Map<String, Value>>,
        path: &Path<'_>,
        from: &Path<'_>,
    ) {
        for name in ["allOf", "anyOf", "oneOf"] {
            let list = from.child(name);
            for (at, schema) in schemas(fields, name).enumerate() {
                self.complete_nested(schema, place, path, &list.index(at));
            }
        }
        if let Some(Value::Object(not)) = fields.get("not") {
            self.complete_nested(not, place, path, &from.child("not"));
        }
        // The schema's own parts have their places; they are looked at for logic of their own.
        let Some(place) = place else { return };
        if !std::ptr::eq(fields, place) {
            return;
        }
        if let Some(Value::Object(items)) = fields.get("items") {
            let path = path.child("items");
            self.complete(items, Some(items), &path, &path);
        }
        if let Some(Value::Object(values)) = fields.get("additionalProperties") {
            let path = path.child("additionalProperties");
            self.complete(values, Some(values), &path, &path);
        }
        if let Some(Value::Object(properties)) = fields.get("properties") {
            let list = path.child("properties");
            for (name, field) in properties {
                if let Value::Object(field) = field {
                    let path = list.key(name);
                    self.complete(field, Some(field), &path, &path);
                }
            }
        }
    }

    fn complete_nested(
        &mut self,
        fields: &Map<String, Value>,
        place: Option<&Map<String, Value>>,
        path: &Path<'_>,
        from: &Path<'_>,
    ) {
        let Some(place) = place else {
            self.faults.push(FieldError::required(path, format!("because it is defined in {from}")));
            return;
        };
        self.complete(fields, Some(place), path, from);
        if let Some(Value::Object(items)) = fields.get("items") {
            let found = place.get("items").and_then(Value::as_object);
            self.complete_nested(items, found, &path.child("items"), &from.child("items"));
        }
        if let Some(Value::Object(properties)) = fields.get("properties") {
            for (name, field) in properties {
                let Value::Object(field) = field else { continue };
                let found = place.get("properties").and_then(|properties| properties.get(name)?.as_object());
                let (list, from) = (path.child("properties"), from.child("properties"));
                self.complete_nested(field, found, &list.key(name), &from.key(name));
            }
        }
    }
}

fn schemas<'v>(fields: &'v Map<String, Value>, name: &str) -> impl Iterator<Item = &'v Map<String, Value>> {
    let list = fields.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(Value::as_object)
}

/// Whether integers and text are told by `anyOf`, or by an `anyOf` in the first `allOf`: the two forms in which logic
/// may have types.
fn int_or_string_forms(fields: &Map<String, Value>) -> (bool, bool) {
    if !flag(fields, "x-kubernetes-int-or-string") {
        return (false, false);
    }
    let both = json!([{"type": "integer"}, {"type": "string"}]);
    let is_both = |fields: &Map<String, Value>| fields.get("anyOf") == Some(&both);
    (is_both(fields), schemas(fields, "allOf").next().is_some_and(is_both))
}
