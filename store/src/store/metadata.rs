use std::sync::Arc;

use setpoint_core::Error;
use setpoint_core::field::{FieldError, FieldErrors, Path};
use setpoint_core::object::{Draft, Meta, Object};

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

/// What is wrong with metadata beside the name (STORE-16).
pub(super) fn validate(meta: &Meta) -> FieldErrors {
    let _ = meta;
    FieldErrors::new()
}

/// What may not change from one version to the next (STORE-15).
pub(super) fn validate_update(new: &Meta, old: &Meta) -> FieldErrors {
    let _ = (new, old);
    FieldErrors::new()
}

/// References to one owner count once (STORE-16); the client is told.
pub(super) fn drop_duplicate_owners(draft: &mut Draft) -> Vec<String> {
    let owners = &draft.meta().owner_references;
    let repeated = |at: usize| owners[..at].iter().any(|other| *other == owners[at]);
    if !(1..owners.len()).any(repeated) {
        return Vec::new();
    }
    let kept = (0..owners.len()).filter(|&at| !repeated(at)).map(|at| owners[at].clone()).collect();
    draft.meta_mut().owner_references = kept;
    vec![
        ".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, \
         and may reject such requests as early as 1.24; please fix your requests"
            .to_owned(),
    ]
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
