//! What the server decides and checks when a pod is created (ADM-06, ADM-08).

use k8s_openapi::api::core::v1::{
    AppArmorProfile, Container, PodAffinityTerm, PodCondition, PodSpec, PodStatus, SecurityContext,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement, Time};

use super::options::Options;
use super::spec::{self, Identity};
use super::{annotations, containers, projected, qos, security};
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::object::Meta;
use crate::rules::absent::{items, text};
use crate::rules::entries::Entries;
use crate::rules::object_meta::{self, Scope};

/// The first status of a pod: pending, with its class and, if it is gated, the condition that says so.
///
/// Label keys of affinity and spread constraints become requirements with the pod's own values, and
/// AppArmor annotations become fields.
pub fn prepare_create(meta: &Meta, spec: &mut PodSpec) -> PodStatus {
    merge_label_keys(meta, spec);
    convert_app_armor(meta, spec);
    let gated = (!items(&spec.scheduling_gates).is_empty()).then(|| {
        vec![PodCondition {
            type_: "PodScheduled".to_owned(),
            status: "False".to_owned(),
            reason: Some("SchedulingGated".to_owned()),
            message: Some("Scheduling is blocked due to non-empty scheduling gates".to_owned()),
            last_transition_time: meta.creation_timestamp.map(Time),
            ..PodCondition::default()
        }]
    });
    PodStatus {
        phase: Some("Pending".to_owned()),
        qos_class: Some(qos::qos_class(spec).as_str().to_owned()),
        conditions: gated,
        ..PodStatus::default()
    }
}

fn merge_label_keys(meta: &Meta, spec: &mut PodSpec) {
    let in_terms = |term: &mut PodAffinityTerm| {
        let Some(selector) = &mut term.label_selector else { return };
        require_own_values(selector, items(&term.match_label_keys), "In", meta);
        require_own_values(selector, items(&term.mismatch_label_keys), "NotIn", meta);
    };
    if let Some(affinity) = &mut spec.affinity {
        let near = affinity.pod_affinity.iter_mut().flat_map(|pods| {
            let required = pods.required_during_scheduling_ignored_during_execution.iter_mut().flatten();
            let preferred = pods.preferred_during_scheduling_ignored_during_execution.iter_mut().flatten();
            required.chain(preferred.map(|term| &mut term.pod_affinity_term))
        });
        near.for_each(in_terms);
        let far = affinity.pod_anti_affinity.iter_mut().flat_map(|pods| {
            let required = pods.required_during_scheduling_ignored_during_execution.iter_mut().flatten();
            let preferred = pods.preferred_during_scheduling_ignored_during_execution.iter_mut().flatten();
            required.chain(preferred.map(|term| &mut term.pod_affinity_term))
        });
        far.for_each(in_terms);
    }
    for constraint in spec.topology_spread_constraints.iter_mut().flatten() {
        if let Some(selector) = &mut constraint.label_selector {
            require_own_values(selector, items(&constraint.match_label_keys), "In", meta);
        }
    }
}

fn require_own_values(selector: &mut LabelSelector, keys: &[String], operator: &str, meta: &Meta) {
    for (key, value) in keys.iter().filter_map(|key| Some((key, meta.labels.get(key)?))) {
        selector.match_expressions.get_or_insert_default().push(LabelSelectorRequirement {
            key: key.clone(),
            operator: operator.to_owned(),
            values: Some(vec![value.to_owned()]),
        });
    }
}

fn convert_app_armor(meta: &Meta, spec: &mut PodSpec) {
    if meta.annotations.is_empty() || spec.os.as_ref().is_some_and(|os| os.name == "windows") {
        return;
    }
    let of_pod = spec.security_context.as_ref().and_then(|context| context.app_armor_profile.clone());
    let convert = |name: &str, context: &mut Option<SecurityContext>| {
        let annotation = meta.annotations.value(&format!("{}{name}", annotations::APP_ARMOR));
        let profile = annotation.and_then(app_armor_profile);
        let is_given = context.as_ref().is_some_and(|context| context.app_armor_profile.is_some());
        if profile.is_some() && profile != of_pod && !is_given {
            context.get_or_insert_default().app_armor_profile = profile;
        }
    };
    for container in spec.containers.iter_mut().chain(spec.init_containers.iter_mut().flatten()) {
        convert(&container.name, &mut container.security_context);
    }
    for container in spec.ephemeral_containers.iter_mut().flatten() {
        convert(&container.name, &mut container.security_context);
    }
}

/// The field an annotation stands for, if it is a valid one.
pub(super) fn app_armor_profile(annotation: &str) -> Option<AppArmorProfile> {
    let profile = |word: &str| AppArmorProfile { type_: word.to_owned(), localhost_profile: None };
    let profile = match annotation {
        "unconfined" => profile("Unconfined"),
        "runtime/default" => profile("RuntimeDefault"),
        _ => AppArmorProfile {
            localhost_profile: Some(annotation.strip_prefix(annotations::LOCALHOST)?.to_owned()),
            ..profile("Localhost")
        },
    };
    let mut errors = FieldErrors::new();
    security::validate_app_armor(Some(&profile), &Path::ROOT, &mut errors);
    errors.is_empty().then_some(profile)
}

/// All that is wrong with a new pod.
pub fn validate_create(meta: &Meta, spec: &PodSpec) -> FieldErrors {
    let mut errors = FieldErrors::new();
    validate_whole(meta, spec, &Options::create(true), false, &mut errors);
    let path = Path::new("spec");
    if spec.ephemeral_containers.is_some() {
        errors.push(FieldError::forbidden(&path.child("ephemeralContainers"), "cannot be set on create"));
    }
    if !text(&spec.node_name).is_empty() && !items(&spec.scheduling_gates).is_empty() {
        let why = "cannot be set until all schedulingGates have been cleared";
        errors.push(FieldError::forbidden(&path.child("nodeName"), why));
    }
    annotations::validate_agreement(&meta.annotations, spec, &path, &mut errors);
    errors
}

/// What holds for a pod at any time.
pub(super) fn validate_whole(
    meta: &Meta,
    spec: &PodSpec,
    options: &Options,
    keeps_cost: bool,
    errors: &mut FieldErrors,
) {
    object_meta::check(meta, Scope::Namespaced, names::dns1123_subdomain, errors);
    let (meta_path, path) = (Path::new("metadata"), Path::new("spec"));
    let annotations_path = meta_path.child("annotations");
    annotations::validate(&meta.annotations, spec, options, keeps_cost, &annotations_path, errors);
    let identity =
        Identity { name: &meta.name, is_mirror: meta.annotations.contains_key(annotations::MIRROR) };
    spec::validate(spec, identity, options, &path, errors);
    if text(&spec.service_account_name).is_empty() {
        let volumes = path.child("volumes");
        for (volume, source, _) in projected::tokens(spec) {
            let path = volumes.index(volume);
            let path = path.child("projected");
            let path = path.child("sources");
            let path = path.index(source);
            let why = "must not be specified when serviceAccountName is not set";
            errors.push(FieldError::forbidden(&path.child("serviceAccountToken"), why));
        }
    }
    let lists: [(&str, &[Container]); 2] =
        [("containers", &spec.containers), ("initContainers", items(&spec.init_containers))];
    for (field, list) in lists {
        let path = path.child(field);
        for (index, container) in list.iter().enumerate() {
            containers::validate_image_blanks(container, &path.index(index), errors);
        }
    }
}
