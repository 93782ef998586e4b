use std::sync::Arc;

use setpoint_core::field::{FieldError, FieldErrors, Path};
use setpoint_core::names;
use setpoint_core::object::{Draft, Meta, Object};
use setpoint_core::rules::object_meta::{self, Scope};
use setpoint_core::{Error, Result};

const METADATA: Path<'static> = Path::new("metadata");

/// The error of an object with faults.
pub(super) fn invalid(draft: &Draft, faults: &FieldErrors) -> Error {
    let kind = draft.kind();
    Error::invalid(&kind.names.kind, &kind.resource.group, &draft.meta().name, faults)
}

/// What is wrong with a new object's name and namespace.
pub(super) fn name_faults(draft: &Draft) -> FieldErrors {
    let meta = draft.meta();
    let mut faults = FieldErrors::new();
    if meta.name.is_empty() {
        faults.push(FieldError::required(&METADATA.child("name"), "name or generateName is required"));
    } else {
        let texts = draft.kind().rules.validate_name(&meta.name);
        let path = METADATA.child("name");
        faults.extend(texts.into_iter().map(|text| FieldError::invalid(&path, &*meta.name, text)));
    }
    if draft.kind().is_namespaced() && meta.namespace.is_none() {
        faults.push(FieldError::required(&METADATA.child("namespace"), ""));
    }
    faults
}

/// What is wrong with a new object's metadata by the rules that hold for every kind (STORE-16).
pub(super) fn validate(draft: &Draft) -> FieldErrors {
    object_meta::validate(draft.meta(), scope(draft), names::path_segment)
}

/// What is wrong with changed metadata, and what may not change (STORE-15).
pub(super) fn validate_update(draft: &Draft, old: &Meta) -> FieldErrors {
    object_meta::validate_common_update(draft.meta(), old, scope(draft))
}

fn scope(draft: &Draft) -> Scope {
    if draft.kind().is_namespaced() { Scope::Namespaced } else { Scope::Cluster }
}

/// References to one owner count once (STORE-16); the client is told.
pub(super) fn drop_duplicate_owners(draft: &mut Draft) -> Vec<String> {
    // Most objects have one owner at the most, and go on sharing their metadata.
    if draft.meta().owner_references.len() < 2 {
        return Vec::new();
    }
    let mut meta = draft.meta().clone();
    let warning = object_meta::deduplicate_owners(&mut meta);
    if warning.is_some() {
        *draft.meta_mut() = meta;
    }
    warning.into_iter().collect()
}

/// An object stays in its namespace; one that says none is in it.
pub(super) fn check_namespace(draft: &Draft, old: &Object) -> Result<()> {
    let sent = draft.meta().namespace.as_ref();
    if draft.kind().is_namespaced() && sent.is_some() && sent != old.meta().namespace.as_ref() {
        let message = "the namespace of the provided object does not match the namespace sent on the request";
        return Err(Error::bad_request(message));
    }
    Ok(())
}

/// Restores what only the store sets (STORE-07, STORE-08), and shares what is as it was.
pub(super) fn keep_system_fields(draft: &mut Draft, old: &Object) {
    if Arc::ptr_eq(draft.shared_meta(), old.shared_meta()) {
        return;
    }
    let kept = old.meta();
    let meta = draft.meta_mut();
    meta.name = kept.name.clone();
    meta.namespace = kept.namespace.clone();
    meta.uid = kept.uid.clone();
    meta.generation = kept.generation;
    meta.creation_timestamp = kept.creation_timestamp;
    meta.deletion_timestamp = kept.deletion_timestamp;
    meta.deletion_grace_period_seconds = kept.deletion_grace_period_seconds;
    if meta == kept {
        draft.set_meta(Arc::clone(old.shared_meta()));
        return;
    }
    if meta.labels == kept.labels {
        meta.labels = kept.labels.clone();
    }
    if meta.annotations == kept.annotations {
        meta.annotations = kept.annotations.clone();
    }
    if meta.owner_references == kept.owner_references {
        meta.owner_references = Arc::clone(&kept.owner_references);
    }
    if meta.finalizers == kept.finalizers {
        meta.finalizers = kept.finalizers.clone();
    }
}
