//! Validation of when an indexed Job has succeeded early (JOB-08).

use k8s_openapi::api::batch::v1::{SuccessPolicy, SuccessPolicyRule};

use super::indexes;
use crate::field::{FieldError, FieldErrors, Path};
use crate::rules::checks;

const RULES_MAX: usize = 20;
const INDEXES_BYTES_MAX: usize = 64 * 1024;

/// Checks the policy of a Job with so many completions.
pub(super) fn validate(policy: &SuccessPolicy, completions: i32, path: &Path<'_>, errors: &mut FieldErrors) {
    let path = path.child("rules");
    let rules = policy.rules.as_slice();
    if rules.is_empty() {
        let why = "at least one rules must be specified when the successPolicy is specified";
        errors.push(FieldError::required(&path, why));
    }
    if rules.len() > RULES_MAX {
        errors.push(FieldError::too_many(&path, rules.len(), RULES_MAX));
    }
    for (index, rule) in rules.iter().enumerate() {
        validate_rule(rule, completions, &path.index(index), errors);
    }
}

fn validate_rule(rule: &SuccessPolicyRule, completions: i32, path: &Path<'_>, errors: &mut FieldErrors) {
    if rule.succeeded_count.is_none() && rule.succeeded_indexes.is_none() {
        let why = "at least one of succeededCount or succeededIndexes must be specified";
        errors.push(FieldError::required(path, why));
    }
    let listed = rule.succeeded_indexes.as_ref().map(|text| {
        let path = path.child("succeededIndexes");
        if text.len() > INDEXES_BYTES_MAX {
            errors.push(FieldError::too_long(&path, INDEXES_BYTES_MAX));
        }
        indexes::count(text, completions).unwrap_or_else(|why| {
            let why = format!("error parsing succeededIndexes: {why}");
            errors.push(FieldError::invalid(&path, text, why));
            0
        })
    });
    let Some(count) = rule.succeeded_count else { return };
    let path = path.child("succeededCount");
    checks::non_negative(count, &path, errors);
    let limits = [
        (Some(completions), "specified completions"),
        (listed, "indexes in the specified succeededIndexes field"),
    ];
    for (limit, of) in limits {
        if let Some(limit) = limit.filter(|limit| count > *limit) {
            let why = format!("must be less than or equal to {limit} (the number of {of})");
            errors.push(FieldError::invalid(&path, &count, why));
        }
    }
}
