//! Leases.

use k8s_openapi::api::coordination::v1::LeaseSpec;

use super::absent::text;
use super::checks;
use super::normal_form::{NormalForm, Spelling};
use super::object_meta::{self, Scope};
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::object::Meta;

/// Brings a Lease's spec into its normal form.
pub fn default(spec: &mut LeaseSpec) {
    spec.normalize(Spelling::Canonical);
}

/// All that is wrong with a new Lease.
pub fn validate_create(meta: &Meta, spec: &LeaseSpec) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check(meta, Scope::Namespaced, names::dns1123_subdomain, &mut errors);
    validate_spec(spec, &mut errors);
    errors
}

/// All that is wrong with a changed Lease.
pub fn validate_update(new_meta: &Meta, new: &LeaseSpec, old_meta: &Meta) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check_update(new_meta, old_meta, &mut errors);
    validate_spec(new, &mut errors);
    errors
}

fn validate_spec(spec: &LeaseSpec, errors: &mut FieldErrors) {
    let path = Path::new("spec");
    if let Some(seconds) = spec.lease_duration_seconds.filter(|seconds| *seconds <= 0) {
        let path = path.child("leaseDurationSeconds");
        errors.push(FieldError::invalid(&path, &seconds, "must be greater than 0"));
    }
    if let Some(transitions) = spec.lease_transitions {
        checks::non_negative(transitions, &path.child("leaseTransitions"), errors);
    }
    let strategy_path = path.child("strategy");
    if let Some(strategy) = &spec.strategy {
        // Upstream names the field twice.
        let path = strategy_path.child("strategy");
        if strategy.contains('/') {
            checks::qualified_name(strategy, &path, errors);
        } else {
            checks::one_of(strategy, &["OldestEmulationVersion"], &path, errors);
        }
    }
    if !text(&spec.preferred_holder).is_empty() && text(&spec.strategy).is_empty() {
        let why = "may only be specified if `strategy` is defined";
        errors.push(FieldError::forbidden(&path.child("preferredHolder"), why));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn durations_are_positive() {
        let rows = [
            (json!({"leaseDurationSeconds": 15, "leaseTransitions": 0}), ""),
            (
                json!({"leaseDurationSeconds": 0}),
                "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0",
            ),
            (
                json!({"leaseTransitions": -1}),
                "spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0",
            ),
            (
                json!({"preferredHolder": "a"}),
                "spec.preferredHolder: Forbidden: may only be specified if `strategy` is defined",
            ),
        ];
        for (value, expected) in rows {
            let spec = serde_json::from_value(value).expect("a Lease's spec");
            let errors = validate_create(&Meta::namespaced("ns", "a"), &spec);
            let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
            assert_eq!(texts.join("\n"), expected);
        }
    }

    #[test]
    fn times_are_microseconds() {
        let spec = json!({"renewTime": "2026-01-01T00:00:00.123456789Z"});
        let mut spec: LeaseSpec = serde_json::from_value(spec).expect("a Lease's spec");
        default(&mut spec);
        let time = spec.renew_time.expect("a time").0;
        assert_eq!(time.subsec_nanosecond(), 123_456_000);
    }
}
