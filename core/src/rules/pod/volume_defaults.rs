//! Defaults of volumes (ADM-04).

use k8s_openapi::api::core::v1::{
    AzureDiskVolumeSource, DownwardAPIVolumeFile, ProjectedVolumeSource, RBDVolumeSource,
    ScaleIOVolumeSource, Volume, VolumeProjection,
};

use super::defaults::{default_field_ref, default_resource_ref, insert};
use super::image;
use crate::rules::absent::text;

/// Readable by all, writable by the owner: 0644.
const FILE_MODE: i32 = 0o644;

/// How long a projected token is good for.
const TOKEN_SECONDS: i64 = 3600;

/// Fills in what a volume has that was not given.
pub(super) fn default_volume(volume: &mut Volume) {
    let named_only = Volume { name: volume.name.clone(), ..Volume::default() };
    if *volume == named_only {
        volume.empty_dir = Some(Default::default());
    }
    default_files(volume);
    if let Some(host_path) = &mut volume.host_path {
        host_path.type_.get_or_insert_default();
    }
    if let Some(image) = &mut volume.image {
        let policy = image::default_pull_policy(text(&image.reference));
        insert(&mut image.pull_policy, policy);
    }
    if let Some(template) = volume.ephemeral.as_mut().and_then(|source| source.volume_claim_template.as_mut())
    {
        insert(&mut template.spec.volume_mode, "Filesystem");
    }
    default_disks(volume);
}

fn default_files(volume: &mut Volume) {
    if let Some(secret) = &mut volume.secret {
        secret.default_mode.get_or_insert(FILE_MODE);
    }
    if let Some(config_map) = &mut volume.config_map {
        config_map.default_mode.get_or_insert(FILE_MODE);
    }
    if let Some(downward) = &mut volume.downward_api {
        downward.default_mode.get_or_insert(FILE_MODE);
        downward.items.iter_mut().flatten().for_each(default_file);
    }
    if let Some(ProjectedVolumeSource { default_mode, sources, .. }) = &mut volume.projected {
        default_mode.get_or_insert(FILE_MODE);
        sources.iter_mut().flatten().for_each(default_projection);
    }
}

fn default_file(file: &mut DownwardAPIVolumeFile) {
    file.field_ref.iter_mut().for_each(default_field_ref);
    file.resource_field_ref.iter_mut().for_each(default_resource_ref);
}

fn default_projection(source: &mut VolumeProjection) {
    if let Some(token) = &mut source.service_account_token {
        token.expiration_seconds.get_or_insert(TOKEN_SECONDS);
    }
    if let Some(downward) = &mut source.downward_api {
        downward.items.iter_mut().flatten().for_each(default_file);
    }
}

fn default_disks(volume: &mut Volume) {
    if let Some(iscsi) = &mut volume.iscsi {
        insert(&mut iscsi.iscsi_interface, "default");
    }
    if let Some(RBDVolumeSource { pool, user, keyring, .. }) = &mut volume.rbd {
        insert(pool, "rbd");
        insert(user, "admin");
        insert(keyring, "/etc/ceph/keyring");
    }
    if let Some(AzureDiskVolumeSource { caching_mode, fs_type, read_only, kind, .. }) = &mut volume.azure_disk
    {
        insert(caching_mode, "ReadWrite");
        insert(fs_type, "ext4");
        read_only.get_or_insert(false);
        insert(kind, "Shared");
    }
    if let Some(ScaleIOVolumeSource { storage_mode, fs_type, .. }) = &mut volume.scale_io {
        insert(storage_mode, "ThinProvisioned");
        insert(fs_type, "xfs");
    }
}
