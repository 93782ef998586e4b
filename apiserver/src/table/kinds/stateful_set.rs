use jiff::Timestamp;
use k8s_openapi::api::apps::v1::{StatefulSetSpec, StatefulSetStatus};
use setpoint_core::object::Meta;

use crate::table::about::About;
use crate::table::cell::{Cell, cells};
use crate::table::column::Column;
use crate::table::containers::of_template;
use crate::table::duration::since;
use crate::table::printer::{Printer, divided};

/// How StatefulSets are printed.
pub(super) const PRINTER: Printer = Printer::new(
    &[
        Column::NAME,
        Column::text("Ready", About::Text("Number of the pod with ready state")),
        Column::AGE,
        Column::CONTAINERS,
        Column::IMAGES,
    ],
    |object, now| divided(object, now, row),
);

pub(super) fn row(
    meta: &Meta,
    spec: &StatefulSetSpec,
    status: &StatefulSetStatus,
    now: Timestamp,
) -> Vec<Cell> {
    let (names, images) = of_template(&spec.template);
    let ready = format!("{}/{}", status.ready_replicas.unwrap_or(0), spec.replicas.unwrap_or(0));
    cells![&*meta.name, ready, since(meta.creation_timestamp, now), names, images]
}
