//! Persistent volumes and what belongs to them.

use k8s_openapi::api::core::v1 as core;
use k8s_openapi::api::storage::v1 as storage;

use super::rules::{Divided, PersistentVolumeClaimRules, UNDIVIDED, Whole, silent};
use super::table::{GroupVersions, Row};
use crate::kind::{KindConflict, Registry, Traits};
use crate::names;
use crate::rules::{csi_driver, csi_node, persistent_volume, storage_class, volume_attachment};

/// Deletions show what they deleted.
const SHOWN: Traits = Traits { answers_deleted_object: true, ..UNDIVIDED };
/// And updates say which version they replace.
const VERSIONED: Traits = Traits { updates_unconditionally: false, ..SHOWN };

pub(super) fn register(registry: &Registry) -> Result<(), KindConflict> {
    let core_v1: GroupVersions = &[("", "v1")];
    let storage_v1: GroupVersions = &[("storage.k8s.io", "v1")];
    let rules = Divided {
        default: persistent_volume::default,
        default_status: persistent_volume::default_status,
        first_status: persistent_volume::prepare_create,
        create: persistent_volume::validate_create,
        update: persistent_volume::validate_update,
        update_status: persistent_volume::validate_status_update,
        warnings: silent,
        name: names::dns1123_subdomain,
        traits: SHOWN,
    };
    let mut row = Row::cluster("PersistentVolume", "persistentvolumes", &["pv"], core_v1, rules);
    row.has_status = true;
    row.add::<core::PersistentVolume>(registry)?;

    let rules = PersistentVolumeClaimRules;
    let mut row =
        Row::namespaced("PersistentVolumeClaim", "persistentvolumeclaims", &["pvc"], core_v1, rules);
    row.has_status = true;
    row.add::<core::PersistentVolumeClaim>(registry)?;

    let rules = Whole {
        default: csi_driver::default,
        create: csi_driver::validate_create,
        update: csi_driver::validate_update,
        warnings: silent,
        name: names::dns1123_subdomain,
        traits: VERSIONED,
    };
    Row::cluster("CSIDriver", "csidrivers", &[], storage_v1, rules).add::<storage::CSIDriver>(registry)?;

    let rules = Whole {
        default: csi_node::default,
        create: csi_node::validate_create,
        update: csi_node::validate_update,
        warnings: silent,
        name: names::dns1123_subdomain,
        traits: VERSIONED,
    };
    Row::cluster("CSINode", "csinodes", &[], storage_v1, rules).add::<storage::CSINode>(registry)?;

    let rules = Whole {
        default: storage_class::default,
        create: storage_class::validate_create,
        update: storage_class::validate_update,
        warnings: silent,
        name: names::dns1123_subdomain,
        traits: SHOWN,
    };
    Row::cluster("StorageClass", "storageclasses", &["sc"], storage_v1, rules)
        .add::<storage::StorageClass>(registry)?;

    let rules = Divided {
        default: volume_attachment::default,
        default_status: volume_attachment::default_status,
        first_status: volume_attachment::prepare_create,
        create: volume_attachment::validate_create,
        update: volume_attachment::validate_update,
        update_status: volume_attachment::validate_status_update,
        warnings: silent,
        name: names::dns1123_subdomain,
        traits: VERSIONED,
    };
    let mut row = Row::cluster("VolumeAttachment", "volumeattachments", &[], storage_v1, rules);
    row.has_status = true;
    row.add::<storage::VolumeAttachment>(registry)?;
    Ok(())
}
