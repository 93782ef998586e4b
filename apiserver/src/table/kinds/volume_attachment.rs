use jiff::Timestamp;
use k8s_openapi::api::storage::v1::{VolumeAttachmentSpec, VolumeAttachmentStatus};
use setpoint_core::object::Meta;

use crate::table::about::About;
use crate::table::cell::{Cell, cells};
use crate::table::column::Column;
use crate::table::duration::since;
use crate::table::printer::{Printer, divided};

const SPEC: &str = "io.k8s.api.storage.v1.VolumeAttachmentSpec";

/// How VolumeAttachments are printed.
pub(super) const PRINTER: Printer = Printer::new(
    &[
        Column::NAME,
        Column::text("Attacher", About::Field(SPEC, "attacher")),
        Column::text(
            "PV",
            About::Field("io.k8s.api.storage.v1.VolumeAttachmentSource", "persistentVolumeName"),
        ),
        Column::text("Node", About::Field(SPEC, "nodeName")),
        Column::boolean("Attached", About::Field("io.k8s.api.storage.v1.VolumeAttachmentStatus", "attached")),
        Column::AGE,
    ],
    |object, now| divided(object, now, row),
);

fn row(
    meta: &Meta,
    spec: &VolumeAttachmentSpec,
    status: &VolumeAttachmentStatus,
    now: Timestamp,
) -> Vec<Cell> {
    cells![
        &*meta.name,
        &spec.attacher,
        spec.source.persistent_volume_name.clone().unwrap_or_default(),
        &spec.node_name,
        status.attached,
        since(meta.creation_timestamp, now),
    ]
}
