//! Validation of volumes: each has a name and exactly one source.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{
    EmptyDirVolumeSource, EphemeralVolumeSource, HostPathVolumeSource, ImageVolumeSource,
    PersistentVolumeClaimVolumeSource, Volume,
};

use super::options::Options;
use super::{claim_template, containers, paths, projected, volume_sources};
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::quantity::Quantity;
use crate::rules::absent::{items, text};
use crate::rules::checks;

/// The longest volume name and iSCSI portal together, with a colon between.
const PORTAL_BYTES_MAX: usize = 64;

/// Checks a pod's volumes; those that are valid are returned by name.
pub(super) fn validate<'a>(
    volumes: &'a Option<Vec<Volume>>,
    pod_name: &str,
    options: &Options,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) -> BTreeMap<&'a str, &'a Volume> {
    let volumes = items(volumes);
    let created_claims: BTreeSet<String> = volumes
        .iter()
        .filter(|volume| volume.ephemeral.is_some() && !pod_name.is_empty())
        .map(|volume| format!("{pod_name}-{}", volume.name))
        .collect();
    let mut valid = BTreeMap::new();
    for (index, volume) in volumes.iter().enumerate() {
        let path = path.index(index);
        let errors_before = errors.len();
        validate_source(volume, pod_name, options, &path, errors);
        let name_path = path.child("name");
        if volume.name.is_empty() {
            errors.push(FieldError::required(&name_path, ""));
        } else {
            checks::dns_label(&volume.name, &name_path, errors);
        }
        if valid.contains_key(volume.name.as_str()) {
            errors.push(FieldError::duplicate(&name_path, &volume.name));
        }
        if errors.len() == errors_before {
            valid.insert(volume.name.as_str(), volume);
        }
        if let Some(claim) = &volume.persistent_volume_claim
            && created_claims.contains(&claim.claim_name)
        {
            let path = path.child("persistentVolumeClaim");
            let why = "must not reference a PVC that gets created for an ephemeral volume";
            errors.push(FieldError::invalid(&path.child("claimName"), &claim.claim_name, why));
        }
    }
    valid
}

/// A sort of volume.
struct Source {
    field: &'static str,
    /// What upstream calls it where it is one too many.
    refused_field: &'static str,
    is_given: fn(&Volume) -> bool,
    check: fn(&Volume, &Options, &Path<'_>, &mut FieldErrors),
}

/// A source that is checked by itself, or `with options`.
macro_rules! source {
    ($field:literal, $member:ident, $check:expr) => {
        source!($field as $field, $member, |source, _, path, errors| $check(source, path, errors))
    };
    ($field:literal, $member:ident, with options $check:expr) => {
        source!($field as $field, $member, $check)
    };
    ($refused:literal as $field:literal, $member:ident, $check:expr) => {
        Source {
            field: $field,
            refused_field: $refused,
            is_given: |volume| volume.$member.is_some(),
            check: |volume, options, path, errors| {
                let check: fn(_, &Options, &Path<'_>, &mut FieldErrors) = $check;
                if let Some(source) = &volume.$member {
                    check(source, options, path, errors);
                }
            },
        }
    };
}

/// In upstream's order: of several sources the first is checked and the others are refused.
const SOURCES: [Source; 30] = [
    source!("emptyDir", empty_dir, validate_empty_dir),
    source!("hostPath", host_path, validate_host_path),
    source!("gitRepo", git_repo, volume_sources::validate_git_repo),
    source!("gcePersistentDisk" as "persistentDisk", gce_persistent_disk, |source, _, path, errors| {
        volume_sources::validate_gce(source, path, errors);
    }),
    source!("awsElasticBlockStore", aws_elastic_block_store, volume_sources::validate_aws),
    source!("secret", secret, projected::validate_secret),
    source!("nfs", nfs, volume_sources::validate_nfs),
    source!("iscsi", iscsi, volume_sources::validate_iscsi),
    source!("glusterfs", glusterfs, volume_sources::validate_glusterfs),
    source!("flocker", flocker, volume_sources::validate_flocker),
    source!("persistentVolumeClaim", persistent_volume_claim, validate_claim),
    source!("rbd", rbd, volume_sources::validate_rbd),
    source!("cinder", cinder, volume_sources::validate_cinder),
    source!("cephFS" as "cephfs", cephfs, |source, _, path, errors| {
        volume_sources::validate_ceph_fs(source, path, errors);
    }),
    source!("quobyte", quobyte, volume_sources::validate_quobyte),
    source!("downwarAPI" as "downwardAPI", downward_api, |source, _, path, errors| {
        projected::validate_downward_api(source, path, errors);
    }),
    source!("fc", fc, volume_sources::validate_fc),
    source!("flexVolume", flex_volume, volume_sources::validate_flex),
    source!("configMap", config_map, projected::validate_config_map),
    source!("azureFile", azure_file, volume_sources::validate_azure_file),
    source!("vsphereVolume", vsphere_volume, volume_sources::validate_vsphere),
    source!("photonPersistentDisk", photon_persistent_disk, volume_sources::validate_photon),
    source!("portworxVolume", portworx_volume, volume_sources::validate_portworx),
    source!("azureDisk", azure_disk, volume_sources::validate_azure_disk),
    source!("storageos", storageos, volume_sources::validate_storage_os),
    source!("projected", projected, with options projected::validate),
    source!("scaleIO", scale_io, volume_sources::validate_scale_io),
    source!("csi", csi, volume_sources::validate_csi),
    source!("ephemeral", ephemeral, validate_ephemeral),
    source!("image", image, with options validate_image),
];

fn validate_source(
    volume: &Volume,
    pod_name: &str,
    options: &Options,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let mut given = SOURCES.iter().filter(|source| (source.is_given)(volume));
    let Some(first) = given.next() else {
        return errors.push(FieldError::required(path, "must specify a volume type"));
    };
    (first.check)(volume, options, &path.child(first.field), errors);
    if volume.iscsi.is_some() {
        validate_portal_length(volume, path, errors);
    }
    if first.field == "ephemeral" {
        validate_claim_name(volume, pod_name, path, errors);
    }
    for source in given {
        let why = "may not specify more than 1 volume type";
        errors.push(FieldError::forbidden(&path.child(source.refused_field), why));
    }
}

fn validate_portal_length(volume: &Volume, path: &Path<'_>, errors: &mut FieldErrors) {
    let Some(iscsi) = &volume.iscsi else { return };
    let bytes = volume.name.len() + 1 + iscsi.target_portal.len();
    if iscsi.initiator_name.is_some() && bytes > PORTAL_BYTES_MAX {
        let why = "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if \
                   iscsi.initiatorName is specified.";
        errors.push(FieldError::invalid(&path.child("name"), &volume.name, why));
    }
}

/// The claim that is created for an ephemeral volume is named after pod and volume.
fn validate_claim_name(volume: &Volume, pod_name: &str, path: &Path<'_>, errors: &mut FieldErrors) {
    if pod_name.is_empty() || volume.name.is_empty() {
        return;
    }
    let claim = format!("{pod_name}-{}", volume.name);
    for fault in names::dns1123_subdomain(&claim) {
        let why = format!("PVC name {claim:?}: {fault}");
        errors.push(FieldError::invalid(&path.child("name"), &volume.name, why));
    }
}

fn validate_empty_dir(source: &EmptyDirVolumeSource, path: &Path<'_>, errors: &mut FieldErrors) {
    let limit = source.size_limit.as_ref().and_then(|limit| Quantity::try_from(limit).ok());
    if limit.is_some_and(|limit| limit.is_negative()) {
        let why = "SizeLimit field must be a valid resource quantity";
        errors.push(FieldError::forbidden(&path.child("sizeLimit"), why));
    }
}

pub(in crate::rules) fn validate_host_path(
    source: &HostPathVolumeSource,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    if source.path.is_empty() {
        return errors.push(FieldError::required(&path.child("path"), ""));
    }
    paths::validate_no_backsteps(&source.path, &path.child("path"), errors);
    let types =
        ["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"];
    checks::one_of(text(&source.type_), &types, &path.child("type"), errors);
}

fn validate_claim(source: &PersistentVolumeClaimVolumeSource, path: &Path<'_>, errors: &mut FieldErrors) {
    checks::required(&source.claim_name, &path.child("claimName"), errors);
}

fn validate_ephemeral(source: &EphemeralVolumeSource, path: &Path<'_>, errors: &mut FieldErrors) {
    let path = path.child("volumeClaimTemplate");
    match &source.volume_claim_template {
        None => errors.push(FieldError::required(&path, "")),
        Some(template) => claim_template::validate(template, &path, errors),
    }
}

fn validate_image(source: &ImageVolumeSource, options: &Options, path: &Path<'_>, errors: &mut FieldErrors) {
    if options.is_pod {
        checks::required(text(&source.reference), &path.child("reference"), errors);
    }
    containers::validate_pull_policy(text(&source.pull_policy), &path.child("pullPolicy"), errors);
}
