use serde_json::Value;

use crate::field::{FieldError, FieldErrors, Path};
use crate::names::dns1035_label;

/// What is wrong with names that are given.
pub(super) fn check(names: &Value, path: &Path<'_>, faults: &mut FieldErrors) {
    let word = |field: &str| names[field].as_str().unwrap_or_default();
    let mut label = |path: &Path<'_>, shown: &str, label: &str, before: &str| {
        let found = dns1035_label(label);
        if !label.is_empty() && !found.is_empty() {
            let texts: Vec<String> = found.into_iter().map(str::to_owned).collect();
            faults.push(FieldError::invalid(path, shown, format!("{before}{}", texts.join(","))));
        }
    };
    for field in ["plural", "singular"] {
        label(&path.child(field), word(field), word(field), "");
    }
    for field in ["kind", "listKind"] {
        let lower = word(field).to_lowercase();
        label(&path.child(field), word(field), &lower, "may have mixed case, but should otherwise match: ");
    }
    for field in ["shortNames", "categories"] {
        let list = names[field].as_array().map(Vec::as_slice).unwrap_or_default();
        let path = path.child(field);
        for (at, name) in list.iter().enumerate() {
            let name = name.as_str().unwrap_or_default();
            let item = path.index(at);
            if name.is_empty() {
                label(&item, name, "-", "");
            } else {
                label(&item, name, name, "");
            }
        }
    }
    if !word("kind").is_empty() && word("kind") == word("listKind") {
        let why = "kind and listKind may not be the same";
        faults.push(FieldError::invalid(&path.child("listKind"), word("listKind"), why));
    }
}

/// Names that a definition must have.
pub(super) fn require(names: &Value, path: &Path<'_>, faults: &mut FieldErrors) {
    for field in ["plural", "singular", "kind", "listKind"] {
        if names[field].as_str().is_none_or(str::is_empty) {
            faults.push(FieldError::required(&path.child(field), ""));
        }
    }
}
