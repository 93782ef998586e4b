//! Where a volume's data are. Most sources are those of pods' volumes; where only the reference to a secret
//! differs, the pod's rules are asked about the rest.

use k8s_openapi::api::core::v1::{
    AzureFilePersistentVolumeSource, AzureFileVolumeSource, CSIPersistentVolumeSource,
    CephFSPersistentVolumeSource, CephFSVolumeSource, CinderPersistentVolumeSource, CinderVolumeSource,
    FlexPersistentVolumeSource, FlexVolumeSource, GlusterfsPersistentVolumeSource, GlusterfsVolumeSource,
    ISCSIPersistentVolumeSource, ISCSIVolumeSource, LocalObjectReference, LocalVolumeSource,
    PersistentVolumeSpec, RBDPersistentVolumeSource, RBDVolumeSource, ScaleIOPersistentVolumeSource,
    ScaleIOVolumeSource, SecretReference, StorageOSPersistentVolumeSource, StorageOSVolumeSource,
};

use super::spec::validate_driver;
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::rules::absent::text;
use crate::rules::checks;
use crate::rules::pod::{paths, volume_sources as pods, volumes};

const NOT_TWO: &str = "may not specify more than 1 volume type";

/// Checks the one source that there must be.
pub(super) fn validate(spec: &PersistentVolumeSpec, path: &Path<'_>, errors: &mut FieldErrors) {
    let mut count = 0;
    macro_rules! source {
        ($field:ident, $name:literal, $validate:expr) => {
            if let Some(source) = &spec.$field {
                count += 1;
                let path = path.child($name);
                if count > 1 {
                    errors.push(FieldError::forbidden(&path, NOT_TWO));
                } else {
                    $validate(source, &path, errors);
                }
            }
        };
    }
    source!(host_path, "hostPath", volumes::validate_host_path);
    source!(gce_persistent_disk, "gcePersistentDisk", pods::validate_gce);
    source!(aws_elastic_block_store, "awsElasticBlockStore", pods::validate_aws);
    source!(glusterfs, "glusterfs", glusterfs);
    source!(flocker, "flocker", pods::validate_flocker);
    source!(nfs, "nfs", pods::validate_nfs);
    source!(rbd, "rbd", rbd);
    source!(quobyte, "quobyte", pods::validate_quobyte);
    source!(cephfs, "cephfs", ceph_fs);
    source!(iscsi, "iscsi", iscsi);
    source!(cinder, "cinder", cinder);
    source!(fc, "fc", pods::validate_fc);
    source!(flex_volume, "flexVolume", flex);
    source!(azure_file, "azureFile", azure_file);
    source!(vsphere_volume, "vsphereVolume", pods::validate_vsphere);
    source!(photon_persistent_disk, "photonPersistentDisk", pods::validate_photon);
    source!(portworx_volume, "portworxVolume", pods::validate_portworx);
    source!(azure_disk, "azureDisk", pods::validate_azure_disk);
    source!(scale_io, "scaleIO", scale_io);
    source!(local, "local", local);
    source!(storageos, "storageos", storage_os);
    source!(csi, "csi", csi);
    if count == 0 {
        errors.push(FieldError::required(path, "must specify a volume type"));
    }
}

fn in_namespace(secret: &SecretReference) -> LocalObjectReference {
    LocalObjectReference { name: text(&secret.name).to_owned() }
}

/// A secret is named together with its namespace.
fn validate_secret(secret: Option<&SecretReference>, path: &Path<'_>, errors: &mut FieldErrors) {
    if let Some(secret) = secret {
        checks::required(text(&secret.name), &path.child("name"), errors);
        checks::required(text(&secret.namespace), &path.child("namespace"), errors);
    }
}

fn glusterfs(source: &GlusterfsPersistentVolumeSource, path: &Path<'_>, errors: &mut FieldErrors) {
    let GlusterfsPersistentVolumeSource { endpoints, path: volume, read_only, endpoints_namespace } = source;
    let pods_form =
        GlusterfsVolumeSource { endpoints: endpoints.clone(), path: volume.clone(), read_only: *read_only };
    pods::validate_glusterfs(&pods_form, path, errors);
    if let Some(namespace) = endpoints_namespace {
        checks::dns_label(namespace, &path.child("endpointsNamespace"), errors);
    }
}

fn rbd(source: &RBDPersistentVolumeSource, path: &Path<'_>, errors: &mut FieldErrors) {
    let pods_form = RBDVolumeSource {
        monitors: source.monitors.clone(),
        image: source.image.clone(),
        ..RBDVolumeSource::default()
    };
    pods::validate_rbd(&pods_form, path, errors);
}

fn ceph_fs(source: &CephFSPersistentVolumeSource, path: &Path<'_>, errors: &mut FieldErrors) {
    let pods_form = CephFSVolumeSource { monitors: source.monitors.clone(), ..CephFSVolumeSource::default() };
    pods::validate_ceph_fs(&pods_form, path, errors);
}

fn iscsi(source: &ISCSIPersistentVolumeSource, path: &Path<'_>, errors: &mut FieldErrors) {
    let pods_form = ISCSIVolumeSource {
        chap_auth_discovery: source.chap_auth_discovery,
        chap_auth_session: source.chap_auth_session,
        initiator_name: source.initiator_name.clone(),
        iqn: source.iqn.clone(),
        lun: source.lun,
        secret_ref: source.secret_ref.as_ref().map(in_namespace),
        target_portal: source.target_portal.clone(),
        ..ISCSIVolumeSource::default()
    };
    pods::validate_iscsi(&pods_form, path, errors);
}

fn cinder(source: &CinderPersistentVolumeSource, path: &Path<'_>, errors: &mut FieldErrors) {
    let pods_form =
        CinderVolumeSource { volume_id: source.volume_id.clone(), ..CinderVolumeSource::default() };
    pods::validate_cinder(&pods_form, path, errors);
    validate_secret(source.secret_ref.as_ref(), &path.child("secretRef"), errors);
}

fn flex(source: &FlexPersistentVolumeSource, path: &Path<'_>, errors: &mut FieldErrors) {
    let pods_form = FlexVolumeSource {
        driver: source.driver.clone(),
        options: source.options.clone(),
        ..FlexVolumeSource::default()
    };
    pods::validate_flex(&pods_form, path, errors);
}

fn azure_file(source: &AzureFilePersistentVolumeSource, path: &Path<'_>, errors: &mut FieldErrors) {
    let pods_form = AzureFileVolumeSource {
        secret_name: source.secret_name.clone(),
        share_name: source.share_name.clone(),
        read_only: source.read_only,
    };
    pods::validate_azure_file(&pods_form, path, errors);
    if source.secret_namespace.as_deref() == Some("") {
        errors.push(FieldError::required(&path.child("secretNamespace"), ""));
    }
}

fn scale_io(source: &ScaleIOPersistentVolumeSource, path: &Path<'_>, errors: &mut FieldErrors) {
    let pods_form = ScaleIOVolumeSource {
        gateway: source.gateway.clone(),
        system: source.system.clone(),
        volume_name: source.volume_name.clone(),
        ..ScaleIOVolumeSource::default()
    };
    pods::validate_scale_io(&pods_form, path, errors);
}

fn storage_os(source: &StorageOSPersistentVolumeSource, path: &Path<'_>, errors: &mut FieldErrors) {
    let pods_form = StorageOSVolumeSource {
        volume_name: source.volume_name.clone(),
        volume_namespace: source.volume_namespace.clone(),
        ..StorageOSVolumeSource::default()
    };
    pods::validate_storage_os(&pods_form, path, errors);
    if let Some(secret) = &source.secret_ref {
        let path = path.child("secretRef");
        checks::required(text(&secret.name), &path.child("name"), errors);
        checks::required(text(&secret.namespace), &path.child("namespace"), errors);
    }
}

fn local(source: &LocalVolumeSource, path: &Path<'_>, errors: &mut FieldErrors) {
    let path = path.child("path");
    if source.path.is_empty() {
        return errors.push(FieldError::required(&path, ""));
    }
    paths::validate_no_backsteps(&source.path, &path, errors);
}

fn csi(source: &CSIPersistentVolumeSource, path: &Path<'_>, errors: &mut FieldErrors) {
    validate_driver(&source.driver, &path.child("driver"), errors);
    checks::required(&source.volume_handle, &path.child("volumeHandle"), errors);
    let secrets = [
        ("controllerPublishSecretRef", &source.controller_publish_secret_ref),
        ("controllerExpandSecretRef", &source.controller_expand_secret_ref),
        ("nodePublishSecretRef", &source.node_publish_secret_ref),
        ("nodeExpandSecretRef", &source.node_expand_secret_ref),
    ];
    for (field, secret) in secrets {
        let Some(secret) = secret else { continue };
        let path = path.child(field);
        let (name, namespace) = (text(&secret.name), text(&secret.namespace));
        if name.is_empty() {
            errors.push(FieldError::required(&path.child("name"), ""));
        } else {
            checks::faults(name, names::dns1123_subdomain(name), &path.child("name"), errors);
        }
        if namespace.is_empty() {
            errors.push(FieldError::required(&path.child("namespace"), ""));
        } else {
            checks::dns_label(namespace, &path.child("namespace"), errors);
        }
    }
}
