//! Validation of annotations that mean something to pods.

use k8s_openapi::api::core::v1::{PodSpec, SeccompProfile, Toleration};

use super::options::Options;
use super::{containers, paths, tolerations};
use crate::field::{FieldError, FieldErrors, Path};
use crate::rules::absent::text;
use crate::rules::entries::Entries;

/// A pod that stands for one a node has from its own disk.
pub(crate) const MIRROR: &str = "kubernetes.io/config.mirror";

const TOLERATIONS: &str = "scheduler.alpha.kubernetes.io/tolerations";
const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";
pub(super) const SECCOMP_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
pub(super) const SECCOMP_CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";

/// Starts the name of a container's AppArmor annotation.
pub(super) const APP_ARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";

/// Starts the value of an annotation that names a profile of the node.
pub(super) const LOCALHOST: &str = "localhost/";

/// Checks the annotations of a pod or template; `keeps_cost` if the stored object has an impossible one.
pub(super) fn validate(
    annotations: &impl Entries,
    spec: &PodSpec,
    options: &Options,
    keeps_cost: bool,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    if let Some(value) = annotations.value(MIRROR)
        && text(&spec.node_name).is_empty()
    {
        let why = "must set spec.nodeName if mirror pod annotation is set";
        errors.push(FieldError::invalid(&path.key(MIRROR), value, why));
    }
    if let Some(list) = annotations.value(TOLERATIONS).filter(|list| !list.is_empty()) {
        match serde_json::from_str::<Vec<Toleration>>(list) {
            Ok(list) => tolerations::validate_with(&list, options, &path.child(TOLERATIONS), errors),
            Err(error) => errors.push(FieldError::invalid(path, TOLERATIONS, error.to_string())),
        }
    }
    if let Some(cost) = annotations.value(DELETION_COST).filter(|cost| !keeps_cost && !is_cost(cost)) {
        errors.push(FieldError::invalid(&path.key(DELETION_COST), cost, "must be a 32bit integer"));
    }
    if let Some(profile) = annotations.value(SECCOMP_POD) {
        validate_seccomp(profile, &path.child(SECCOMP_POD), errors);
    }
    for (key, profile) in annotations.pairs() {
        if key.starts_with(SECCOMP_CONTAINER) {
            validate_seccomp(profile, &path.child(key), errors);
        }
    }
    for (key, profile) in annotations.pairs() {
        if let Some(container) = key.strip_prefix(APP_ARMOR) {
            validate_app_armor(container, profile, spec, &path.key(key), errors);
        }
    }
}

/// A whole number of 32 bits without a plus or zeros at its start.
fn is_cost(cost: &str) -> bool {
    let is_started =
        cost.starts_with('-') || cost == "0" || cost.starts_with(|first: char| ('1'..='9').contains(&first));
    is_started && cost.parse::<i32>().is_ok()
}

/// Whether the annotations have a deletion cost that new ones could not have.
pub(super) fn has_impossible_cost(annotations: &impl Entries) -> bool {
    annotations.value(DELETION_COST).is_some_and(|cost| !is_cost(cost))
}

fn validate_seccomp(profile: &str, path: &Path<'_>, errors: &mut FieldErrors) {
    match profile {
        "runtime/default" | "docker/default" | "unconfined" => {}
        _ => match profile.strip_prefix(LOCALHOST) {
            Some(file) => paths::validate_descending(file, path, errors),
            None => errors.push(FieldError::invalid(path, profile, "must be a valid seccomp profile")),
        },
    }
}

fn validate_app_armor(
    container: &str,
    profile: &str,
    spec: &PodSpec,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let mut is_found = false;
    containers::for_each(spec, &Path::ROOT, |candidate, _| is_found |= candidate.name == container);
    if !is_found {
        errors.push(FieldError::invalid(path, container, "container not found"));
    }
    let is_known = matches!(profile, "" | "runtime/default" | "unconfined") || profile.starts_with(LOCALHOST);
    if !is_known {
        let why = format!("invalid AppArmor profile name: {profile:?}");
        errors.push(FieldError::invalid(path, profile, why));
    }
}

/// Checks that the old annotations and the fields that took their place do not contradict each other.
pub(super) fn validate_agreement(
    annotations: &impl Entries,
    spec: &PodSpec,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let of_pod = spec.security_context.as_ref();
    if let Some((annotation, profile)) =
        annotations.value(SECCOMP_POD).zip(of_pod.and_then(|context| context.seccomp_profile.as_ref()))
    {
        let path = path.child("securityContext");
        validate_seccomp_agreement(annotation, profile, &path.child("seccompProfile"), errors);
    }
    containers::for_each(spec, path, |container, path| {
        let annotation = annotations.value(&format!("{SECCOMP_CONTAINER}{}", container.name));
        let profile =
            container.security_context.as_ref().and_then(|context| context.seccomp_profile.as_ref());
        if let Some((annotation, profile)) = annotation.zip(profile) {
            let path = path.child("securityContext");
            validate_seccomp_agreement(annotation, profile, &path.child("seccompProfile"), errors);
        }
    });
    if spec.os.as_ref().is_some_and(|os| os.name == "windows") {
        return;
    }
    let pod_profile = of_pod.and_then(|context| context.app_armor_profile.as_ref());
    containers::for_each(spec, path, |container, path| {
        let annotation = annotations.value(&format!("{APP_ARMOR}{}", container.name));
        let profile =
            container.security_context.as_ref().and_then(|context| context.app_armor_profile.as_ref());
        if let Some((annotation, profile)) = annotation.zip(profile.or(pod_profile)) {
            let path = path.child("securityContext");
            let path = path.child("appArmorProfile");
            let localhost = profile.localhost_profile.as_deref();
            let fault = disagreement(annotation, &["runtime/default"], &profile.type_, localhost);
            if let Some(field) = fault {
                let noun = if field == "type" { "apparmor type" } else { "apparmor profile" };
                let why = format!("{noun} in annotation and field must match");
                errors.push(FieldError::forbidden(&path.child(field), why));
            }
        }
    });
}

fn validate_seccomp_agreement(
    annotation: &str,
    profile: &SeccompProfile,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let localhost = profile.localhost_profile.as_deref();
    let fault = disagreement(annotation, &["runtime/default", "docker/default"], &profile.type_, localhost);
    if let Some(field) = fault {
        let noun = if field == "type" { "seccomp type" } else { "seccomp profile" };
        let why = format!("{noun} in annotation and field must match");
        errors.push(FieldError::forbidden(&path.child(field), why));
    }
}

/// The field in which a profile and an annotation differ.
fn disagreement(
    annotation: &str,
    defaults: &[&str],
    profile_type: &str,
    localhost: Option<&str>,
) -> Option<&'static str> {
    match profile_type {
        "Unconfined" => (annotation != "unconfined").then_some("type"),
        "RuntimeDefault" => (!defaults.contains(&annotation)).then_some("type"),
        "Localhost" => match annotation.strip_prefix(LOCALHOST) {
            None => Some("type"),
            file => (file != localhost).then_some("localhostProfile"),
        },
        _ => None,
    }
}

/// Checks changes of annotations that are fixed at creation.
pub(super) fn validate_update(
    new: &impl Entries,
    old: &impl Entries,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    for (key, _) in old.pairs().filter(|(key, value)| new.value(key) != Some(value)) {
        refuse_change(key, "remove or update", path, errors);
    }
    for (key, _) in new.pairs().filter(|(key, _)| old.value(key).is_none()) {
        refuse_change(key, "add", path, errors);
    }
}

fn refuse_change(key: &str, change: &str, path: &Path<'_>, errors: &mut FieldErrors) {
    let noun = if key.starts_with(APP_ARMOR) {
        "AppArmor annotations"
    } else if key == MIRROR {
        "mirror pod annotation"
    } else {
        return;
    };
    errors.push(FieldError::forbidden(&path.key(key), format!("may not {change} {noun}")));
}
