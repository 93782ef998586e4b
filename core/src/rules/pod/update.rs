//! What may change in a pod (ADM-11).

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    Affinity, Container, NodeAffinity, NodeSelectorTerm, PodSchedulingGate, PodSpec, Toleration,
};

use super::options::Options;
use super::{affinity, annotations, create, tolerations};
use crate::field::{FieldError, FieldErrors, Path};
use crate::object::Meta;
use crate::rules::absent::{items, number, text};
use crate::rules::{checks, internal_form, normal_form, object_meta};

const UPDATABLE: &str = "pod updates may not change fields other than `spec.containers[*].image`,\
                         `spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only \
                         additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be \
                         set to 1 if it was previously negative)";

/// Whether a change of a pod's spec counts as a new generation.
pub fn is_new_generation(new: &PodSpec, old: &PodSpec) -> bool {
    !normal_form::same(new, old)
}

/// All that is wrong with a change of a pod's main side: beside metadata only images, a shorter deadline,
/// more tolerations, fewer scheduling gates and, while there are any, a narrower choice of nodes are allowed.
pub fn validate_update(new_meta: &Meta, new: &PodSpec, old_meta: &Meta, old: &PodSpec) -> FieldErrors {
    let mut errors = FieldErrors::new();
    let options = Options::update(true, old);
    let keeps_cost = annotations::has_impossible_cost(&old_meta.annotations);
    object_meta::check_update(new_meta, old_meta, &mut errors);
    create::validate_whole(new_meta, new, &options, keeps_cost, &mut errors);
    validate_annotations(new_meta, new, old_meta, old, &mut errors);
    let path = Path::new("spec");
    let lists: [(&str, &[Container], &[Container]); 2] = [
        ("containers", &new.containers, &old.containers),
        ("initContainers", items(&new.init_containers), items(&old.init_containers)),
    ];
    for (field, new, old) in lists {
        if !validate_containers(new, old, &path.child(field), &mut errors) {
            return errors;
        }
    }
    if !validate_deadline(new, old, &path.child("activeDeadlineSeconds"), &mut errors) {
        return errors;
    }
    let tolerations_path = path.child("tolerations");
    validate_tolerations(new, old, &options, &tolerations_path, &mut errors);
    let (gates, old_gates) = (items(&new.scheduling_gates), items(&old.scheduling_gates));
    validate_gates(gates, old_gates, &path.child("schedulingGates"), &mut errors);
    if !normal_form::same(new, old) {
        validate_rest(new, old, &path, &mut errors);
    }
    errors
}

/// Annotations that are fixed, and once more those that mean something.
pub(super) fn validate_annotations(
    new_meta: &Meta,
    new: &PodSpec,
    old_meta: &Meta,
    old: &PodSpec,
    errors: &mut FieldErrors,
) {
    let options = Options::update(true, old);
    let keeps_cost = annotations::has_impossible_cost(&old_meta.annotations);
    let path = Path::new("metadata");
    let path = path.child("annotations");
    annotations::validate_update(&new_meta.annotations, &old_meta.annotations, &path, errors);
    annotations::validate(&new_meta.annotations, new, &options, keeps_cost, &path, errors);
}

/// Whether there is a point in looking further.
fn validate_containers(
    new: &[Container],
    old: &[Container],
    path: &Path<'_>,
    errors: &mut FieldErrors,
) -> bool {
    if new.len() != old.len() {
        errors.push(FieldError::forbidden(path, "pod updates may not add or remove containers"));
        return false;
    }
    for (index, container) in new.iter().enumerate() {
        let path = path.index(index);
        checks::required(text(&container.image), &path.child("image"), errors);
        super::containers::validate_image_blanks(container, &path, errors);
    }
    true
}

/// Whether there is a point in looking further.
fn validate_deadline(new: &PodSpec, old: &PodSpec, path: &Path<'_>, errors: &mut FieldErrors) -> bool {
    match (new.active_deadline_seconds, old.active_deadline_seconds) {
        (Some(new), _) if !(0..=i64::from(i32::MAX)).contains(&new) => {
            checks::in_range(new, 0, i32::MAX.into(), path, errors);
            return false;
        }
        (Some(new), Some(old)) if old < new => {
            let why = "must be less than or equal to previous value";
            errors.push(FieldError::invalid(path, &new, why));
            return false;
        }
        (None, Some(_)) => {
            let why = "must not update from a positive integer to nil value";
            errors.push(FieldError::invalid(path, &None::<i64>, why));
        }
        _ => {}
    }
    true
}

fn validate_tolerations(
    new: &PodSpec,
    old: &PodSpec,
    options: &Options,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let list = items(&new.tolerations);
    let is_kept = |old: &Toleration| {
        list.iter().any(|new| {
            let old = Toleration { toleration_seconds: new.toleration_seconds, ..old.clone() };
            old == *new
        })
    };
    if items(&old.tolerations).iter().all(is_kept) {
        tolerations::validate_with(list, options, path, errors);
    } else {
        let why = "existing toleration can not be modified except its tolerationSeconds";
        errors.push(FieldError::forbidden(path, why));
    }
}

fn validate_gates(
    new: &[PodSchedulingGate],
    old: &[PodSchedulingGate],
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let added: BTreeMap<&str, usize> = new
        .iter()
        .enumerate()
        .filter(|(_, gate)| !old.contains(gate))
        .map(|(index, gate)| (gate.name.as_str(), index))
        .collect();
    for (gate, index) in added {
        let path = path.index(index);
        let why = format!("only deletion is allowed, but found new scheduling gate '{gate}'");
        errors.push(FieldError::forbidden(&path.child("name"), why));
    }
}

/// Takes out of the change what is allowed; what is left is refused with its lines.
fn validate_rest(new: &PodSpec, old: &PodSpec, path: &Path<'_>, errors: &mut FieldErrors) {
    let mut rest = new.clone();
    let restore = |rest: &mut [Container], old: &[Container]| {
        for (container, old) in rest.iter_mut().zip(old) {
            container.image.clone_from(&old.image);
        }
    };
    restore(&mut rest.containers, &old.containers);
    if let (Some(rest), Some(old)) = (&mut rest.init_containers, &old.init_containers) {
        restore(rest, old);
    }
    rest.active_deadline_seconds = old.active_deadline_seconds;
    rest.scheduling_gates.clone_from(&old.scheduling_gates);
    rest.tolerations.clone_from(&old.tolerations);
    if number(old.termination_grace_period_seconds) < 0 && rest.termination_grace_period_seconds == Some(1) {
        rest.termination_grace_period_seconds = old.termination_grace_period_seconds;
    }
    if !items(&old.scheduling_gates).is_empty() {
        validate_gated(&mut rest, old, path, errors);
    }
    if !normal_form::same(&rest, old) {
        let diff = internal_form::diff("PodSpec", old, &rest);
        errors.push(FieldError::forbidden(path, format!("{UPDATABLE}\n{diff}")));
    }
}

/// A pod that is not to be scheduled yet may narrow its choice of nodes.
fn validate_gated(rest: &mut PodSpec, old: &PodSpec, path: &Path<'_>, errors: &mut FieldErrors) {
    let selector = |spec: &PodSpec| spec.node_selector.clone().unwrap_or_default();
    let new_selector = selector(rest);
    if selector(old).iter().any(|(key, value)| new_selector.get(key) != Some(value)) {
        let why = "only additions to spec.nodeSelector are allowed (no mutations or deletions)";
        errors.push(FieldError::invalid(&path.child("nodeSelector"), &rest.node_selector, why));
    }
    rest.node_selector.clone_from(&old.node_selector);
    let old_nodes = old.affinity.as_ref().and_then(|affinity| affinity.node_affinity.clone());
    let new_nodes = rest.affinity.as_ref().and_then(|affinity| affinity.node_affinity.as_ref());
    if new_nodes == old_nodes.as_ref() {
        return;
    }
    let path = path.child("affinity");
    validate_narrowed(rest, old, &path.child("nodeAffinity"), errors);
    restore_nodes(rest, old, old_nodes);
}

/// Undoes a change of node affinity, so that the rest can be compared.
fn restore_nodes(rest: &mut PodSpec, old: &PodSpec, old_nodes: Option<NodeAffinity>) {
    match &mut rest.affinity {
        None => {
            rest.affinity =
                old_nodes.map(|nodes| Affinity { node_affinity: Some(nodes), ..Affinity::default() });
        }
        Some(affinity)
            if old.affinity.is_none()
                && affinity.pod_affinity.is_none()
                && affinity.pod_anti_affinity.is_none() =>
        {
            rest.affinity = None;
        }
        Some(affinity) => affinity.node_affinity = old_nodes,
    }
}

fn validate_narrowed(new: &PodSpec, old: &PodSpec, path: &Path<'_>, errors: &mut FieldErrors) {
    let (new_terms, old_terms) = (affinity::required_node_terms(new), affinity::required_node_terms(old));
    let path = path.child("requiredDuringSchedulingIgnoredDuringExecution");
    let path = path.child("nodeSelectorTerms");
    if !old_terms.is_empty() && old_terms.len() != new_terms.len() {
        let why = "no additions/deletions to non-empty NodeSelectorTerms list are allowed";
        let shown = internal_form::compact_list("NodeSelectorTerm", new_terms);
        errors.push(FieldError { value: Some(shown), ..FieldError::invalid(&path, "", why) });
        return;
    }
    for (index, (new, old)) in new_terms.iter().zip(old_terms).enumerate() {
        if !has_only_additions(new, old) {
            let why = "only additions are allowed (no mutations or deletions)";
            errors.push(internal_form::invalid(&path.index(index), "NodeSelectorTerm", new, why));
        }
    }
}

/// An empty term matches nothing, so that adding to it is no narrowing.
fn has_only_additions(new: &NodeSelectorTerm, old: &NodeSelectorTerm) -> bool {
    let is_empty = |term: &NodeSelectorTerm| {
        items(&term.match_expressions).is_empty() && items(&term.match_fields).is_empty()
    };
    if is_empty(old) {
        return is_empty(new);
    }
    items(&new.match_expressions).starts_with(items(&old.match_expressions))
        && items(&new.match_fields).starts_with(items(&old.match_fields))
}
