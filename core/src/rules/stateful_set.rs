//! StatefulSets (ADM-02, ADM-09, STS-32).

use k8s_openapi::api::apps::v1::{
    RollingUpdateStatefulSetStrategy, StatefulSetSpec, StatefulSetStatus, StatefulSetUpdateStrategy,
};

use super::absent::{number, text};
use super::normal_form::{self, NormalForm, Spelling};
use super::object_meta::{self, Scope};
use super::{checks, deployment, internal_form, labels, pod};
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::object::Meta;
use crate::rules::labels::SelectorValues;

/// Fills in what was not given (ADM-02), and drops what 1.36 knows only behind a gate that is off (STS-32).
pub fn default(spec: &mut StatefulSetSpec) {
    spec.normalize(Spelling::Canonical);
    pod::default_template(&mut spec.template);
    spec.pod_management_policy.get_or_insert_with(|| "OrderedReady".to_owned());
    let strategy = spec.update_strategy.get_or_insert_default();
    if strategy.type_.is_none() {
        strategy.type_ = Some("RollingUpdate".to_owned());
        strategy.rolling_update.get_or_insert_default();
    }
    if let Some(rolling) = &mut strategy.rolling_update {
        rolling.max_unavailable = None;
        if text(&strategy.type_) == "RollingUpdate" {
            rolling.partition.get_or_insert(0);
        }
    }
    let retention = spec.persistent_volume_claim_retention_policy.get_or_insert_default();
    for policy in [&mut retention.when_deleted, &mut retention.when_scaled] {
        policy.get_or_insert_with(|| "Retain".to_owned());
    }
    spec.replicas.get_or_insert(1);
    spec.revision_history_limit.get_or_insert(10);
    for claim in spec.volume_claim_templates.iter_mut().flatten() {
        claim.spec.get_or_insert_default().volume_mode.get_or_insert_with(|| "Filesystem".to_owned());
        claim.status.get_or_insert_default().phase.get_or_insert_with(|| "Pending".to_owned());
    }
}

/// Brings a status into its normal form.
pub fn default_status(status: &mut StatefulSetStatus) {
    status.normalize(Spelling::Canonical);
}

/// The status of a new StatefulSet: nothing was observed yet.
pub fn prepare_create() -> StatefulSetStatus {
    StatefulSetStatus { available_replicas: Some(0), ..StatefulSetStatus::default() }
}

/// Whether a change counts: of the spec, but not of the annotations.
pub fn is_new_generation(new: &StatefulSetSpec, old: &StatefulSetSpec) -> bool {
    !normal_form::same(new, old)
}

/// What is wrong with a name, which is part of host names (ADM-12).
pub fn validate_name(name: &str) -> Vec<String> {
    names::dns1123_label(name).into_iter().map(str::to_owned).collect()
}

/// All that is wrong with a new StatefulSet.
pub fn validate_create(meta: &Meta, spec: &StatefulSetSpec) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check(meta, Scope::Namespaced, names::dns1123_label, &mut errors);
    validate_spec(spec, None, &mut errors);
    errors
}

/// All that is wrong with a changed StatefulSet (ADM-09). Old names of set and service may be others.
pub fn validate_update(
    new_meta: &Meta,
    new: &StatefulSetSpec,
    old_meta: &Meta,
    old: &StatefulSetSpec,
) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check_update(new_meta, old_meta, &mut errors);
    validate_spec(new, Some(old), &mut errors);
    let allowed = StatefulSetSpec {
        replicas: new.replicas,
        ordinals: new.ordinals.clone(),
        template: new.template.clone(),
        update_strategy: new.update_strategy.clone(),
        revision_history_limit: new.revision_history_limit,
        persistent_volume_claim_retention_policy: new.persistent_volume_claim_retention_policy.clone(),
        min_ready_seconds: new.min_ready_seconds,
        ..old.clone()
    };
    if !normal_form::same(new, &allowed) {
        let why = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', \
                   'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and \
                   'minReadySeconds' are forbidden";
        errors.push(FieldError::forbidden(&Path::new("spec"), why));
    }
    errors
}

fn validate_spec(spec: &StatefulSetSpec, old: Option<&StatefulSetSpec>, errors: &mut FieldErrors) {
    let path = Path::new("spec");
    let policy_path = path.child("podManagementPolicy");
    match text(&spec.pod_management_policy) {
        "" => errors.push(FieldError::required(&policy_path, "")),
        "OrderedReady" | "Parallel" => {}
        other => {
            let why = "must be 'OrderedReady' or 'Parallel'";
            errors.push(FieldError::invalid(&policy_path, other, why));
        }
    }
    let none = StatefulSetUpdateStrategy::default();
    let strategy = spec.update_strategy.as_ref().unwrap_or(&none);
    validate_strategy(strategy, &path.child("updateStrategy"), errors);
    if let Some(policy) = &spec.persistent_volume_claim_retention_policy {
        let path = path.child("persistentVolumeClaimRetentionPolicy");
        for (field, word) in [("whenDeleted", &policy.when_deleted), ("whenScaled", &policy.when_scaled)] {
            checks::one_of(text(word), &["Retain", "Delete"], &path.child(field), errors);
        }
    }
    checks::non_negative(number(spec.replicas), &path.child("replicas"), errors);
    checks::non_negative(number(spec.min_ready_seconds), &path.child("minReadySeconds"), errors);
    if let Some(ordinals) = &spec.ordinals {
        checks::non_negative(number(ordinals.start), &path.child("ordinals.start"), errors);
    }
    if let Some(service) = spec.service_name.as_deref().filter(|_| old.is_none()) {
        checks::dns_label(service, &path.child("serviceName"), errors);
    }
    validate_pods(spec, old, &path, errors);
}

/// The selector and the template, of whose spec upstream looks at next to nothing: it cannot tell which
/// volumes the claims will add.
fn validate_pods(
    spec: &StatefulSetSpec,
    old: Option<&StatefulSetSpec>,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let (selector_path, template_path) = (path.child("selector"), path.child("template"));
    let selector = &spec.selector;
    let errors_before = errors.len();
    labels::validate_selector(Some(selector), SelectorValues::Strict, &selector_path, errors);
    if errors.len() > errors_before {
        errors.push(internal_form::invalid(&selector_path, "LabelSelector", selector, ""));
    } else {
        let is_given = !labels::is_empty(selector);
        if !is_given {
            errors.push(FieldError::required(&selector_path, ""));
        }
        let template_labels = spec.template.metadata.as_ref().and_then(|meta| meta.labels.as_ref());
        if !is_given || !labels::matches(selector, &template_labels) {
            let path = template_path.child("metadata");
            let why = "`selector` does not match template `labels`";
            errors.push(FieldError::invalid(&path.child("labels"), &template_labels, why));
        }
        let old = old.map(|old| &old.template);
        pod::validate_template_metadata(&spec.template, old, &template_path, errors);
    }
    pod::validate_runs_forever(&spec.template, "StatefulSet", &template_path, errors);
}

fn validate_strategy(strategy: &StatefulSetUpdateStrategy, path: &Path<'_>, errors: &mut FieldErrors) {
    let rolling_path = path.child("rollingUpdate");
    match (text(&strategy.type_), &strategy.rolling_update) {
        ("", _) => errors.push(FieldError::required(path, "")),
        ("OnDelete", Some(rolling)) => {
            let why = "only allowed for updateStrategy 'RollingUpdate'";
            let type_name = "RollingUpdateStatefulSetStrategy";
            errors.push(internal_form::invalid(&rolling_path, type_name, rolling, why));
        }
        ("RollingUpdate", Some(rolling)) => validate_rolling(rolling, &rolling_path, errors),
        ("OnDelete" | "RollingUpdate", None) => {}
        _ => {
            let why = "must be 'RollingUpdate' or 'OnDelete'";
            errors.push(internal_form::invalid(path, "StatefulSetUpdateStrategy", strategy, why));
        }
    }
}

fn validate_rolling(rolling: &RollingUpdateStatefulSetStrategy, path: &Path<'_>, errors: &mut FieldErrors) {
    checks::non_negative(number(rolling.partition), &path.child("partition"), errors);
}

/// All that is wrong with a written status (SUB-03).
pub fn validate_status_update(
    new_meta: &Meta,
    new: &StatefulSetStatus,
    old_meta: &Meta,
    old: &StatefulSetStatus,
) -> FieldErrors {
    let mut errors = FieldErrors::new();
    let path = Path::new("status");
    let (ready, available) = (number(new.ready_replicas), number(new.available_replicas));
    let parts = [
        ("readyReplicas", ready),
        ("currentReplicas", number(new.current_replicas)),
        ("updatedReplicas", number(new.updated_replicas)),
        ("availableReplicas", available),
    ];
    checks::non_negative(new.replicas, &path.child("replicas"), &mut errors);
    for (field, count) in parts {
        checks::non_negative(count, &path.child(field), &mut errors);
    }
    let observed = number(new.observed_generation);
    checks::non_negative(observed, &path.child("observedGeneration"), &mut errors);
    checks::non_negative(number(new.collision_count), &path.child("collisionCount"), &mut errors);
    for (field, count) in parts.iter().filter(|(_, count)| *count > new.replicas) {
        let why = "cannot be greater than status.replicas";
        errors.push(FieldError::invalid(&path.child(field), count, why));
    }
    if available > ready {
        let why = "cannot be greater than status.readyReplicas";
        errors.push(FieldError::invalid(&path.child("availableReplicas"), &available, why));
    }
    object_meta::check_update(new_meta, old_meta, &mut errors);
    deployment::validate_collisions(new.collision_count, old.collision_count, &path, &mut errors);
    errors
}

/// Warnings about a new StatefulSet.
pub fn create_warnings(spec: &StatefulSetSpec) -> Vec<String> {
    update_warnings(spec, true)
}

/// Warnings about a changed StatefulSet.
pub fn update_warnings(spec: &StatefulSetSpec, is_new_generation: bool) -> Vec<String> {
    let path = Path::new("spec");
    let mut warnings = Vec::new();
    if is_new_generation {
        warnings.extend(pod::template_warnings(&spec.template, &path.child("template")));
    }
    if number(spec.revision_history_limit) < 0 {
        warnings.push(
            "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is \
             recommended"
                .to_owned(),
        );
    }
    warnings
}

#[cfg(test)]
mod tests;
