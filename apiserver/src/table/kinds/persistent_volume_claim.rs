use jiff::Timestamp;
use k8s_openapi::api::core::v1::{PersistentVolumeClaimSpec, PersistentVolumeClaimStatus};
use setpoint_core::object::Meta;

use crate::table::about::About;
use crate::table::cell::{Cell, cells};
use crate::table::column::Column;
use crate::table::duration::since;
use crate::table::joined::{access_modes, or_word, storage_class};
use crate::table::printer::{Printer, divided};

/// How PersistentVolumeClaims are printed.
pub(super) const PRINTER: Printer = Printer::new(
    &[
        Column::NAME,
        Column::text("Status", About::Field("io.k8s.api.core.v1.PersistentVolumeClaimStatus", "phase")),
        Column::text("Volume", About::Field("io.k8s.api.core.v1.PersistentVolumeClaimSpec", "volumeName")),
        Column::text("Capacity", About::Field("io.k8s.api.core.v1.PersistentVolumeClaimStatus", "capacity")),
        Column::text(
            "Access Modes",
            About::Field("io.k8s.api.core.v1.PersistentVolumeClaimStatus", "accessModes"),
        ),
        Column::text("StorageClass", About::Text("StorageClass of the pvc")),
        Column::text("VolumeAttributesClass", About::Text("VolumeAttributesClass of the pvc")),
        Column::AGE,
        Column::text(
            "VolumeMode",
            About::Field("io.k8s.api.core.v1.PersistentVolumeClaimSpec", "volumeMode"),
        )
        .wide(),
    ],
    |object, now| divided(object, now, row),
);

pub(super) fn row(
    meta: &Meta,
    spec: &PersistentVolumeClaimSpec,
    status: &PersistentVolumeClaimStatus,
    now: Timestamp,
) -> Vec<Cell> {
    let is_bound = spec.volume_name.as_ref().is_some_and(|name| !name.is_empty());
    let capacity = status.capacity.as_ref().and_then(|capacity| capacity.get("storage"));
    let capacity = capacity.map_or("0", |quantity| &*quantity.0);
    let modes = access_modes(status.access_modes.as_ref());
    let phase = if meta.is_terminating() { Some("Terminating") } else { status.phase.as_deref() };
    cells![
        &*meta.name,
        phase.unwrap_or_default(),
        &spec.volume_name,
        if is_bound { capacity } else { "" },
        if is_bound { modes } else { String::new() },
        storage_class(meta, spec.storage_class_name.as_ref()),
        or_word(spec.volume_attributes_class_name.as_ref(), "<unset>"),
        since(meta.creation_timestamp, now),
        or_word(spec.volume_mode.as_ref(), "<unset>"),
    ]
}
