//! Rules for every object's metadata (STORE-15, STORE-16, ADM-12).
//!
//! A create is checked by [`validate`] with the kind's rule for names. An update is checked by
//! [`validate_common_update`], and by the kind's own `validate_update`, which looks at the changes of metadata
//! once more: upstream reports some faults of an update twice in a status' causes, and clients see that.

use k8s_openapi::apimachinery::pkg::apis::meta::v1 as wire;
use serde::Serialize;

use super::checks;
use super::labels::{validate_annotations, validate_labels};
use crate::field::{FieldError, FieldErrors, Path};
use crate::names::{self, Faults};
use crate::object::{Meta, OwnerReference};

/// The finalizer of an orphaning deletion.
const ORPHAN: &str = "orphan";

/// The finalizer of a foreground deletion.
const FOREGROUND: &str = "foregroundDeletion";

/// What is wrong with a name, by the kind's rule: DNS subdomain, DNS label.
pub type NameRule = fn(&str) -> Faults;

/// Whether objects of a kind are in a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// They are.
    Namespaced,
    /// They are not.
    Cluster,
}

/// All that is wrong with metadata in itself. The name has been generated before.
pub fn validate(meta: &Meta, scope: Scope, name_rule: NameRule) -> FieldErrors {
    let mut errors = FieldErrors::new();
    check(meta, scope, name_rule, &mut errors);
    errors
}

/// All that is wrong with a change, by the rules that hold for every kind.
pub fn validate_common_update(new: &Meta, old: &Meta, scope: Scope) -> FieldErrors {
    let mut errors = validate(new, scope, names::path_segment);
    check_update(new, old, &mut errors);
    errors
}

/// Removes owner references that are there twice; the warning says of which owners (STORE-16).
pub fn deduplicate_owners(meta: &mut Meta) -> Option<String> {
    let mut kept: Vec<OwnerReference> = Vec::new();
    let mut repeated: Vec<String> = Vec::new();
    for owner in meta.owner_references.iter() {
        if kept.contains(owner) {
            repeated.push(owner.uid.to_string());
        } else {
            kept.push(owner.clone());
        }
    }
    if repeated.is_empty() {
        return None;
    }
    meta.owner_references = kept.into();
    Some(format!(
        ".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and \
         may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: {}",
        repeated.join(", ")
    ))
}

/// Metadata in itself.
pub(crate) fn check(meta: &Meta, scope: Scope, name_rule: NameRule, errors: &mut FieldErrors) {
    let path = Path::new("metadata");
    if let Some(prefix) = &meta.generate_name {
        let faults = name_rule(&names::as_prefix(prefix));
        checks::faults(&**prefix, faults, &path.child("generateName"), errors);
    }
    if meta.name.is_empty() {
        errors.push(FieldError::required(&path.child("name"), "name or generateName is required"));
    } else {
        checks::faults(&*meta.name, name_rule(&meta.name), &path.child("name"), errors);
    }
    let namespace_path = path.child("namespace");
    match (scope, meta.namespace.as_deref().unwrap_or_default()) {
        (Scope::Namespaced, "") => errors.push(FieldError::required(&namespace_path, "")),
        (Scope::Namespaced, namespace) => checks::dns_label(namespace, &namespace_path, errors),
        (Scope::Cluster, "") => {}
        (Scope::Cluster, _) => {
            errors.push(FieldError::forbidden(&namespace_path, "not allowed on this type"));
        }
    }
    checks::non_negative(meta.generation, &path.child("generation"), errors);
    check_keys_and_owners(meta, &path, errors);
    check_finalizers(meta, &path.child("finalizers"), errors);
}

fn check_keys_and_owners(meta: &Meta, path: &Path<'_>, errors: &mut FieldErrors) {
    validate_labels(&meta.labels, &path.child("labels"), errors);
    validate_annotations(&meta.annotations, &path.child("annotations"), errors);
    check_owners(&meta.owner_references, &path.child("ownerReferences"), errors);
}

/// Upstream's field order, which the generated types do not have.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireOwner {
    api_version: String,
    kind: String,
    name: String,
    uid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    controller: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    block_owner_deletion: Option<bool>,
}

impl From<&OwnerReference> for WireOwner {
    fn from(owner: &OwnerReference) -> Self {
        let wire::OwnerReference { api_version, kind, name, uid, controller, block_owner_deletion } =
            owner.to_wire();
        Self { api_version, kind, name, uid, controller, block_owner_deletion }
    }
}

fn check_owners(owners: &[OwnerReference], path: &Path<'_>, errors: &mut FieldErrors) {
    let mut controller: Option<&OwnerReference> = None;
    for owner in owners {
        check_owner(owner, path, errors);
        if !owner.is_controller() {
            continue;
        }
        match controller {
            None => controller = Some(owner),
            Some(first) => {
                let all: Vec<WireOwner> = owners.iter().map(WireOwner::from).collect();
                let why = format!(
                    "Only one reference can have Controller set to true. Found \"true\" in references for \
                     {}/{} and {}/{}",
                    first.kind, first.name, owner.kind, owner.name
                );
                errors.push(FieldError::invalid(path, &all, why));
            }
        }
    }
}

fn check_owner(owner: &OwnerReference, path: &Path<'_>, errors: &mut FieldErrors) {
    let version = owner.api_version.rsplit_once('/').map_or(&*owner.api_version, |(_, version)| version);
    let is_well_formed = owner.api_version.matches('/').count() <= 1;
    if version.is_empty() || !is_well_formed {
        let path = path.child("apiVersion");
        errors.push(FieldError::invalid(&path, &*owner.api_version, "version must not be empty"));
    }
    let uid = owner.uid.to_string();
    for (field, value) in [("kind", &*owner.kind), ("name", &*owner.name), ("uid", &*uid)] {
        if value.is_empty() {
            errors.push(FieldError::invalid(&path.child(field), value, "must not be empty"));
        }
    }
    if (&*owner.api_version, &*owner.kind) == ("v1", "Event") {
        let why = "/v1, Kind=Event is disallowed from being an owner";
        errors.push(FieldError::invalid(path, &WireOwner::from(owner), why));
    }
}

fn check_finalizers(meta: &Meta, path: &Path<'_>, errors: &mut FieldErrors) {
    for finalizer in meta.finalizers.iter() {
        checks::qualified_name(finalizer, path, errors);
    }
    if meta.finalizers.contains(ORPHAN) && meta.finalizers.contains(FOREGROUND) {
        let all: Vec<&str> = meta.finalizers.iter().collect();
        let why = format!("finalizer {ORPHAN} and {FOREGROUND} cannot be both set");
        errors.push(FieldError::invalid(path, &all, why));
    }
}

/// What may not change, or only in one direction.
pub(crate) fn check_update(new: &Meta, old: &Meta, errors: &mut FieldErrors) {
    let path = Path::new("metadata");
    if old.is_terminating() {
        check_no_new_finalizers(new, old, &path.child("finalizers"), errors);
    }
    if new.generation < old.generation {
        let path = path.child("generation");
        errors.push(FieldError::invalid(&path, &new.generation, "must not be decremented"));
    }
    checks::immutable(&*new.name, &*old.name, &path.child("name"), errors);
    let namespace = |meta: &Meta| meta.namespace.as_deref().unwrap_or_default().to_owned();
    checks::immutable(&namespace(new), &namespace(old), &path.child("namespace"), errors);
    if new.uid != old.uid {
        let uid = new.uid.as_ref().map(ToString::to_string).unwrap_or_default();
        errors.push(FieldError::invalid(&path.child("uid"), &uid, checks::IMMUTABLE));
    }
    let time = |time: Option<jiff::Timestamp>| time.map(wire::Time);
    let (created, was_created) = (time(new.creation_timestamp), time(old.creation_timestamp));
    checks::immutable(&created, &was_created, &path.child("creationTimestamp"), errors);
    let (deleted, was_deleted) = (time(new.deletion_timestamp), time(old.deletion_timestamp));
    checks::immutable(&deleted, &was_deleted, &path.child("deletionTimestamp"), errors);
    let grace_path = path.child("deletionGracePeriodSeconds");
    let (grace, old_grace) = (&new.deletion_grace_period_seconds, &old.deletion_grace_period_seconds);
    checks::immutable(grace, old_grace, &grace_path, errors);
    check_keys_and_owners(new, &path, errors);
}

fn check_no_new_finalizers(new: &Meta, old: &Meta, path: &Path<'_>, errors: &mut FieldErrors) {
    let mut extra: Vec<&str> =
        new.finalizers.iter().filter(|finalizer| !old.finalizers.contains(finalizer)).collect();
    if extra.is_empty() {
        return;
    }
    extra.sort_unstable();
    extra.dedup();
    let list: Vec<String> = extra.iter().map(|finalizer| format!("{finalizer:?}")).collect();
    let why = format!(
        "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
        list.join(", ")
    );
    errors.push(FieldError::forbidden(path, why));
}

/// The warning of a name that is valid but makes a poor host name (DEP-04).
pub(crate) fn host_name_warning(name: &str, used_as: &str) -> Option<String> {
    let faults = names::dns1123_label(name);
    (!faults.is_empty()).then(|| {
        format!(
            "metadata.name: this is used in {used_as}, which can result in surprising behavior; a DNS label is \
             recommended: [{}]",
            faults.join(" ")
        )
    })
}

#[cfg(test)]
mod tests;
