//! PodDisruptionBudgets: how many of some pods may be missing at a time (SUB-06, OTHER-08).

use jiff::Timestamp;
use k8s_openapi::api::policy::v1::{PodDisruptionBudgetSpec, PodDisruptionBudgetStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use super::absent::number;
use super::deployment::{validate_not_over_all, validate_share};
use super::labels::{self, SelectorValues};
use super::normal_form::{self, NormalForm, Spelling};
use super::object_meta;
use super::{checks, conditions};
use crate::field::{FieldError, FieldErrors, Path};
use crate::object::Meta;

/// The type of the condition that says whether a pod may be evicted.
pub const DISRUPTION_ALLOWED: &str = "DisruptionAllowed";
/// Why it says no after the budget could not be computed.
pub const SYNC_FAILED: &str = "SyncFailed";

/// Brings a spec into its normal form; there is nothing to fill in.
pub fn default(spec: &mut PodDisruptionBudgetSpec) {
    spec.normalize(Spelling::Canonical);
}

/// Brings a status into its normal form, in which the counts are always shown.
pub fn default_status(status: &mut PodDisruptionBudgetStatus) {
    status.normalize(Spelling::Canonical);
}

/// The status of a new budget: nothing was observed, and nothing is allowed.
pub fn prepare_create() -> PodDisruptionBudgetStatus {
    let mut status = PodDisruptionBudgetStatus::default();
    default_status(&mut status);
    status
}

/// Whether a change counts.
pub fn is_new_generation(new: &PodDisruptionBudgetSpec, old: &PodDisruptionBudgetSpec) -> bool {
    !normal_form::same(new, old)
}

/// All that is wrong with a new budget.
pub fn validate_create(spec: &PodDisruptionBudgetSpec) -> FieldErrors {
    let mut errors = FieldErrors::new();
    validate(spec, SelectorValues::Strict, &mut errors);
    errors
}

/// All that is wrong with a changed budget.
pub fn validate_update(
    new_meta: &Meta,
    new: &PodDisruptionBudgetSpec,
    old_meta: &Meta,
    old: &PodDisruptionBudgetSpec,
) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check_update(new_meta, old_meta, &mut errors);
    let had_impossible_value = labels::has_impossible_value(old.selector.as_ref());
    let values = if had_impossible_value { SelectorValues::Lenient } else { SelectorValues::Strict };
    validate(new, values, &mut errors);
    errors
}

fn validate(spec: &PodDisruptionBudgetSpec, values: SelectorValues, errors: &mut FieldErrors) {
    let path = Path::new("spec");
    if spec.min_available.is_some() && spec.max_unavailable.is_some() {
        let why = "minAvailable and maxUnavailable cannot be both set";
        errors.push(FieldError::invalid(&path, spec, why));
    }
    for (field, share) in [("minAvailable", &spec.min_available), ("maxUnavailable", &spec.max_unavailable)] {
        if let Some(share) = share {
            validate_share(share, &path.child(field), errors);
            validate_not_over_all(share, &path.child(field), errors);
        }
    }
    labels::validate_selector(spec.selector.as_ref(), values, &path.child("selector"), errors);
    if let Some(policy) = &spec.unhealthy_pod_eviction_policy {
        let supported = ["AlwaysAllow", "IfHealthyBudget"];
        checks::one_of(policy, &supported, &path.child("unhealthyPodEvictionPolicy"), errors);
    }
}

/// All that is wrong with a written status (SUB-03).
pub fn validate_status_update(
    new_meta: &Meta,
    new: &PodDisruptionBudgetStatus,
    old_meta: &Meta,
) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check_update(new_meta, old_meta, &mut errors);
    let path = Path::new("status");
    conditions::validate(
        new.conditions.as_deref().unwrap_or_default(),
        &path.child("conditions"),
        &mut errors,
    );
    let counts = [
        ("disruptionsAllowed", new.disruptions_allowed),
        ("currentHealthy", new.current_healthy),
        ("desiredHealthy", new.desired_healthy),
        ("expectedPods", new.expected_pods),
    ];
    for (field, count) in counts {
        checks::non_negative(number(count), &path.child(field), &mut errors);
    }
    errors
}

/// Makes the condition say whether a disruption is allowed, as the counts have it.
pub fn set_disruption_allowed(status: &mut PodDisruptionBudgetStatus, now: Timestamp) {
    let (word, reason) = if number(status.disruptions_allowed) > 0 {
        ("True", "SufficientPods")
    } else {
        ("False", "InsufficientPods")
    };
    set_condition(status, word, reason, "", now);
}

/// Says that the budget could not be computed, so that nothing is allowed.
pub fn set_sync_failed(status: &mut PodDisruptionBudgetStatus, error: &str, now: Timestamp) {
    status.disruptions_allowed = Some(0);
    set_condition(status, "False", SYNC_FAILED, error, now);
}

fn set_condition(
    status: &mut PodDisruptionBudgetStatus,
    word: &str,
    reason: &str,
    message: &str,
    now: Timestamp,
) {
    let observed_generation = status.observed_generation.filter(|generation| *generation != 0);
    let mut condition = Condition {
        type_: DISRUPTION_ALLOWED.to_owned(),
        status: word.to_owned(),
        reason: reason.to_owned(),
        message: message.to_owned(),
        observed_generation,
        last_transition_time: Time(normal_form::whole_seconds(now)),
    };
    let list = status.conditions.get_or_insert_default();
    match list.iter_mut().find(|known| known.type_ == condition.type_) {
        Some(known) => {
            if known.status == condition.status {
                condition.last_transition_time = known.last_transition_time.clone();
            }
            *known = condition;
        }
        None => list.push(condition),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn spec(value: Value) -> PodDisruptionBudgetSpec {
        let mut spec = serde_json::from_value(value).expect("a spec");
        default(&mut spec);
        spec
    }

    fn texts(errors: &FieldErrors) -> Vec<String> {
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn shares_and_selectors_are_checked() {
        let rows = [
            (json!({"minAvailable": 1, "selector": {"matchLabels": {"a": "b"}}}), vec![]),
            (json!({"maxUnavailable": "100%", "unhealthyPodEvictionPolicy": "AlwaysAllow"}), vec![]),
            (json!({}), vec![]),
            (
                json!({"minAvailable": -1}),
                vec!["spec.minAvailable: Invalid value: -1: must be greater than or equal to 0"],
            ),
            (
                json!({"maxUnavailable": "101%"}),
                vec![r#"spec.maxUnavailable: Invalid value: "101%": must not be greater than 100%"#],
            ),
            (
                json!({"unhealthyPodEvictionPolicy": "Never"}),
                vec![
                    r#"spec.unhealthyPodEvictionPolicy: Unsupported value: "Never": supported values: "AlwaysAllow", "IfHealthyBudget""#,
                ],
            ),
        ];
        for (value, expected) in rows {
            assert_eq!(texts(&validate_create(&spec(value))), expected);
        }
        let both = validate_create(&spec(json!({"minAvailable": 1, "maxUnavailable": 1})));
        assert!(texts(&both)[0].ends_with("minAvailable and maxUnavailable cannot be both set"));
    }

    /// SUB-03: what a status may say.
    #[test]
    fn statuses_are_checked() {
        let meta = Meta::namespaced("ns", "x");
        let status = |value: Value| -> PodDisruptionBudgetStatus {
            let mut status = serde_json::from_value(value).expect("a status");
            default_status(&mut status);
            status
        };
        let negative = status(json!({
            "currentHealthy": 0, "desiredHealthy": -1, "disruptionsAllowed": 0, "expectedPods": 0,
        }));
        assert_eq!(
            texts(&validate_status_update(&meta, &negative, &meta)),
            ["status.desiredHealthy: Invalid value: -1: must be greater than or equal to 0"]
        );
        let mut told = prepare_create();
        set_disruption_allowed(&mut told, Timestamp::UNIX_EPOCH);
        set_disruption_allowed(&mut told, Timestamp::MAX);
        assert_eq!(validate_status_update(&meta, &told, &meta), []);
        let condition = &told.conditions.as_ref().expect("it was told")[0];
        assert_eq!(condition.last_transition_time.0, Timestamp::UNIX_EPOCH, "it has not changed since");
        let doubled = PodDisruptionBudgetStatus {
            conditions: Some(vec![condition.clone(), Condition { reason: "9".into(), ..condition.clone() }]),
            ..told.clone()
        };
        let found = texts(&validate_status_update(&meta, &doubled, &meta));
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("status.conditions[1].type: Duplicate value"), "{found:?}");
    }
}
