//! New volumes, and what may change of a volume: never where its data are.

use k8s_openapi::api::core::v1::{PersistentVolumeSpec, PersistentVolumeStatus};
use serde_json::{Map, Value};

use super::spec::{self, Place};
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::object::Meta;
use crate::rules::object_meta::{self, Scope};
use crate::rules::{checks, line_diff};

/// All that is wrong with a new volume.
pub fn validate_create(meta: &Meta, spec: &PersistentVolumeSpec) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check(meta, Scope::Cluster, names::dns1123_subdomain, &mut errors);
    spec::validate(spec, Place::Volume, &Path::new("spec"), &mut errors);
    errors
}

/// All that is wrong with a changed volume.
pub fn validate_update(
    new_meta: &Meta,
    new: &PersistentVolumeSpec,
    _old_meta: &Meta,
    old: &PersistentVolumeSpec,
) -> FieldErrors {
    let mut errors = validate_create(new_meta, new);
    let (is, was) = (source(new), source(old));
    let may_gain_secret = |field: &Value| field["csi"].get("controllerExpandSecretRef").is_some();
    let is = if may_gain_secret(&was) { is } else { without_expand_secret(is) };
    if is != was {
        let path = Path::new("spec");
        let pretty = |value: &Value| serde_json::to_string_pretty(value).unwrap_or_default();
        let diff = line_diff::unified(&pretty(&was), &pretty(&is));
        let why = format!("spec.persistentvolumesource is immutable after creation\n{diff}");
        errors.push(FieldError::forbidden(&path.child("persistentvolumesource"), why));
    }
    checks::immutable(&new.volume_mode, &old.volume_mode, &Path::new("volumeMode"), &mut errors);
    if old.node_affinity.is_some() {
        checks::immutable(&new.node_affinity, &old.node_affinity, &Path::new("nodeAffinity"), &mut errors);
    }
    errors
}

/// All that is wrong with a written status.
pub fn validate_status_update(
    new_meta: &Meta,
    _new: &PersistentVolumeStatus,
    old_meta: &Meta,
    _old: &PersistentVolumeStatus,
) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check_update(new_meta, old_meta, &mut errors);
    errors
}

/// The fields of a spec that say where the data are.
fn source(spec: &PersistentVolumeSpec) -> Value {
    let others = PersistentVolumeSpec {
        access_modes: None,
        capacity: None,
        claim_ref: None,
        mount_options: None,
        node_affinity: None,
        persistent_volume_reclaim_policy: None,
        storage_class_name: None,
        volume_attributes_class_name: None,
        volume_mode: None,
        ..spec.clone()
    };
    serde_json::to_value(&others).unwrap_or_else(|_| Value::Object(Map::new()))
}

/// The secret for growing may be added later.
fn without_expand_secret(mut source: Value) -> Value {
    if let Some(csi) = source.get_mut("csi").and_then(Value::as_object_mut) {
        csi.remove("controllerExpandSecretRef");
    }
    source
}
