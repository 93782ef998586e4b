//! Volumes and their sources.

use k8s_openapi::api::core::v1 as core;

use super::{NormalForm, Spelling, amount, amounts, each, own, present, unknown, within, zero};

normal_forms! {
    core::Volume {
        within:
            aws_elastic_block_store, azure_file, cephfs, cinder, config_map, csi, downward_api,
            empty_dir, ephemeral, fc, flex_volume, flocker, gce_persistent_disk, git_repo, glusterfs,
            image, iscsi, nfs, persistent_volume_claim, photon_persistent_disk, portworx_volume,
            projected, quobyte, rbd, scale_io, secret, storageos, vsphere_volume;
    }
    core::AWSElasticBlockStoreVolumeSource {
        zero: fs_type, partition, read_only;
    }
    core::AzureFileVolumeSource {
        zero: read_only;
    }
    core::CephFSVolumeSource {
        zero: path, read_only, secret_file, user;
    }
    core::CinderVolumeSource {
        zero: fs_type, read_only;
    }
    core::ConfigMapVolumeSource {
        unknown: default_user;
        each: items;
    }
    core::CSIVolumeSource {
        zero: volume_attributes;
    }
    core::DownwardAPIVolumeSource {
        unknown: default_user;
        each: items;
    }
    core::DownwardAPIVolumeFile {
        unknown: user;
        within: field_ref, resource_field_ref;
    }
    core::EmptyDirVolumeSource {
        unknown: mode;
        zero: medium;
        amount: size_limit;
    }
    core::EphemeralVolumeSource {
        within: volume_claim_template;
    }
    core::PersistentVolumeClaimTemplate {
        present: metadata;
        own: spec;
    }
    core::PersistentVolumeClaimSpec {
        zero: access_modes, volume_name;
        within: selector;
        present: resources;
    }
    core::VolumeResourceRequirements {
        amounts: limits, requests;
    }
    core::FCVolumeSource {
        zero: fs_type, read_only, target_wwns, wwids;
    }
    core::FlexVolumeSource {
        zero: fs_type, options, read_only;
    }
    core::FlockerVolumeSource {
        zero: dataset_name, dataset_uuid;
    }
    core::GCEPersistentDiskVolumeSource {
        zero: fs_type, partition, read_only;
    }
    core::GitRepoVolumeSource {
        zero: directory, revision;
    }
    core::GlusterfsVolumeSource {
        zero: read_only;
    }
    core::ImageVolumeSource {
        zero: pull_policy, reference;
    }
    core::ISCSIVolumeSource {
        zero: chap_auth_discovery, chap_auth_session, fs_type, iscsi_interface, portals, read_only;
    }
    core::NFSVolumeSource {
        zero: read_only;
    }
    core::PersistentVolumeClaimVolumeSource {
        zero: read_only;
    }
    core::PhotonPersistentDiskVolumeSource {
        zero: fs_type;
    }
    core::PortworxVolumeSource {
        zero: fs_type, read_only;
    }
    core::ProjectedVolumeSource {
        unknown: default_user;
        each: sources;
    }
    core::VolumeProjection {
        within:
            cluster_trust_bundle, config_map, downward_api, pod_certificate, secret,
            service_account_token;
    }
    core::QuobyteVolumeSource {
        zero: group, read_only, tenant, user;
    }
    core::RBDVolumeSource {
        zero: fs_type, keyring, pool, read_only, user;
    }
    core::ScaleIOVolumeSource {
        zero: fs_type, protection_domain, read_only, ssl_enabled, storage_mode, storage_pool, volume_name;
    }
    core::SecretVolumeSource {
        unknown: default_user;
        zero: secret_name;
        each: items;
    }
    core::StorageOSVolumeSource {
        zero: fs_type, read_only, volume_name, volume_namespace;
    }
    core::VsphereVirtualDiskVolumeSource {
        zero: fs_type, storage_policy_id, storage_policy_name;
    }
    core::KeyToPath {
        unknown: user;
    }
    core::ClusterTrustBundleProjection {
        unknown: user;
        within: label_selector;
    }
    core::ConfigMapProjection {
        each: items;
    }
    core::DownwardAPIProjection {
        each: items;
    }
    core::PodCertificateProjection {
        unknown: user;
        zero: certificate_chain_path, credential_bundle_path, key_path, user_annotations;
    }
    core::SecretProjection {
        each: items;
    }
    core::ServiceAccountTokenProjection {
        unknown: user;
        zero: audience;
    }
}
