use jiff::Timestamp;
use k8s_openapi::api::core::v1::{ReplicationControllerSpec, ReplicationControllerStatus};
use setpoint_core::object::Meta;

use crate::table::about::About;
use crate::table::cell::{Cell, cells};
use crate::table::column::Column;
use crate::table::containers::of_template;
use crate::table::duration::since;
use crate::table::joined::pairs;
use crate::table::printer::{Printer, divided};

/// How ReplicationControllers are printed.
pub(super) const PRINTER: Printer = Printer::new(
    &[
        Column::NAME,
        Column::integer("Desired", About::Field("io.k8s.api.core.v1.ReplicationControllerSpec", "replicas")),
        Column::integer(
            "Current",
            About::Field("io.k8s.api.core.v1.ReplicationControllerStatus", "replicas"),
        ),
        Column::integer(
            "Ready",
            About::Field("io.k8s.api.core.v1.ReplicationControllerStatus", "readyReplicas"),
        ),
        Column::AGE,
        Column::CONTAINERS,
        Column::IMAGES,
        Column::text("Selector", About::Field("io.k8s.api.core.v1.ReplicationControllerSpec", "selector"))
            .wide(),
    ],
    |object, now| divided(object, now, row),
);

pub(super) fn row(
    meta: &Meta,
    spec: &ReplicationControllerSpec,
    status: &ReplicationControllerStatus,
    now: Timestamp,
) -> Vec<Cell> {
    let (names, images) = spec.template.as_ref().map(of_template).unwrap_or_default();
    let age = since(meta.creation_timestamp, now);
    let selector = pairs(spec.selector.iter().flatten());
    cells![&*meta.name, spec.replicas, status.replicas, status.ready_replicas, age, names, images, selector]
}
