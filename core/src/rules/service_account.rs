//! ServiceAccounts.

use k8s_openapi::api::core::v1::{ObjectReference, ServiceAccount};

use super::normal_form::{NormalForm, Spelling};
use super::object_meta::{self, Scope};
use crate::field::FieldErrors;
use crate::names;
use crate::object::Meta;

/// Brings an account into its normal form. Of the secrets it names only the names count.
pub fn default(account: &mut ServiceAccount) {
    for secret in account.secrets.iter_mut().flatten() {
        *secret = ObjectReference { name: secret.name.take(), ..ObjectReference::default() };
    }
    account.normalize(Spelling::Canonical);
}

/// All that is wrong with a new account.
pub fn validate_create(meta: &Meta, _account: &ServiceAccount) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check(meta, Scope::Namespaced, names::dns1123_subdomain, &mut errors);
    errors
}

/// All that is wrong with a changed account.
pub fn validate_update(
    new_meta: &Meta,
    new: &ServiceAccount,
    old_meta: &Meta,
    _old: &ServiceAccount,
) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check_update(new_meta, old_meta, &mut errors);
    errors.extend(validate_create(new_meta, new));
    errors
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn secrets_are_names() {
        let account = json!({
            "metadata": {}, "secrets": [{"name": "a", "namespace": "b", "kind": "Secret"}], "imagePullSecrets": [],
        });
        let mut account: ServiceAccount = from_value(account).expect("an account");
        default(&mut account);
        let expected = json!({
            "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {}, "secrets": [{"name": "a"}],
        });
        assert_eq!(serde_json::to_value(&account).expect("JSON"), expected);
        let errors = validate_create(&Meta::namespaced("ns", "Bad"), &account);
        assert_eq!(errors[0].field, "metadata.name");
    }
}
