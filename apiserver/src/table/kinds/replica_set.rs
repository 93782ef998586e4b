use jiff::Timestamp;
use k8s_openapi::api::apps::v1::{ReplicaSetSpec, ReplicaSetStatus};
use setpoint_core::object::Meta;

use crate::table::about::About;
use crate::table::cell::{Cell, cells};
use crate::table::column::Column;
use crate::table::containers::of_template;
use crate::table::duration::since;
use crate::table::printer::{Printer, divided};
use crate::table::selector::selector_text;

/// How ReplicaSets are printed.
pub(super) const PRINTER: Printer = Printer::new(
    &[
        Column::NAME,
        Column::integer("Desired", About::Field("io.k8s.api.apps.v1.ReplicaSetSpec", "replicas")),
        Column::integer("Current", About::Field("io.k8s.api.apps.v1.ReplicaSetStatus", "replicas")),
        Column::integer("Ready", About::Field("io.k8s.api.apps.v1.ReplicaSetStatus", "readyReplicas")),
        Column::AGE,
        Column::CONTAINERS,
        Column::IMAGES,
        Column::text("Selector", About::Field("io.k8s.api.apps.v1.ReplicaSetSpec", "selector")).wide(),
    ],
    |object, now| divided(object, now, row),
);

pub(super) fn row(
    meta: &Meta,
    spec: &ReplicaSetSpec,
    status: &ReplicaSetStatus,
    now: Timestamp,
) -> Vec<Cell> {
    let (names, images) = spec.template.as_ref().map(of_template).unwrap_or_default();
    let age = since(meta.creation_timestamp, now);
    let selector = selector_text(Some(&spec.selector));
    cells![&*meta.name, spec.replicas, status.replicas, status.ready_replicas, age, names, images, selector]
}
