//! CSIDrivers.

use std::collections::BTreeSet;

use k8s_openapi::api::storage::v1::{CSIDriver, CSIDriverSpec, TokenRequest};

use super::absent::items;
use super::checks;
use super::normal_form::{NormalForm, Spelling};
use super::object_meta::{self, Scope};
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::object::Meta;

const TOKEN_SECONDS_MIN: i64 = 600;
const TOKEN_SECONDS_MAX: i64 = 1 << 32;

/// Fills in what a driver is taken to do and not to do.
pub fn default(driver: &mut CSIDriver) {
    driver.normalize(Spelling::Canonical);
    let spec = &mut driver.spec;
    spec.attach_required.get_or_insert(true);
    for flag in [
        &mut spec.pod_info_on_mount,
        &mut spec.storage_capacity,
        &mut spec.requires_republish,
        &mut spec.se_linux_mount,
    ] {
        flag.get_or_insert(false);
    }
    spec.fs_group_policy.get_or_insert_with(|| "ReadWriteOnceWithFSType".to_owned());
    spec.volume_lifecycle_modes.get_or_insert_with(|| vec!["Persistent".to_owned()]);
}

/// All that is wrong with a new driver.
pub fn validate_create(meta: &Meta, driver: &CSIDriver) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check(meta, Scope::Cluster, names::dns1123_subdomain, &mut errors);
    validate(&driver.spec, &mut errors);
    errors
}

/// All that is wrong with a changed driver.
pub fn validate_update(new_meta: &Meta, new: &CSIDriver, old_meta: &Meta, old: &CSIDriver) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check_update(new_meta, old_meta, &mut errors);
    validate(&new.spec, &mut errors);
    let (new, old, path) = (&new.spec, &old.spec, Path::new("spec"));
    // Upstream's word for the first field is none of the field's names.
    checks::immutable(
        &new.attach_required,
        &old.attach_required,
        &path.child("attachedRequired"),
        &mut errors,
    );
    let path_of = path.child("volumeLifecycleModes");
    checks::immutable(&new.volume_lifecycle_modes, &old.volume_lifecycle_modes, &path_of, &mut errors);
    errors
}

fn validate(spec: &CSIDriverSpec, errors: &mut FieldErrors) {
    let path = Path::new("spec");
    if let Some(policy) = &spec.fs_group_policy {
        let policies = ["File", "None", "ReadWriteOnceWithFSType"];
        checks::one_of(policy, &policies, &path.child("fsGroupPolicy"), errors);
    }
    validate_tokens(items(&spec.token_requests), &path.child("tokenRequests"), errors);
    for mode in items(&spec.volume_lifecycle_modes) {
        let modes = ["Persistent", "Ephemeral"];
        checks::one_of(mode, &modes, &path.child("volumeLifecycleModes"), errors);
    }
    if let Some(seconds) = spec.node_allocatable_update_period_seconds.filter(|seconds| *seconds < 10) {
        let path = path.child("nodeAllocatableUpdatePeriodSeconds");
        errors.push(FieldError::invalid(&path, &seconds, "must be greater than or equal to 10 seconds"));
    }
}

fn validate_tokens(requests: &[TokenRequest], path: &Path<'_>, errors: &mut FieldErrors) {
    let mut audiences = BTreeSet::new();
    for (index, request) in requests.iter().enumerate() {
        let path = path.index(index);
        if !audiences.insert(&request.audience) {
            errors.push(FieldError::duplicate(&path.child("audience"), &request.audience));
            continue;
        }
        let path = path.child("expirationSeconds");
        let why = match request.expiration_seconds {
            Some(seconds) if seconds < TOKEN_SECONDS_MIN => "may not specify a duration less than 10 minutes",
            Some(seconds) if seconds > TOKEN_SECONDS_MAX => {
                "may not specify a duration larger than 2^32 seconds"
            }
            _ => continue,
        };
        errors.push(FieldError::invalid(&path, &request.expiration_seconds, why));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};

    use super::*;

    fn driver(spec: Value) -> CSIDriver {
        let mut driver = from_value(json!({"metadata": {}, "spec": spec})).expect("a driver");
        default(&mut driver);
        driver
    }

    #[test]
    fn drivers_are_filled_in_and_checked() {
        let expected = json!({
            "attachRequired": true, "podInfoOnMount": false, "storageCapacity": false, "requiresRepublish": false,
            "seLinuxMount": false, "fsGroupPolicy": "ReadWriteOnceWithFSType",
            "volumeLifecycleModes": ["Persistent"],
        });
        assert_eq!(serde_json::to_value(driver(json!({})).spec).expect("JSON"), expected);
        let bad = driver(json!({
            "fsGroupPolicy": "Some", "tokenRequests": [{"audience": "a", "expirationSeconds": 5}, {"audience": "a"}],
        }));
        let errors = validate_create(&Meta::cluster("a"), &bad);
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "spec.fsGroupPolicy: Unsupported value: \"Some\": supported values: \"File\", \"None\", \
                 \"ReadWriteOnceWithFSType\"",
                "spec.tokenRequests[0].expirationSeconds: Invalid value: 5: may not specify a duration less than \
                 10 minutes",
                "spec.tokenRequests[1].audience: Duplicate value: \"a\"",
            ]
        );
    }

    #[test]
    fn how_volumes_are_attached_stays() {
        let meta = Meta::cluster("a");
        let errors =
            validate_update(&meta, &driver(json!({"attachRequired": false})), &meta, &driver(json!({})));
        assert_eq!(errors[0].to_string(), "spec.attachedRequired: Invalid value: false: field is immutable");
    }
}
