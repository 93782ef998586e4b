//! Defaults of volumes, the same that their sources have in pods.

use k8s_openapi::api::core::v1::{
    AzureDiskVolumeSource, PersistentVolumeSpec, PersistentVolumeStatus, RBDPersistentVolumeSource,
    ScaleIOPersistentVolumeSource,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use crate::object::Meta;
use crate::rules::normal_form::{NormalForm, Spelling};

fn insert(field: &mut Option<String>, value: &str) {
    field.get_or_insert_with(|| value.to_owned());
}

/// Fills in defaults and brings the spec into its normal form.
pub fn default(spec: &mut PersistentVolumeSpec) {
    spec.normalize(Spelling::Canonical);
    insert(&mut spec.persistent_volume_reclaim_policy, "Retain");
    insert(&mut spec.volume_mode, "Filesystem");
    if let Some(host_path) = &mut spec.host_path {
        host_path.type_.get_or_insert_default();
    }
    if let Some(iscsi) = &mut spec.iscsi {
        insert(&mut iscsi.iscsi_interface, "default");
    }
    if let Some(RBDPersistentVolumeSource { pool, user, keyring, .. }) = &mut spec.rbd {
        insert(pool, "rbd");
        insert(user, "admin");
        insert(keyring, "/etc/ceph/keyring");
    }
    if let Some(AzureDiskVolumeSource { caching_mode, fs_type, read_only, kind, .. }) = &mut spec.azure_disk {
        insert(caching_mode, "ReadWrite");
        insert(fs_type, "ext4");
        read_only.get_or_insert(false);
        insert(kind, "Shared");
    }
    if let Some(ScaleIOPersistentVolumeSource { storage_mode, fs_type, .. }) = &mut spec.scale_io {
        insert(storage_mode, "ThinProvisioned");
        insert(fs_type, "xfs");
    }
}

/// The same for a status.
pub fn default_status(status: &mut PersistentVolumeStatus) {
    status.normalize(Spelling::Canonical);
    insert(&mut status.phase, "Pending");
}

/// A new volume waits for somebody to look at it.
pub fn prepare_create(meta: &Meta) -> PersistentVolumeStatus {
    PersistentVolumeStatus {
        phase: Some("Pending".to_owned()),
        last_phase_transition_time: meta.creation_timestamp.map(Time),
        ..PersistentVolumeStatus::default()
    }
}
