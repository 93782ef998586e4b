//! ConfigMaps.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ConfigMap;

use super::absent::is_set;
use super::checks;
use super::normal_form::{NormalForm, Spelling};
use super::object_meta::{self, Scope};
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::object::Meta;

/// The most bytes of all values of a ConfigMap or Secret.
pub const DATA_BYTES_MAX: usize = 1024 * 1024;

/// Why what is immutable does not change.
pub(crate) const SEALED: &str = "field is immutable when `immutable` is set";

/// Brings a ConfigMap into its normal form. Its metadata is the caller's.
pub fn default(config_map: &mut ConfigMap) {
    config_map.normalize(Spelling::Canonical);
}

/// All that is wrong with a new ConfigMap.
pub fn validate_create(meta: &Meta, config_map: &ConfigMap) -> FieldErrors {
    let mut errors = FieldErrors::new();
    validate(meta, config_map, &mut errors);
    errors
}

/// All that is wrong with a changed ConfigMap.
pub fn validate_update(new_meta: &Meta, new: &ConfigMap, old_meta: &Meta, old: &ConfigMap) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check_update(new_meta, old_meta, &mut errors);
    if is_set(old.immutable) {
        let changed = [
            ("immutable", !is_set(new.immutable)),
            ("data", new.data != old.data),
            ("binaryData", new.binary_data != old.binary_data),
        ];
        for (field, _) in changed.into_iter().filter(|(_, is_changed)| *is_changed) {
            errors.push(FieldError::forbidden(&Path::new(field), SEALED));
        }
    }
    validate(new_meta, new, &mut errors);
    errors
}

fn validate(meta: &Meta, config_map: &ConfigMap, errors: &mut FieldErrors) {
    object_meta::check(meta, Scope::Namespaced, names::dns1123_subdomain, errors);
    let (data, binary) = (&config_map.data, &config_map.binary_data);
    let path = Path::new("data");
    let mut bytes = 0;
    for (key, value) in data.iter().flatten() {
        let path = path.key(key);
        checks::faults(key, names::config_map_key(key), &path, errors);
        if binary.as_ref().is_some_and(|binary| binary.contains_key(key)) {
            errors.push(FieldError::invalid(&path, key, "duplicate of key present in binaryData"));
        }
        bytes += value.len();
    }
    bytes += validate_keys(binary, &Path::new("binaryData"), errors);
    if bytes > DATA_BYTES_MAX {
        errors.push(FieldError::too_long(&Path::new("[]"), DATA_BYTES_MAX));
    }
}

/// Checks keys; the bytes of the values.
pub(crate) fn validate_keys(
    data: &Option<BTreeMap<String, k8s_openapi::ByteString>>,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) -> usize {
    let mut bytes = 0;
    for (key, value) in data.iter().flatten() {
        checks::faults(key, names::config_map_key(key), &path.key(key), errors);
        bytes += value.0.len();
    }
    bytes
}

#[cfg(test)]
mod tests {
    use k8s_openapi::ByteString;
    use serde_json::json;

    use super::*;

    fn config_map(value: serde_json::Value) -> ConfigMap {
        let mut config_map = serde_json::from_value(value).expect("a ConfigMap");
        default(&mut config_map);
        config_map
    }

    fn faults(errors: &FieldErrors) -> Vec<String> {
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn keys_are_names_of_files() {
        let meta = Meta::namespaced("ns", "a");
        let both = config_map(json!({"data": {"k": "v"}, "binaryData": {"k": "dg=="}}));
        assert_eq!(
            faults(&validate_create(&meta, &both)),
            [r#"data[k]: Invalid value: "k": duplicate of key present in binaryData"#]
        );
        let bad = config_map(json!({"data": {"a/b": "v"}}));
        assert!(
            faults(&validate_create(&meta, &bad))[0]
                .starts_with("data[a/b]: Invalid value: \"a/b\": a valid")
        );
    }

    #[test]
    fn data_has_a_limit() {
        let meta = Meta::namespaced("ns", "a");
        let sized = |bytes: usize| ConfigMap {
            binary_data: Some(BTreeMap::from([("k".to_owned(), ByteString(vec![0; bytes]))])),
            ..ConfigMap::default()
        };
        assert_eq!(validate_create(&meta, &sized(DATA_BYTES_MAX)), []);
        let errors = validate_create(&meta, &sized(DATA_BYTES_MAX + 1));
        assert_eq!(errors[0].detail, "may not be more than 1048576 bytes");
    }

    #[test]
    fn what_is_sealed_does_not_change() {
        // As recorded in api-immutable-fields.
        let meta = Meta::namespaced("ns", "fixed");
        let old = config_map(json!({"immutable": true, "data": {"k": "v"}}));
        let new = config_map(json!({"immutable": true, "data": {"k": "w"}}));
        assert_eq!(
            faults(&validate_update(&meta, &new, &meta, &old)),
            ["data: Forbidden: field is immutable when `immutable` is set"]
        );
        assert_eq!(validate_update(&meta, &old, &meta, &old), []);
    }
}
