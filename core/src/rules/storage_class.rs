//! StorageClasses.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::TopologySelectorTerm;
use k8s_openapi::api::storage::v1::StorageClass;

use super::absent::{items, text};
use super::checks;
use super::normal_form::{NormalForm, Spelling};
use super::object_meta::{self, Scope};
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::object::Meta;

const PARAMETERS_MAX: usize = 512;
const PARAMETER_BYTES_MAX: usize = 256 * 1024;

/// Fills in what happens to volumes of the class.
pub fn default(class: &mut StorageClass) {
    class.normalize(Spelling::Canonical);
    class.reclaim_policy.get_or_insert_with(|| "Delete".to_owned());
    class.volume_binding_mode.get_or_insert_with(|| "Immediate".to_owned());
}

/// All that is wrong with a new class.
pub fn validate_create(meta: &Meta, class: &StorageClass) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check(meta, Scope::Cluster, names::dns1123_subdomain, &mut errors);
    let provisioner_path = Path::new("provisioner");
    if class.provisioner.is_empty() {
        errors.push(FieldError::required(&provisioner_path, ""));
    } else {
        checks::qualified_name(&class.provisioner.to_lowercase(), &provisioner_path, &mut errors);
    }
    validate_parameters(class, &mut errors);
    let reclaim = text(&class.reclaim_policy);
    if !reclaim.is_empty() {
        checks::one_of(reclaim, &["Delete", "Retain"], &Path::new("reclaimPolicy"), &mut errors);
    }
    let modes = ["Immediate", "WaitForFirstConsumer"];
    let mode_path = Path::new("volumeBindingMode");
    checks::one_of(text(&class.volume_binding_mode), &modes, &mode_path, &mut errors);
    validate_topologies(items(&class.allowed_topologies), &Path::new("allowedTopologies"), &mut errors);
    errors
}

/// All that is wrong with a changed class: how it makes volumes stays.
pub fn validate_update(
    new_meta: &Meta,
    new: &StorageClass,
    old_meta: &Meta,
    old: &StorageClass,
) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check_update(new_meta, old_meta, &mut errors);
    let changed = [
        ("parameters", new.parameters != old.parameters),
        ("provisioner", new.provisioner != old.provisioner),
        ("reclaimPolicy", new.reclaim_policy != old.reclaim_policy),
    ];
    for (field, _) in changed.into_iter().filter(|(_, is_changed)| *is_changed) {
        errors.push(FieldError::forbidden(&Path::new(field), format!("updates to {field} are forbidden.")));
    }
    let path = Path::new("volumeBindingMode");
    checks::immutable(&new.volume_binding_mode, &old.volume_binding_mode, &path, &mut errors);
    errors
}

fn validate_parameters(class: &StorageClass, errors: &mut FieldErrors) {
    let path = Path::new("parameters");
    let Some(parameters) = &class.parameters else { return };
    if parameters.len() > PARAMETERS_MAX {
        return errors.push(FieldError::too_long(&path, PARAMETERS_MAX));
    }
    if parameters.contains_key("") {
        errors.push(FieldError::invalid(&path, "", "field can not be empty."));
    }
    if parameters.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>() > PARAMETER_BYTES_MAX {
        errors.push(FieldError::too_long(&path, PARAMETER_BYTES_MAX));
    }
}

/// What a term asks for: the values of each key.
type Labels<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

fn validate_topologies(terms: &[TopologySelectorTerm], path: &Path<'_>, errors: &mut FieldErrors) {
    let mut seen: Vec<Labels<'_>> = Vec::new();
    for (index, term) in terms.iter().enumerate() {
        let path = path.index(index);
        let path = path.child("matchLabelExpressions");
        let labels = validate_term(term, &path, errors);
        if seen.contains(&labels) {
            errors.push(FieldError::duplicate(&path, ""));
        }
        seen.push(labels);
    }
}

fn validate_term<'a>(
    term: &'a TopologySelectorTerm,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) -> Labels<'a> {
    let mut labels = Labels::new();
    let expressions = items(&term.match_label_expressions);
    if expressions.is_empty() {
        errors.push(FieldError::required(path, ""));
    }
    for (index, expression) in expressions.iter().enumerate() {
        let path = path.index(index);
        let (key_path, values_path) = (path.child("key"), path.child("values"));
        if expression.values.is_empty() {
            errors.push(FieldError::required(&values_path, ""));
        }
        let mut values = BTreeSet::new();
        for (index, value) in expression.values.iter().enumerate() {
            if !values.insert(value.as_str()) {
                errors.push(FieldError::duplicate(&values_path.index(index), value));
            }
        }
        checks::qualified_name(&expression.key, &key_path, errors);
        if labels.insert(&expression.key, values).is_some() {
            errors.push(FieldError::duplicate(&key_path, &expression.key));
        }
    }
    labels
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};

    use super::*;

    fn class(mut value: Value) -> StorageClass {
        value["metadata"] = json!({});
        let mut class = from_value(value).expect("a class");
        default(&mut class);
        class
    }

    fn texts(errors: &FieldErrors) -> String {
        errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn classes_are_filled_in_and_checked() {
        let good = class(json!({"provisioner": "example.com/Disk"}));
        assert_eq!(good.reclaim_policy.as_deref(), Some("Delete"));
        assert_eq!(good.volume_binding_mode.as_deref(), Some("Immediate"));
        let rows = [
            (json!({"provisioner": "example.com/Disk"}), ""),
            (json!({"provisioner": ""}), "provisioner: Required value"),
            (
                json!({"provisioner": "a", "reclaimPolicy": "Recycle", "volumeBindingMode": "Later"}),
                "reclaimPolicy: Unsupported value: \"Recycle\": supported values: \"Delete\", \"Retain\"\n\
                 volumeBindingMode: Unsupported value: \"Later\": supported values: \"Immediate\", \
                 \"WaitForFirstConsumer\"",
            ),
            (
                json!({"provisioner": "a", "allowedTopologies": [
                    {"matchLabelExpressions": [{"key": "zone", "values": ["a", "a"]}]},
                    {"matchLabelExpressions": [{"key": "zone", "values": ["a"]}]},
                ]}),
                "allowedTopologies[0].matchLabelExpressions[0].values[1]: Duplicate value: \"a\"\n\
                 allowedTopologies[1].matchLabelExpressions: Duplicate value: \"\"",
            ),
        ];
        for (value, expected) in rows {
            assert_eq!(texts(&validate_create(&Meta::cluster("a"), &class(value))), expected);
        }
    }

    #[test]
    fn how_volumes_are_made_stays() {
        let meta = Meta::cluster("a");
        let old = class(json!({"provisioner": "a"}));
        let new = class(json!({
            "provisioner": "b", "parameters": {"x": "y"}, "reclaimPolicy": "Retain",
            "volumeBindingMode": "WaitForFirstConsumer",
        }));
        assert_eq!(
            texts(&validate_update(&meta, &new, &meta, &old)),
            "parameters: Forbidden: updates to parameters are forbidden.\n\
             provisioner: Forbidden: updates to provisioner are forbidden.\n\
             reclaimPolicy: Forbidden: updates to reclaimPolicy are forbidden.\n\
             volumeBindingMode: Invalid value: \"WaitForFirstConsumer\": field is immutable"
        );
    }
}
