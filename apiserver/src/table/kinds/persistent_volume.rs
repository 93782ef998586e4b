use jiff::Timestamp;
use k8s_openapi::api::core::v1::{PersistentVolumeSpec, PersistentVolumeStatus};
use setpoint_core::object::Meta;

use crate::table::about::About;
use crate::table::cell::{Cell, cells};
use crate::table::column::Column;
use crate::table::duration::since;
use crate::table::joined::{access_modes, or_word, storage_class};
use crate::table::printer::{Printer, divided};

/// How PersistentVolumes are printed.
pub(super) const PRINTER: Printer = Printer::new(
    &[
        Column::NAME,
        Column::text("Capacity", About::Field("io.k8s.api.core.v1.PersistentVolumeSpec", "capacity")),
        Column::text("Access Modes", About::Field("io.k8s.api.core.v1.PersistentVolumeSpec", "accessModes")),
        Column::text(
            "Reclaim Policy",
            About::Field("io.k8s.api.core.v1.PersistentVolumeSpec", "persistentVolumeReclaimPolicy"),
        ),
        Column::text("Status", About::Field("io.k8s.api.core.v1.PersistentVolumeStatus", "phase")),
        Column::text("Claim", About::Field("io.k8s.api.core.v1.PersistentVolumeSpec", "claimRef")),
        Column::text("StorageClass", About::Text("StorageClass of the pv")),
        Column::text("VolumeAttributesClass", About::Text("VolumeAttributesClass of the pv")),
        Column::text("Reason", About::Field("io.k8s.api.core.v1.PersistentVolumeStatus", "reason")),
        Column::AGE,
        Column::text("VolumeMode", About::Field("io.k8s.api.core.v1.PersistentVolumeSpec", "volumeMode"))
            .wide(),
    ],
    |object, now| divided(object, now, row),
);

pub(super) fn row(
    meta: &Meta,
    spec: &PersistentVolumeSpec,
    status: &PersistentVolumeStatus,
    now: Timestamp,
) -> Vec<Cell> {
    let claim = spec.claim_ref.as_ref().map(|claim| {
        let part = |text: &Option<String>| text.clone().unwrap_or_default();
        format!("{}/{}", part(&claim.namespace), part(&claim.name))
    });
    let capacity = spec.capacity.as_ref().and_then(|capacity| capacity.get("storage"));
    let phase = if meta.is_terminating() { Some("Terminating") } else { status.phase.as_deref() };
    cells![
        &*meta.name,
        capacity.map_or("0", |quantity| &*quantity.0),
        access_modes(spec.access_modes.as_ref()),
        &spec.persistent_volume_reclaim_policy,
        phase.unwrap_or_default(),
        claim.unwrap_or_default(),
        storage_class(meta, spec.storage_class_name.as_ref()),
        or_word(spec.volume_attributes_class_name.as_ref(), "<unset>"),
        &status.reason,
        since(meta.creation_timestamp, now),
        or_word(spec.volume_mode.as_ref(), "<unset>"),
    ]
}
