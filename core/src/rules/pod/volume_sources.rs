//! Validation of volumes that live outside of the cluster.

use k8s_openapi::api::core::v1::{
    AWSElasticBlockStoreVolumeSource, AzureDiskVolumeSource, AzureFileVolumeSource, CSIVolumeSource,
    CephFSVolumeSource, CinderVolumeSource, FCVolumeSource, FlexVolumeSource, FlockerVolumeSource,
    GCEPersistentDiskVolumeSource, GitRepoVolumeSource, GlusterfsVolumeSource, ISCSIVolumeSource,
    LocalObjectReference, NFSVolumeSource, PhotonPersistentDiskVolumeSource, PortworxVolumeSource,
    QuobyteVolumeSource, RBDVolumeSource, ScaleIOVolumeSource, StorageOSVolumeSource,
    VsphereVirtualDiskVolumeSource,
};

use super::paths;
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::rules::absent::{is_set, items, number, text};
use crate::rules::checks;

/// The longest name of a CSI driver.
const DRIVER_BYTES_MAX: usize = 63;

/// From how many bytes on the name of a Quobyte tenant is too long.
const TENANT_BYTES_END: usize = 65;

pub(in crate::rules) fn validate_git_repo(
    source: &GitRepoVolumeSource,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    checks::required(&source.repository, &path.child("repository"), errors);
    paths::validate_descending(text(&source.directory), &path.child("directory"), errors);
}

fn validate_partition(partition: Option<i32>, path: &Path<'_>, errors: &mut FieldErrors) {
    let partition = number(partition);
    if !(0..=255).contains(&partition) {
        let why = checks::range_message(1, 255);
        errors.push(FieldError::invalid(&path.child("partition"), &partition, why));
    }
}

pub(in crate::rules) fn validate_gce(
    source: &GCEPersistentDiskVolumeSource,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    checks::required(&source.pd_name, &path.child("pdName"), errors);
    validate_partition(source.partition, path, errors);
}

pub(in crate::rules) fn validate_aws(
    source: &AWSElasticBlockStoreVolumeSource,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    checks::required(&source.volume_id, &path.child("volumeID"), errors);
    validate_partition(source.partition, path, errors);
}

pub(in crate::rules) fn validate_nfs(source: &NFSVolumeSource, path: &Path<'_>, errors: &mut FieldErrors) {
    checks::required(&source.server, &path.child("server"), errors);
    let path = path.child("path");
    checks::required(&source.path, &path, errors);
    if !source.path.starts_with('/') {
        errors.push(FieldError::invalid(&path, &source.path, "must be an absolute path"));
    }
}

pub(in crate::rules) fn validate_iscsi(
    source: &ISCSIVolumeSource,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    checks::required(&source.target_portal, &path.child("targetPortal"), errors);
    let name_path = path.child("iqn");
    if source.iqn.is_empty() {
        errors.push(FieldError::required(&name_path, ""));
    } else {
        validate_initiator(&source.iqn, &name_path, errors);
    }
    checks::in_range(source.lun.into(), 0, 255, &path.child("lun"), errors);
    let needs_secret = is_set(source.chap_auth_discovery) || is_set(source.chap_auth_session);
    if needs_secret && source.secret_ref.is_none() {
        errors.push(FieldError::required(&path.child("secretRef"), ""));
    }
    if let Some(name) = &source.initiator_name {
        validate_initiator(name, &path.child("initiatorname"), errors);
    }
}

/// A name of one of the three sorts iSCSI knows.
fn validate_initiator(name: &str, path: &Path<'_>, errors: &mut FieldErrors) {
    let is_alphanumeric = |text: &str, count: usize| {
        text.len() == count && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    // The regular expressions of upstream take any character for the point after `eui` and `naa`.
    let after_point = |text: &str| text.char_indices().nth(1).map(|(at, _)| text[at..].to_owned());
    let why = if name.starts_with("iqn") {
        (!is_iqn(name)).then_some("must be valid format")
    } else if let Some(rest) = name.strip_prefix("eui") {
        let is_valid = after_point(rest).is_some_and(|rest| is_alphanumeric(&rest, 16));
        (!is_valid).then_some("must be valid format")
    } else if let Some(rest) = name.strip_prefix("naa") {
        let is_valid = after_point(rest).is_some_and(|rest| is_alphanumeric(&rest, 32));
        (!is_valid).then_some("must be valid format")
    } else {
        Some("must be valid format starting with iqn, eui, or naa")
    };
    if let Some(why) = why {
        errors.push(FieldError::invalid(path, name, why));
    }
}

/// `iqn.2001-04.com.example:storage.disk1`
fn is_iqn(name: &str) -> bool {
    let Some((date, rest)) = name.strip_prefix("iqn.").and_then(|rest| rest.split_once('.')) else {
        return false;
    };
    let is_digits =
        |text: &str, count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some(((year, month), (authority, target))) = date.split_once('-').zip(rest.split_once(':')) else {
        return false;
    };
    let is_authority = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    let is_target = |character: char| {
        !character.is_whitespace() && !matches!(character, ',' | ';' | '*' | '&' | '$' | '|' | '^')
    };
    is_digits(year, 4)
        && is_digits(month, 2)
        && !authority.is_empty()
        && authority.bytes().all(is_authority)
        && !target.is_empty()
        && target.chars().all(is_target)
}

pub(in crate::rules) fn validate_glusterfs(
    source: &GlusterfsVolumeSource,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    checks::required(&source.endpoints, &path.child("endpoints"), errors);
    checks::required(&source.path, &path.child("path"), errors);
}

pub(in crate::rules) fn validate_flocker(
    source: &FlockerVolumeSource,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let (name, uuid) = (text(&source.dataset_name), text(&source.dataset_uuid));
    match (name.is_empty(), uuid.is_empty()) {
        (true, true) => {
            errors.push(FieldError::required(path, "one of datasetName and datasetUUID is required"));
        }
        (false, false) => {
            let why = "datasetName and datasetUUID can not be specified simultaneously";
            errors.push(FieldError::invalid(path, "resource", why));
        }
        _ => {}
    }
    if name.contains('/') {
        errors.push(FieldError::invalid(&path.child("datasetName"), name, "must not contain '/'"));
    }
}

pub(in crate::rules) fn validate_rbd(source: &RBDVolumeSource, path: &Path<'_>, errors: &mut FieldErrors) {
    if source.monitors.is_empty() {
        errors.push(FieldError::required(&path.child("monitors"), ""));
    }
    checks::required(&source.image, &path.child("image"), errors);
}

fn validate_secret_ref(secret: Option<&LocalObjectReference>, path: &Path<'_>, errors: &mut FieldErrors) {
    if let Some(secret) = secret {
        checks::required(&secret.name, &path.child("name"), errors);
    }
}

pub(in crate::rules) fn validate_cinder(
    source: &CinderVolumeSource,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    checks::required(&source.volume_id, &path.child("volumeID"), errors);
    validate_secret_ref(source.secret_ref.as_ref(), &path.child("secretRef"), errors);
}

pub(in crate::rules) fn validate_ceph_fs(
    source: &CephFSVolumeSource,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    if source.monitors.is_empty() {
        errors.push(FieldError::required(&path.child("monitors"), ""));
    }
}

pub(in crate::rules) fn validate_quobyte(
    source: &QuobyteVolumeSource,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let registry_path = path.child("registry");
    let pairs = "must be a host:port pair or multiple pairs separated by commas";
    if source.registry.is_empty() {
        errors.push(FieldError::required(&registry_path, pairs));
    } else if text(&source.tenant).len() >= TENANT_BYTES_END {
        let why = "must be a UUID and may not exceed a length of 64 characters";
        errors.push(FieldError::required(&path.child("tenant"), why));
    } else {
        for _ in source.registry.split(',').filter(|pair| !is_host_and_port(pair)) {
            errors.push(FieldError::invalid(&registry_path, &source.registry, pairs));
        }
    }
    checks::required(&source.volume, &path.child("volume"), errors);
}

/// `host:port`, with brackets around a host that has colons.
fn is_host_and_port(pair: &str) -> bool {
    match pair.strip_prefix('[') {
        Some(rest) => rest
            .split_once("]:")
            .is_some_and(|(host, port)| !host.contains('[') && !port.contains([':', '[', ']'])),
        None => pair.matches(':').count() == 1 && !pair.contains(['[', ']']),
    }
}

pub(in crate::rules) fn validate_fc(source: &FCVolumeSource, path: &Path<'_>, errors: &mut FieldErrors) {
    let names_path = path.child("targetWWNs");
    let names = items(&source.target_wwns);
    match (names.is_empty(), items(&source.wwids).is_empty()) {
        (true, true) => {
            let why = "must specify either targetWWNs or wwids, but not both";
            errors.push(FieldError::required(&names_path, why));
        }
        (false, false) => {
            let why = "targetWWNs and wwids can not be specified simultaneously";
            errors.push(FieldError::invalid(&names_path, names, why));
        }
        _ => {}
    }
    let path = path.child("lun");
    match source.lun {
        _ if names.is_empty() => {}
        None => errors.push(FieldError::required(&path, "lun is required if targetWWNs is specified")),
        Some(lun) => checks::in_range(lun.into(), 0, 255, &path, errors),
    }
}

pub(in crate::rules) fn validate_flex(source: &FlexVolumeSource, path: &Path<'_>, errors: &mut FieldErrors) {
    checks::required(&source.driver, &path.child("driver"), errors);
    let path = path.child("options");
    for key in source.options.iter().flatten().map(|(key, _)| key) {
        let domain = key.split_once('/').map_or(key.as_str(), |(domain, _)| domain);
        let domain = format!(".{}", domain.to_lowercase());
        if domain.ends_with(".kubernetes.io") || domain.ends_with(".k8s.io") {
            let why = "kubernetes.io and k8s.io namespaces are reserved";
            errors.push(FieldError::invalid(&path.key(key), key, why));
        }
    }
}

pub(in crate::rules) fn validate_azure_file(
    source: &AzureFileVolumeSource,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    checks::required(&source.secret_name, &path.child("secretName"), errors);
    checks::required(&source.share_name, &path.child("shareName"), errors);
}

pub(in crate::rules) fn validate_azure_disk(
    source: &AzureDiskVolumeSource,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    const MANAGED: &str =
        "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}";
    const BLOB: &str = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd";
    checks::required(&source.disk_name, &path.child("diskName"), errors);
    checks::required(&source.disk_uri, &path.child("diskURI"), errors);
    if let Some(mode) = &source.caching_mode {
        checks::one_of(mode, &["None", "ReadOnly", "ReadWrite"], &path.child("cachingMode"), errors);
    }
    if let Some(kind) = &source.kind {
        checks::one_of(kind, &["Dedicated", "Managed", "Shared"], &path.child("kind"), errors);
        let (start, form) = if kind == "Managed" { ("/subscriptions/", MANAGED) } else { ("https://", BLOB) };
        if !source.disk_uri.starts_with(start) {
            errors.push(FieldError::not_supported(&path.child("diskURI"), &source.disk_uri, &[form]));
        }
    }
}

pub(in crate::rules) fn validate_vsphere(
    source: &VsphereVirtualDiskVolumeSource,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    checks::required(&source.volume_path, &path.child("volumePath"), errors);
}

pub(in crate::rules) fn validate_photon(
    source: &PhotonPersistentDiskVolumeSource,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    checks::required(&source.pd_id, &path.child("pdID"), errors);
}

pub(in crate::rules) fn validate_portworx(
    source: &PortworxVolumeSource,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    checks::required(&source.volume_id, &path.child("volumeID"), errors);
}

pub(in crate::rules) fn validate_scale_io(
    source: &ScaleIOVolumeSource,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    checks::required(&source.gateway, &path.child("gateway"), errors);
    checks::required(&source.system, &path.child("system"), errors);
    checks::required(text(&source.volume_name), &path.child("volumeName"), errors);
}

pub(in crate::rules) fn validate_storage_os(
    source: &StorageOSVolumeSource,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let name_path = path.child("volumeName");
    match text(&source.volume_name) {
        "" => errors.push(FieldError::required(&name_path, "")),
        name => checks::dns_label(name, &name_path, errors),
    }
    if let Some(namespace) = source.volume_namespace.as_deref().filter(|namespace| !namespace.is_empty()) {
        checks::dns_label(namespace, &path.child("volumeNamespace"), errors);
    }
    validate_secret_ref(source.secret_ref.as_ref(), &path.child("secretRef"), errors);
}

pub(in crate::rules) fn validate_csi(source: &CSIVolumeSource, path: &Path<'_>, errors: &mut FieldErrors) {
    let driver_path = path.child("driver");
    if source.driver.is_empty() {
        errors.push(FieldError::required(&driver_path, ""));
    } else {
        if source.driver.len() > DRIVER_BYTES_MAX {
            errors.push(FieldError::too_long(&driver_path, DRIVER_BYTES_MAX));
        }
        let faults = names::dns1123_subdomain(&source.driver.to_lowercase());
        checks::faults(&source.driver, faults, &driver_path, errors);
    }
    if let Some(secret) = &source.node_publish_secret_ref {
        if secret.name.is_empty() {
            let path = path.child("nodePublishSecretRef");
            errors.push(FieldError::required(&path.child("name"), ""));
        } else {
            checks::dns_subdomain(&secret.name, &path.child("name"), errors);
        }
    }
}
