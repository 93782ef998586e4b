//! Persistent volumes and what belongs to them.

use k8s_openapi::api::core::v1 as core;
use k8s_openapi::api::storage::v1 as storage;

use super::{NormalForm, Spelling, amounts, each, list, own, time, unknown, within, zero};

normal_forms! {
    core::PersistentVolumeSpec {
        zero: access_modes, mount_options, persistent_volume_reclaim_policy, storage_class_name;
        amounts: capacity;
        within:
            aws_elastic_block_store, azure_file, cephfs, cinder, claim_ref, csi, fc, flex_volume, flocker,
            gce_persistent_disk, iscsi, nfs, node_affinity, photon_persistent_disk, portworx_volume,
            quobyte, rbd, scale_io, storageos, vsphere_volume;
    }
    core::AzureFilePersistentVolumeSource {
        zero: read_only;
    }
    core::CephFSPersistentVolumeSource {
        zero: path, read_only, secret_file, user;
        within: secret_ref;
    }
    core::CinderPersistentVolumeSource {
        zero: fs_type, read_only;
        within: secret_ref;
    }
    core::CSIPersistentVolumeSource {
        zero: fs_type, read_only, volume_attributes;
        within:
            controller_expand_secret_ref, controller_publish_secret_ref, node_expand_secret_ref,
            node_publish_secret_ref, node_stage_secret_ref;
    }
    core::FlexPersistentVolumeSource {
        zero: fs_type, options, read_only;
        within: secret_ref;
    }
    core::ISCSIPersistentVolumeSource {
        zero: chap_auth_discovery, chap_auth_session, fs_type, iscsi_interface, portals, read_only;
        within: secret_ref;
    }
    core::RBDPersistentVolumeSource {
        zero: fs_type, keyring, pool, read_only, user;
        within: secret_ref;
    }
    core::ScaleIOPersistentVolumeSource {
        zero: fs_type, protection_domain, read_only, ssl_enabled, storage_mode, storage_pool, volume_name;
        own: secret_ref;
    }
    core::StorageOSPersistentVolumeSource {
        zero: fs_type, read_only, volume_name, volume_namespace;
        within: secret_ref;
    }
    core::SecretReference {
        zero: name, namespace;
    }
    core::VolumeNodeAffinity {
        within: required;
    }
    core::PersistentVolumeStatus {
        zero: message, phase, reason;
        time: last_phase_transition_time;
    }
    storage::StorageClass {
        zero: mount_options, parameters;
        each: allowed_topologies;
    }
    core::TopologySelectorTerm {
        zero: match_label_expressions;
    }
    storage::VolumeAttachmentSpec {
        own: source;
    }
    storage::VolumeAttachmentSource {
        within: inline_volume_spec;
    }
    storage::VolumeAttachmentStatus {
        zero: attachment_metadata;
        within: attach_error, detach_error;
    }
    storage::VolumeError {
        zero: message;
        time: time;
    }
    storage::CSIDriver {
        own: spec;
    }
    storage::CSIDriverSpec {
        unknown: prevent_pod_scheduling_if_missing;
        zero: token_requests, volume_lifecycle_modes;
    }
    storage::CSINode {
        unknown: status;
        own: spec;
    }
    storage::CSINodeSpec {
        list: drivers;
    }
    storage::CSINodeDriver {
        zero: topology_keys;
    }
}
