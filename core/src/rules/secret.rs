//! Secrets (ADM-05).

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use serde_json::{Map, Value};

use super::absent::{entry, is_set, text};
use super::checks;
use super::config_map::{DATA_BYTES_MAX, SEALED, validate_keys};
use super::normal_form::{NormalForm, Spelling};
use super::object_meta::{self, Scope};
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::object::Meta;

/// The account a token is for.
const ACCOUNT: &str = "kubernetes.io/service-account.name";

/// Moves `stringData` into `data` and fills in the type. Its metadata is the caller's.
pub fn default(secret: &mut Secret) {
    let strings = secret.string_data.take().unwrap_or_default();
    if !strings.is_empty() {
        let strings = strings.into_iter().map(|(key, value)| (key, ByteString(value.into_bytes())));
        secret.data.get_or_insert_default().extend(strings);
    }
    secret.normalize(Spelling::Canonical);
    secret.type_.get_or_insert_with(|| "Opaque".to_owned());
}

/// All that is wrong with a new Secret.
pub fn validate_create(meta: &Meta, secret: &Secret) -> FieldErrors {
    let mut errors = FieldErrors::new();
    validate(meta, secret, &mut errors);
    errors
}

/// All that is wrong with a changed Secret.
pub fn validate_update(new_meta: &Meta, new: &Secret, old_meta: &Meta, old: &Secret) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check_update(new_meta, old_meta, &mut errors);
    checks::immutable(text(&new.type_), text(&old.type_), &Path::new("type"), &mut errors);
    if is_set(old.immutable) {
        let changed = [("immutable", !is_set(new.immutable)), ("data", new.data != old.data)];
        for (field, _) in changed.into_iter().filter(|(_, is_changed)| *is_changed) {
            errors.push(FieldError::forbidden(&Path::new(field), SEALED));
        }
    }
    validate(new_meta, new, &mut errors);
    errors
}

fn validate(meta: &Meta, secret: &Secret, errors: &mut FieldErrors) {
    object_meta::check(meta, Scope::Namespaced, names::dns1123_subdomain, errors);
    let path = Path::new("data");
    if validate_keys(&secret.data, &path, errors) > DATA_BYTES_MAX {
        errors.push(FieldError::too_long(&path, DATA_BYTES_MAX));
    }
    let mut require = |key: &str| errors.push(FieldError::required(&path.key(key), ""));
    let has = |key: &str| entry(&secret.data, key).is_some();
    match text(&secret.type_) {
        "kubernetes.io/service-account-token" if meta.annotations.get(ACCOUNT).is_none_or(str::is_empty) => {
            let path = Path::new("metadata");
            let path = path.child("annotations");
            errors.push(FieldError::required(&path.key(ACCOUNT), ""));
        }
        "kubernetes.io/dockercfg" => validate_json(secret, ".dockercfg", errors),
        "kubernetes.io/dockerconfigjson" => validate_json(secret, ".dockerconfigjson", errors),
        "kubernetes.io/basic-auth" if !has("username") && !has("password") => {
            require("username");
            require("password");
        }
        "kubernetes.io/ssh-auth"
            if entry(&secret.data, "ssh-privatekey").is_none_or(|key| key.0.is_empty()) =>
        {
            require("ssh-privatekey");
        }
        "kubernetes.io/tls" => {
            for key in ["tls.crt", "tls.key"].into_iter().filter(|key| !has(key)) {
                require(key);
            }
        }
        _ => {}
    }
}

/// A key whose value is a JSON object.
fn validate_json(secret: &Secret, key: &str, errors: &mut FieldErrors) {
    let path = Path::new("data");
    let path = path.key(key);
    match entry(&secret.data, key) {
        None => errors.push(FieldError::required(&path, "")),
        Some(json) => {
            if let Err(error) = serde_json::from_slice::<Option<Map<String, Value>>>(&json.0) {
                let redacted = "<secret contents redacted>";
                errors.push(FieldError::invalid(&path, redacted, error.to_string()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn secret(value: Value) -> Secret {
        let mut secret = serde_json::from_value(value).expect("a Secret");
        default(&mut secret);
        secret
    }

    fn faults(secret: &Secret) -> Vec<String> {
        validate_create(&Meta::namespaced("ns", "a"), secret).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn strings_become_data() {
        // ADM-05
        let one = secret(json!({"data": {"a": "MQ==", "b": "MQ=="}, "stringData": {"b": "2"}}));
        assert_eq!(one, secret(json!({"data": {"a": "MQ==", "b": "Mg=="}, "type": "Opaque"})));
        let mut twice = one.clone();
        default(&mut twice);
        assert_eq!(twice, one);
    }

    #[test]
    fn types_need_their_keys() {
        let rows: [(Value, &[&str]); 7] = [
            (json!({}), &[]),
            (json!({"type": "example.com/any"}), &[]),
            (
                json!({"type": "kubernetes.io/basic-auth"}),
                &["data[username]: Required value", "data[password]: Required value"],
            ),
            (json!({"type": "kubernetes.io/basic-auth", "stringData": {"password": ""}}), &[]),
            (
                json!({"type": "kubernetes.io/tls", "stringData": {"tls.crt": ""}}),
                &["data[tls.key]: Required value"],
            ),
            (
                json!({"type": "kubernetes.io/service-account-token"}),
                &["metadata.annotations[kubernetes.io/service-account.name]: Required value"],
            ),
            (json!({"type": "kubernetes.io/dockercfg", "stringData": {".dockercfg": "{}"}}), &[]),
        ];
        for (value, expected) in rows {
            assert_eq!(faults(&secret(value)), expected);
        }
        let broken = json!({"type": "kubernetes.io/dockercfg", "stringData": {".dockercfg": "secret"}});
        assert!(faults(&secret(broken))[0].contains("<secret contents redacted>"));
    }

    #[test]
    fn the_type_is_fixed() {
        let (old, new) = (secret(json!({})), secret(json!({"type": "example.com/x"})));
        let meta = Meta::namespaced("ns", "a");
        let errors = validate_update(&meta, &new, &meta, &old);
        assert_eq!(errors[0].to_string(), r#"type: Invalid value: "example.com/x": field is immutable"#);
    }
}
