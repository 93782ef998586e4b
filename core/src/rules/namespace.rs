//! Namespaces (ADM-05).

use k8s_openapi::api::core::v1::{NamespaceSpec, NamespaceStatus};

use super::absent::{items, text};
use super::checks;
use super::normal_form::{NormalForm, Spelling};
use super::object_meta::{self, Scope};
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::object::Meta;

/// The label with a namespace's own name.
pub const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// The finalizer that keeps a namespace until it is empty.
pub const FINALIZER: &str = "kubernetes";

/// Fills in the label with the name, and brings the spec into its normal form.
pub fn default(meta: &mut Meta, spec: &mut NamespaceSpec) {
    spec.normalize(Spelling::Canonical);
    if !meta.name.is_empty() {
        meta.labels = meta.labels.with(NAME_LABEL, meta.name.clone());
    }
}

/// Fills in a status' phase.
pub fn default_status(status: &mut NamespaceStatus) {
    status.normalize(Spelling::Canonical);
    status.phase.get_or_insert_with(|| "Active".to_owned());
}

/// Gives a new namespace its finalizer and label; it starts active.
pub fn prepare_create(meta: &mut Meta, spec: &mut NamespaceSpec) -> NamespaceStatus {
    let finalizers = spec.finalizers.get_or_insert_default();
    if !finalizers.iter().any(|finalizer| finalizer == FINALIZER) {
        finalizers.push(FINALIZER.to_owned());
    }
    meta.labels = meta.labels.with(NAME_LABEL, meta.name.clone());
    NamespaceStatus { phase: Some("Active".to_owned()), ..NamespaceStatus::default() }
}

/// Restores what a write to the main side keeps: the finalizers, and the label with the name.
pub fn prepare_update(meta: &mut Meta, spec: &mut NamespaceSpec, old: &NamespaceSpec) {
    spec.finalizers.clone_from(&old.finalizers);
    meta.labels = meta.labels.with(NAME_LABEL, meta.name.clone());
}

/// All that is wrong with a new namespace.
pub fn validate_create(meta: &Meta, spec: &NamespaceSpec) -> FieldErrors {
    let mut errors = FieldErrors::new();
    validate(meta, spec, &mut errors);
    errors
}

/// All that is wrong with a changed namespace.
pub fn validate_update(new_meta: &Meta, new: &NamespaceSpec, old_meta: &Meta) -> FieldErrors {
    let mut errors = FieldErrors::new();
    validate(new_meta, new, &mut errors);
    object_meta::check_update(new_meta, old_meta, &mut errors);
    errors
}

fn validate(meta: &Meta, spec: &NamespaceSpec, errors: &mut FieldErrors) {
    object_meta::check(meta, Scope::Cluster, names::dns1123_label, errors);
    let path = Path::new("spec");
    let path = path.child("finalizers");
    for finalizer in items(&spec.finalizers) {
        validate_finalizer(finalizer, &path, errors);
    }
}

fn validate_finalizer(finalizer: &str, path: &Path<'_>, errors: &mut FieldErrors) {
    checks::qualified_name(finalizer, path, errors);
    let is_standard = matches!(finalizer, FINALIZER | "orphan" | "foregroundDeletion");
    if !finalizer.contains('/') && !is_standard {
        let why = "name is neither a standard finalizer name nor is it fully qualified";
        errors.push(FieldError::invalid(path, finalizer, why));
    }
}

/// All that is wrong with a written status: the phase follows from whether the namespace is being deleted.
pub fn validate_status_update(new_meta: &Meta, new: &NamespaceStatus, old_meta: &Meta) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check_update(new_meta, old_meta, &mut errors);
    let (phase, state) =
        if new_meta.is_terminating() { ("Terminating", "is not empty") } else { ("Active", "is empty") };
    if text(&new.phase) != phase {
        let path = Path::new("status");
        let why = format!("may only be '{phase}' if `deletionTimestamp` {state}");
        errors.push(FieldError::invalid(&path.child("Phase"), text(&new.phase), why));
    }
    errors
}

/// All that is wrong with a write of the finalizers.
pub fn validate_finalize(new_meta: &Meta, new: &NamespaceSpec, old_meta: &Meta) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check_update(new_meta, old_meta, &mut errors);
    let path = Path::new("spec");
    let path = path.child("finalizers");
    for (index, finalizer) in items(&new.finalizers).iter().enumerate() {
        validate_finalizer(finalizer, &path.index(index), &mut errors);
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(errors: &FieldErrors) -> Vec<String> {
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn new_namespaces_have_label_finalizer_and_phase() {
        // ADM-05, as recorded in api-namespaces.
        let (mut meta, mut spec) = (Meta::cluster("a"), NamespaceSpec::default());
        default(&mut meta, &mut spec);
        let status = prepare_create(&mut meta, &mut spec);
        assert_eq!(meta.labels.get(NAME_LABEL), Some("a"));
        assert_eq!(items(&spec.finalizers), [FINALIZER]);
        assert_eq!(text(&status.phase), "Active");
        assert_eq!(validate_create(&meta, &spec), []);
    }

    #[test]
    fn names_are_dns_labels() {
        // ADM-12
        let errors = validate_create(&Meta::cluster("a.b"), &NamespaceSpec::default());
        assert_eq!(faults(&errors), [r#"metadata.name: Invalid value: "a.b": must not contain dots"#]);
    }

    #[test]
    fn finalizers_are_kept_and_have_domains() {
        let spec = |finalizer: &str| NamespaceSpec { finalizers: Some(vec![finalizer.to_owned()]) };
        let meta = Meta::cluster("a");
        let mut new = spec("example.com/x");
        prepare_update(&mut meta.clone(), &mut new, &spec(FINALIZER));
        assert_eq!(new, spec(FINALIZER));
        assert_eq!(validate_finalize(&meta, &spec("example.com/x"), &meta), []);
        assert_eq!(
            faults(&validate_finalize(&meta, &spec("other"), &meta)),
            [
                r#"spec.finalizers[0]: Invalid value: "other": name is neither a standard finalizer name nor is it fully qualified"#
            ]
        );
    }

    #[test]
    fn the_phase_follows_the_deletion() {
        let meta = Meta::cluster("a");
        let status = NamespaceStatus { phase: Some("Terminating".into()), ..NamespaceStatus::default() };
        assert_eq!(
            faults(&validate_status_update(&meta, &status, &meta)),
            [
                r#"status.Phase: Invalid value: "Terminating": may only be 'Active' if `deletionTimestamp` is empty"#
            ]
        );
    }
}
