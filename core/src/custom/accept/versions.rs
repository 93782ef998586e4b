//! The versions one by one: what they are called, what they store, print, scale and select.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::formats;
use super::super::limits::SELECTABLE_FIELDS_MAX;
use super::super::read::{flag, text};
use super::schema;
use crate::field::{FieldError, FieldErrors, Path};
use crate::names::dns1035_label;

/// What is wrong with the versions of a spec.
pub(super) fn check(spec: &Value, before: Option<&Value>, faults: &mut FieldErrors) {
    let root = Path::new("spec");
    let path = root.child("versions");
    let list = spec["versions"].as_array().map(Vec::as_slice).unwrap_or_default();
    for (at, version) in list.iter().enumerate() {
        let path = path.index(at);
        if !version["schema"]["openAPIV3Schema"].is_object() {
            let schema = path.child("schema");
            faults.push(FieldError::required(&schema.child("openAPIV3Schema"), ""));
        }
    }
    let mut names = BTreeSet::new();
    let mut is_unique = true;
    for (at, version) in list.iter().enumerate() {
        let name = version["name"].as_str().unwrap_or_default();
        is_unique &= names.insert(name);
        let path = path.index(at);
        let found = dns1035_label(name);
        if !found.is_empty() {
            let texts: Vec<String> = found.into_iter().map(str::to_owned).collect();
            faults.push(FieldError::invalid(&path.child("name"), name, texts.join(",")));
        }
        let old = before.and_then(|before| before["versions"].as_array());
        let old = old.and_then(|old| old.iter().find(|old| old["name"] == name));
        check_one(version, old, &path, faults);
    }
    if !is_unique {
        faults.push(FieldError::invalid(&path, &spec["versions"], "must contain unique version names"));
    }
    if list.iter().filter(|version| version["storage"] == true).count() != 1 {
        let why = "must have exactly one version marked as storage version";
        faults.push(FieldError::invalid(&path, &spec["versions"], why));
    }
}

fn check_one(version: &Value, old: Option<&Value>, path: &Path<'_>, faults: &mut FieldErrors) {
    check_deprecation(version, path, faults);
    let has_status = version["subresources"]["status"].is_object();
    let written = &version["schema"]["openAPIV3Schema"];
    if written.is_object() {
        let schema = path.child("schema");
        let old = old.map(|old| &old["schema"]["openAPIV3Schema"]);
        schema::check(written, old, has_status, &schema.child("openAPIV3Schema"), faults);
    }
    check_scale(&version["subresources"]["scale"], &path.child("subresources"), faults);
    let columns = version["additionalPrinterColumns"].as_array().map(Vec::as_slice).unwrap_or_default();
    let list = path.child("additionalPrinterColumns");
    for (at, column) in columns.iter().enumerate() {
        check_column(column, &list.index(at), faults);
    }
    check_selectable(version, path, faults);
}

fn check_deprecation(version: &Value, path: &Path<'_>, faults: &mut FieldErrors) {
    let Some(warning) = version["deprecationWarning"].as_str() else { return };
    let path = path.child("deprecationWarning");
    let mut refuse = |why: &str| faults.push(FieldError::invalid(&path, warning, why));
    if version["deprecated"] != true {
        refuse("can only be set for deprecated versions");
        return;
    }
    if warning.len() > 256 {
        refuse("must be <= 256 characters long");
    }
    if warning.is_empty() {
        refuse("must not be an empty string");
    }
    if let Some(at) = warning.find(char::is_control) {
        refuse(&format!(
            "must only contain printable UTF-8 characters; non-printable character found at index {at}"
        ));
    }
}

fn check_scale(scale: &Value, path: &Path<'_>, faults: &mut FieldErrors) {
    let Value::Object(scale) = scale else { return };
    let mut look = |field: &str, roots: &[&str], about: &str, is_required: bool| {
        let name = format!("scale.{field}");
        let path = path.child(&name);
        match text(scale, field).unwrap_or_default() {
            "" if is_required => faults.push(FieldError::required(&path, "")),
            "" => {}
            written if !written.starts_with('.') => {
                let why = "must be a simple json path starting with .";
                faults.push(FieldError::invalid(&path, written, why));
            }
            written if !roots.iter().any(|root| written.starts_with(root)) => {
                faults.push(FieldError::invalid(
                    &path,
                    written,
                    format!("should be a json path under {about}"),
                ));
            }
            _ => {}
        }
    };
    look("specReplicasPath", &[".spec."], ".spec", true);
    look("statusReplicasPath", &[".status."], ".status", true);
    look("labelSelectorPath", &[".spec.", ".status."], "either .spec or .status", false);
}

fn check_column(column: &Value, path: &Path<'_>, faults: &mut FieldErrors) {
    const TYPES: [&str; 5] = ["boolean", "date", "integer", "number", "string"];
    const FORMATS: [&str; 8] = ["byte", "date", "date-time", "double", "float", "int32", "int64", "password"];
    let word = |field: &str| column[field].as_str().unwrap_or_default();
    if word("name").is_empty() {
        faults.push(FieldError::required(&path.child("name"), ""));
    }
    let types = format!("must be one of {}", TYPES.join(","));
    match word("type") {
        "" => faults.push(FieldError::required(&path.child("type"), types)),
        type_ if !TYPES.contains(&type_) => {
            faults.push(FieldError::invalid(&path.child("type"), type_, types));
        }
        _ => {}
    }
    let format = word("format");
    if !format.is_empty() && !FORMATS.contains(&format) {
        let why = format!("must be one of {}", FORMATS.join(","));
        faults.push(FieldError::invalid(&path.child("format"), format, why));
    }
    match word("jsonPath") {
        "" => faults.push(FieldError::required(&path.child("JSONPath"), "")),
        written if !written.starts_with('.') => {
            let why = "must be a simple json path starting with .";
            faults.push(FieldError::invalid(&path.child("JSONPath"), written, why));
        }
        _ => {}
    }
}

fn check_selectable(version: &Value, path: &Path<'_>, faults: &mut FieldErrors) {
    let list = version["selectableFields"].as_array().map(Vec::as_slice).unwrap_or_default();
    let path = path.child("selectableFields");
    let mut known = BTreeSet::new();
    for (at, field) in list.iter().enumerate() {
        let item = path.index(at);
        let item = item.child("jsonPath");
        let written = field["jsonPath"].as_str().unwrap_or_default();
        if written.is_empty() {
            faults.push(FieldError::required(&item, ""));
            continue;
        }
        let found = selectable(written, &version["schema"]["openAPIV3Schema"]);
        let schema = match found {
            Ok(schema) => schema,
            Err(why) => {
                faults.push(FieldError::invalid(&item, written, format!("is an invalid path: {why}")));
                continue;
            }
        };
        if written == ".metadata" || written.starts_with(".metadata.") {
            faults.push(FieldError::invalid(&item, written, "must not point to fields in metadata"));
        }
        if !matches!(schema["type"].as_str(), Some("string" | "boolean" | "integer")) {
            let why = "must point to a field of type string, boolean or integer. Enum string fields and strings with \
                       formats are allowed.";
            faults.push(FieldError::invalid(&item, written, why));
        }
        if !known.insert(written) {
            faults.push(FieldError::duplicate(&item, written));
        }
    }
    if known.len() > SELECTABLE_FIELDS_MAX {
        faults.push(FieldError::too_many(&path, known.len(), SELECTABLE_FIELDS_MAX));
    }
}

/// The schema that a path of fields leads to.
pub(super) fn selectable<'v>(path: &str, schema: &'v Value) -> Result<&'v Value, String> {
    let Some(rest) = path.strip_prefix('.') else {
        let got: String = path.chars().take_while(|character| !".[".contains(*character)).collect();
        return Err(format!("expected [ or . but got: {got}"));
    };
    if path.contains('[') {
        return Err("array notation is not allowed".to_owned());
    }
    rest.split('.').try_fold(schema, |schema, name| {
        let properties = schema.get("properties").filter(|properties| properties.is_object());
        let found = match properties {
            Some(properties) => properties.get(name),
            None => schema.get("additionalProperties").filter(|values| values.is_object()),
        };
        found.ok_or_else(|| "does not refer to a valid field".to_owned())
    })
}

/// Versions in which objects may be stored stay known (CRD-02).
pub(super) fn check_stored(whole: &Value, faults: &mut FieldErrors) {
    let status = Path::new("status");
    let path = status.child("storedVersions");
    let stored = whole["status"]["storedVersions"].as_array().map(Vec::as_slice).unwrap_or_default();
    if stored.is_empty() {
        let why = "must have at least one stored version";
        faults.push(FieldError::invalid(&path, &whole["status"]["storedVersions"], why));
        return;
    }
    let versions = whole["spec"]["versions"].as_array().map(Vec::as_slice).unwrap_or_default();
    for (at, name) in stored.iter().enumerate() {
        if versions.iter().all(|version| version["name"] != *name) {
            let name = name.as_str().unwrap_or_default();
            let why = format!(
                "missing from spec.versions; {name} was previously a storage version, and must remain in spec.versions \
                 until a storage migration ensures no data remains persisted in {name} and removes {name} from \
                 status.storedVersions"
            );
            faults.push(FieldError::invalid(&path.index(at), name, why));
        }
    }
}

/// Formats that are not looked at.
pub(super) fn unknown_formats(whole: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let versions = whole["spec"]["versions"].as_array().map(Vec::as_slice).unwrap_or_default();
    for version in versions {
        collect_formats(&version["schema"]["openAPIV3Schema"], &mut found);
    }
    found
}

fn collect_formats(schema: &Value, found: &mut BTreeSet<String>) {
    if let Value::Object(fields) = schema {
        if let Some(format) = text(fields, "format")
            && !formats::is_known(text(fields, "type").unwrap_or_default(), format)
            && !format.is_empty()
            && !flag(fields, "x-kubernetes-int-or-string")
        {
            found.insert(format.to_owned());
        }
        for (name, value) in fields {
            match (name.as_str(), value) {
                ("properties", Value::Object(fields)) => {
                    fields.values().for_each(|schema| collect_formats(schema, found));
                }
                ("items" | "additionalProperties" | "not", schema) => collect_formats(schema, found),
                ("allOf" | "anyOf" | "oneOf", Value::Array(list)) => {
                    list.iter().for_each(|schema| collect_formats(schema, found));
                }
                _ => {}
            }
        }
    }
}
