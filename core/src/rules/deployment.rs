//! Deployments (DEP-01 to DEP-06).

use k8s_openapi::api::apps::v1::{
    DeploymentSpec, DeploymentStatus, DeploymentStrategy, RollingUpdateDeployment,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::absent::{number, text};
use super::normal_form::{self, NormalForm, Spelling};
use super::object_meta::{self, Scope};
use super::{checks, internal_form, pod, replica_set};
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::object::Meta;

/// Fills in what was not given (ADM-02, DEP-01).
pub fn default(spec: &mut DeploymentSpec) {
    spec.normalize(Spelling::Canonical);
    pod::default_template(&mut spec.template);
    spec.replicas.get_or_insert(1);
    spec.revision_history_limit.get_or_insert(10);
    spec.progress_deadline_seconds.get_or_insert(600);
    let strategy = spec.strategy.get_or_insert_default();
    let word = strategy.type_.get_or_insert_with(|| "RollingUpdate".to_owned());
    if word == "RollingUpdate" {
        let rolling = strategy.rolling_update.get_or_insert_default();
        let quarter = || IntOrString::String("25%".to_owned());
        rolling.max_unavailable.get_or_insert_with(quarter);
        rolling.max_surge.get_or_insert_with(quarter);
    }
}

/// Brings a status into its normal form.
pub fn default_status(status: &mut DeploymentStatus) {
    status.normalize(Spelling::Canonical);
}

/// The status of a new Deployment: nothing was observed yet.
pub fn prepare_create() -> DeploymentStatus {
    DeploymentStatus::default()
}

/// The annotation by which a Deployment is told to go back to a revision, 0 for the one before (DEP-45).
pub const ROLLBACK_TO: &str = "deprecated.deployment.rollback.to";

/// Restores what a write to the status keeps of metadata: the labels, and of the annotations the wish to go back,
/// which counts as spec (DEP-06, DEP-45).
pub fn prepare_status_update(new_meta: &mut Meta, old_meta: &Meta) {
    new_meta.labels.clone_from(&old_meta.labels);
    let wish = old_meta.annotations.get_text(ROLLBACK_TO);
    if new_meta.annotations.get_text(ROLLBACK_TO) != wish {
        new_meta.annotations = match wish {
            Some(wish) => new_meta.annotations.with(ROLLBACK_TO, wish.clone()),
            None => new_meta.annotations.without(ROLLBACK_TO),
        };
    }
}

/// Whether a change counts: of the spec or of the annotations (DEP-05).
pub fn is_new_generation(
    new_meta: &Meta,
    new: &DeploymentSpec,
    old_meta: &Meta,
    old: &DeploymentSpec,
) -> bool {
    new_meta.annotations != old_meta.annotations || !normal_form::same(new, old)
}

/// All that is wrong with a new Deployment (DEP-02, DEP-03).
pub fn validate_create(meta: &Meta, spec: &DeploymentSpec) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check(meta, Scope::Namespaced, names::dns1123_subdomain, &mut errors);
    validate_spec(spec, None, &mut errors);
    validate_rollback(meta, &mut errors);
    errors
}

/// All that is wrong with a changed Deployment (DEP-04).
pub fn validate_update(
    new_meta: &Meta,
    new: &DeploymentSpec,
    old_meta: &Meta,
    old: &DeploymentSpec,
) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check_update(new_meta, old_meta, &mut errors);
    validate_spec(new, Some(old), &mut errors);
    validate_rollback(new_meta, &mut errors);
    replica_set::validate_selector_update(&new.selector, &old.selector, &mut errors);
    errors
}

/// The revision to go back to is a number, and not negative (DEP-45). Upstream cannot even decode what is no number.
fn validate_rollback(meta: &Meta, errors: &mut FieldErrors) {
    let Some(wish) = meta.annotations.get(ROLLBACK_TO).filter(|wish| !wish.is_empty()) else { return };
    match wish.parse::<i64>() {
        Ok(revision) => {
            let path = Path::new("spec");
            checks::non_negative(revision, &path.child("rollback").child("version"), errors);
        }
        Err(_) => {
            let path = Path::new("metadata");
            let path = path.child("annotations");
            errors.push(FieldError::invalid(&path.key(ROLLBACK_TO), wish, "must be an integer"));
        }
    }
}

fn validate_spec(spec: &DeploymentSpec, old: Option<&DeploymentSpec>, errors: &mut FieldErrors) {
    let path = Path::new("spec");
    checks::non_negative(number(spec.replicas), &path.child("replicas"), errors);
    if replica_set::validate_selector(&spec.selector, &path.child("selector"), errors) {
        let old = old.map(|old| &old.template);
        pod::validate_for_replicas(&spec.template, old, &spec.selector, &path.child("template"), errors);
    }
    let no_strategy = DeploymentStrategy::default();
    let strategy = spec.strategy.as_ref().unwrap_or(&no_strategy);
    validate_strategy(strategy, &path.child("strategy"), errors);
    let ready_seconds = number(spec.min_ready_seconds);
    checks::non_negative(ready_seconds, &path.child("minReadySeconds"), errors);
    if let Some(limit) = spec.revision_history_limit {
        checks::non_negative(limit, &path.child("revisionHistoryLimit"), errors);
    }
    if let Some(deadline) = spec.progress_deadline_seconds {
        let path = path.child("progressDeadlineSeconds");
        checks::non_negative(deadline, &path, errors);
        if deadline <= ready_seconds {
            errors.push(FieldError::invalid(&path, &deadline, "must be greater than minReadySeconds"));
        }
    }
}

fn validate_strategy(strategy: &DeploymentStrategy, path: &Path<'_>, errors: &mut FieldErrors) {
    let rolling_path = path.child("rollingUpdate");
    match (text(&strategy.type_), &strategy.rolling_update) {
        ("Recreate", None) => {}
        ("Recreate", Some(_)) => {
            let why = "may not be specified when strategy `type` is 'Recreate'";
            errors.push(FieldError::forbidden(&rolling_path, why));
        }
        ("RollingUpdate", Some(rolling)) => validate_rolling(rolling, &rolling_path, errors),
        ("RollingUpdate", None) => {
            let why = "this should be defaulted and never be nil";
            errors.push(FieldError::required(&rolling_path, why));
        }
        (other, _) => {
            let shown = internal_form::compact("DeploymentStrategy", strategy);
            let error = FieldError::not_supported(path, other, &["Recreate", "RollingUpdate"]);
            errors.push(FieldError { value: Some(shown), ..error });
        }
    }
}

fn validate_rolling(rolling: &RollingUpdateDeployment, path: &Path<'_>, errors: &mut FieldErrors) {
    let none = IntOrString::Int(0);
    let unavailable = rolling.max_unavailable.as_ref().unwrap_or(&none);
    let surge = rolling.max_surge.as_ref().unwrap_or(&none);
    let unavailable_path = path.child("maxUnavailable");
    validate_share(unavailable, &unavailable_path, errors);
    validate_share(surge, &path.child("maxSurge"), errors);
    if is_zero(unavailable) && is_zero(surge) {
        let why = "may not be 0 when `maxSurge` is 0";
        errors.push(FieldError::invalid(&unavailable_path, unavailable, why));
    }
    validate_not_over_all(unavailable, &unavailable_path, errors);
}

/// A number, or a percentage of the replicas.
pub(crate) fn validate_share(share: &IntOrString, path: &Path<'_>, errors: &mut FieldErrors) {
    match share {
        IntOrString::Int(number) => checks::non_negative(*number, path, errors),
        IntOrString::String(text) if digits(text).is_none() => {
            let why = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or \
                       '93%', regex used for validation is '[0-9]+%')";
            errors.push(FieldError::invalid(path, text, why));
        }
        IntOrString::String(_) => {}
    }
}

/// At most all of the replicas, if it is a percentage.
pub(crate) fn validate_not_over_all(share: &IntOrString, path: &Path<'_>, errors: &mut FieldErrors) {
    if let IntOrString::String(text) = share
        && let Some(digits) = digits(text)
    {
        let digits = digits.trim_start_matches('0');
        if digits.len() > 3 || digits.parse().is_ok_and(|percent: u32| percent > 100) {
            errors.push(FieldError::invalid(path, text, "must not be greater than 100%"));
        }
    }
}

/// The digits of a percentage.
fn digits(text: &str) -> Option<&str> {
    let digits = text.strip_suffix('%')?;
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

/// Literally nothing; text that is neither number nor percentage counts as nothing too.
pub(crate) fn is_zero(share: &IntOrString) -> bool {
    match share {
        IntOrString::Int(number) => *number == 0,
        IntOrString::String(text) => match digits(text) {
            Some(digits) => digits.bytes().all(|byte| byte == b'0'),
            None => text.parse::<i32>().unwrap_or(0) == 0,
        },
    }
}

/// All that is wrong with a written status (DEP-06, SUB-03).
pub fn validate_status_update(
    new_meta: &Meta,
    new: &DeploymentStatus,
    old_meta: &Meta,
    old: &DeploymentStatus,
) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check_update(new_meta, old_meta, &mut errors);
    let path = Path::new("status");
    checks::non_negative(number(new.observed_generation), &path.child("observedGeneration"), &mut errors);
    let replicas = number(new.replicas);
    let (updated, ready, available) =
        (number(new.updated_replicas), number(new.ready_replicas), number(new.available_replicas));
    let counts = [
        ("replicas", replicas),
        ("updatedReplicas", updated),
        ("readyReplicas", ready),
        ("availableReplicas", available),
        ("unavailableReplicas", number(new.unavailable_replicas)),
        ("terminatingReplicas", number(new.terminating_replicas)),
        ("collisionCount", number(new.collision_count)),
    ];
    for (field, count) in counts {
        checks::non_negative(count, &path.child(field), &mut errors);
    }
    let parts = [("updatedReplicas", updated), ("readyReplicas", ready), ("availableReplicas", available)];
    replica_set::validate_parts(replicas, &parts, ready, &path, &mut errors);
    validate_collisions(new.collision_count, old.collision_count, &path, &mut errors);
    errors
}

/// A status' count of hash collisions only grows.
pub(crate) fn validate_collisions(
    new: Option<i32>,
    old: Option<i32>,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    if old.is_some() && new < old {
        let path = path.child("collisionCount");
        errors.push(FieldError::invalid(&path, &number(new), "cannot be decremented"));
    }
}

/// Warnings about a new Deployment (DEP-04).
pub fn create_warnings(meta: &Meta, spec: &DeploymentSpec) -> Vec<String> {
    let mut warnings = Vec::new();
    warnings.extend(object_meta::host_name_warning(&meta.name, "Pod names and hostnames"));
    warnings.extend(update_warnings(spec));
    warnings
}

/// Warnings about a Deployment that has a new generation.
pub fn update_warnings(spec: &DeploymentSpec) -> Vec<String> {
    pod::template_warnings(&spec.template, &Path::new("spec").child("template"))
}

#[cfg(test)]
mod tests;
