//! PersistentVolumeClaims.

use k8s_openapi::api::core::v1::{
    PersistentVolumeClaimSpec, PersistentVolumeClaimStatus, TypedLocalObjectReference, TypedObjectReference,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity as Text;

use super::absent::{entry, items, text};
use super::entries::Entries;
use super::normal_form::{self, NormalForm, Spelling};
use super::object_meta::{self, Scope};
use super::{checks, internal_form, pod};
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::object::Meta;
use crate::quantity::Quantity;

/// Where the class was named before there was a field for it.
const CLASS_ANNOTATION: &str = "volume.beta.kubernetes.io/storage-class";

/// Fills in defaults and brings the spec into its normal form.
pub fn default(spec: &mut PersistentVolumeClaimSpec) {
    spec.normalize(Spelling::Canonical);
    spec.volume_mode.get_or_insert_with(|| "Filesystem".to_owned());
}

/// The same for a status.
pub fn default_status(status: &mut PersistentVolumeClaimStatus) {
    status.normalize(Spelling::Canonical);
    status.phase.get_or_insert_with(|| "Pending".to_owned());
}

/// What a new claim is filled from stands in both of its fields, and it is bound to nothing yet.
pub fn prepare_create(spec: &mut PersistentVolumeClaimSpec) -> PersistentVolumeClaimStatus {
    match (&spec.data_source, &spec.data_source_ref) {
        (Some(source), None) => {
            let TypedLocalObjectReference { api_group, kind, name } = source.clone();
            spec.data_source_ref = Some(TypedObjectReference { api_group, kind, name, namespace: None });
        }
        (None, Some(reference)) if text(&reference.namespace).is_empty() => {
            let TypedObjectReference { api_group, kind, name, .. } = reference.clone();
            spec.data_source = Some(TypedLocalObjectReference { api_group, kind, name });
        }
        _ => {}
    }
    PersistentVolumeClaimStatus {
        phase: Some("Pending".to_owned()),
        ..PersistentVolumeClaimStatus::default()
    }
}

/// All that is wrong with a new claim.
pub fn validate_create(meta: &Meta, spec: &PersistentVolumeClaimSpec) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check(meta, Scope::Namespaced, names::dns1123_subdomain, &mut errors);
    pod::validate_claim_spec(spec, &Path::new("spec"), &mut errors);
    errors
}

/// All that is wrong with a changed claim: it is given a volume once, and may grow while it is bound.
pub fn validate_update(
    new_meta: &Meta,
    new: &PersistentVolumeClaimSpec,
    old_meta: &Meta,
    old: &PersistentVolumeClaimSpec,
    status: &PersistentVolumeClaimStatus,
) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check_update(new_meta, old_meta, &mut errors);
    errors.extend(validate_create(new_meta, new));
    let (mut is, mut was) = (new.clone(), old.clone());
    if text(&old.volume_name).is_empty() {
        was.volume_name.clone_from(&is.volume_name);
    }
    let (class, old_class) =
        (new_meta.annotations.value(CLASS_ANNOTATION), old_meta.annotations.value(CLASS_ANNOTATION));
    let moves_class = old_class.is_some()
        && old.storage_class_name.is_none()
        && new.storage_class_name.as_deref() == old_class
        && (class.is_none() || class == old_class);
    if moves_class {
        is.storage_class_name = None;
    } else if class != old_class {
        let path = Path::new("metadata");
        let path = path.child("annotations");
        let value = class.unwrap_or_default();
        errors.push(FieldError::invalid(&path.key(CLASS_ANNOTATION), value, checks::IMMUTABLE));
    }
    let is_bound = text(&status.phase) == "Bound";
    if is_bound {
        set_storage(&mut is, storage(old).cloned());
        was.volume_attributes_class_name.clone_from(&is.volume_attributes_class_name);
    }
    let path = Path::new("spec");
    if !normal_form::same(&is, &was) {
        let diff = internal_form::diff("PersistentVolumeClaimSpec", &was, &is);
        let why = format!(
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for \
             bound claims\n{diff}"
        );
        errors.push(FieldError::forbidden(&path, why));
    }
    validate_size(new, old, status, &mut errors);
    checks::immutable(&new.volume_mode, &old.volume_mode, &Path::new("volumeMode"), &mut errors);
    errors
}

/// A claim that could not grow may be made smaller again, down to what it has.
fn validate_size(
    new: &PersistentVolumeClaimSpec,
    old: &PersistentVolumeClaimSpec,
    status: &PersistentVolumeClaimStatus,
    errors: &mut FieldErrors,
) {
    let amount = |text: Option<&Text>| text.and_then(|text| Quantity::try_from(text).ok());
    let (Some(is), Some(was)) = (amount(storage(new)), amount(storage(old))) else { return };
    let has = amount(entry(&status.capacity, "storage")).unwrap_or_default();
    if is < was && is <= has {
        let path = Path::new("spec");
        let (path, why) = (path.child("resources"), "field can not be less than status.capacity");
        let path = path.child("requests");
        errors.push(FieldError::forbidden(&path.child("storage"), why));
    }
}

fn storage(spec: &PersistentVolumeClaimSpec) -> Option<&Text> {
    spec.resources.as_ref().and_then(|resources| entry(&resources.requests, "storage"))
}

fn set_storage(spec: &mut PersistentVolumeClaimSpec, amount: Option<Text>) {
    let requests = spec.resources.get_or_insert_default().requests.get_or_insert_default();
    match amount {
        Some(amount) => drop(requests.insert("storage".to_owned(), amount)),
        None => drop(requests.remove("storage")),
    }
}

/// All that is wrong with a written status.
pub fn validate_status_update(
    new_meta: &Meta,
    status: &PersistentVolumeClaimStatus,
    old_meta: &Meta,
    spec: &PersistentVolumeClaimSpec,
) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check_update(new_meta, old_meta, &mut errors);
    if items(&spec.access_modes).is_empty() {
        let path = Path::new("Spec");
        errors.push(FieldError::required(&path.child("accessModes"), ""));
    }
    let path = Path::new("status");
    let capacity = path.child("capacity");
    for (name, amount) in status.capacity.iter().flatten() {
        pod::validate_amount(name, amount, &capacity.key(name), &mut errors);
    }
    let allocated = path.child("allocatedResources");
    for (name, amount) in status.allocated_resources.iter().flatten() {
        let path = allocated.key(name);
        if name != "storage" && !name.contains('/') {
            errors.push(FieldError::not_supported(&allocated, name, &["storage"]));
            continue;
        }
        pod::validate_amount(name, amount, &path, &mut errors);
    }
    errors
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};

    use super::*;

    fn claim(changes: Value) -> PersistentVolumeClaimSpec {
        let mut value =
            json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}});
        for (field, change) in changes.as_object().into_iter().flatten() {
            value[field] = change.clone();
        }
        let mut spec = from_value(value).expect("a spec");
        default(&mut spec);
        spec
    }

    fn texts(errors: &FieldErrors) -> String {
        errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    fn status(value: Value) -> PersistentVolumeClaimStatus {
        from_value(value).expect("a status")
    }

    #[test]
    fn claims_are_filled_in_and_checked() {
        let mut spec = claim(json!({"dataSource": {"kind": "PersistentVolumeClaim", "name": "other"}}));
        assert_eq!(spec.volume_mode.as_deref(), Some("Filesystem"));
        assert_eq!(prepare_create(&mut spec).phase.as_deref(), Some("Pending"));
        assert_eq!(spec.data_source_ref.as_ref().map(|reference| &*reference.name), Some("other"));
        assert_eq!(texts(&validate_create(&Meta::namespaced("ns", "a"), &spec)), "");
        assert_eq!(
            texts(&validate_create(&Meta::namespaced("ns", "a"), &claim(json!({"resources": {}})))),
            "spec.resources[storage]: Required value"
        );
    }

    #[test]
    fn bound_claims_may_grow_and_others_stay() {
        let meta = Meta::namespaced("ns", "a");
        let (pending, bound) = (
            status(json!({"phase": "Pending"})),
            status(json!({"phase": "Bound", "capacity": {"storage": "1Gi"}})),
        );
        let old = claim(json!({}));
        let named = claim(json!({"volumeName": "v"}));
        assert_eq!(texts(&validate_update(&meta, &named, &meta, &old, &pending)), "");
        let larger = claim(json!({"resources": {"requests": {"storage": "2Gi"}}}));
        assert_eq!(texts(&validate_update(&meta, &larger, &meta, &old, &bound)), "");
        let errors = validate_update(&meta, &larger, &meta, &old, &pending);
        assert_eq!(errors.len(), 1);
        assert!(errors[0].detail.starts_with("spec is immutable after creation except resources.requests"));
        assert_eq!(
            texts(&validate_update(&meta, &old, &meta, &larger, &bound)),
            "spec.resources.requests.storage: Forbidden: field can not be less than status.capacity"
        );
        let renamed = claim(json!({"volumeName": "w"}));
        assert_eq!(validate_update(&meta, &renamed, &meta, &named, &bound)[0].field, "spec");
    }
}
