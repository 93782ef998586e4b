use jiff::Timestamp;
use k8s_openapi::api::apps::v1::{DaemonSetSpec, DaemonSetStatus};
use setpoint_core::object::Meta;

use crate::table::about::About;
use crate::table::cell::{Cell, cells};
use crate::table::column::Column;
use crate::table::containers::of_template;
use crate::table::duration::since;
use crate::table::joined::pairs;
use crate::table::printer::{Printer, divided};
use crate::table::selector::selector_text;

/// How DaemonSets are printed.
pub(super) const PRINTER: Printer = Printer::new(
    &[
        Column::NAME,
        Column::integer(
            "Desired",
            About::Field("io.k8s.api.apps.v1.DaemonSetStatus", "desiredNumberScheduled"),
        ),
        Column::integer(
            "Current",
            About::Field("io.k8s.api.apps.v1.DaemonSetStatus", "currentNumberScheduled"),
        ),
        Column::integer("Ready", About::Field("io.k8s.api.apps.v1.DaemonSetStatus", "numberReady")),
        Column::integer(
            "Up-to-date",
            About::Field("io.k8s.api.apps.v1.DaemonSetStatus", "updatedNumberScheduled"),
        ),
        Column::integer("Available", About::Field("io.k8s.api.apps.v1.DaemonSetStatus", "numberAvailable")),
        Column::text("Node Selector", About::Field("io.k8s.api.core.v1.PodSpec", "nodeSelector")),
        Column::AGE,
        Column::CONTAINERS,
        Column::IMAGES,
        Column::text("Selector", About::Field("io.k8s.api.apps.v1.DaemonSetSpec", "selector")).wide(),
    ],
    |object, now| divided(object, now, row),
);

pub(super) fn row(meta: &Meta, spec: &DaemonSetSpec, status: &DaemonSetStatus, now: Timestamp) -> Vec<Cell> {
    let (names, images) = of_template(&spec.template);
    let node_selector = spec.template.spec.as_ref().and_then(|pod| pod.node_selector.as_ref());
    cells![
        &*meta.name,
        status.desired_number_scheduled,
        status.current_number_scheduled,
        status.number_ready,
        status.updated_number_scheduled,
        status.number_available,
        pairs(node_selector.into_iter().flatten()),
        since(meta.creation_timestamp, now),
        names,
        images,
        selector_text(Some(&spec.selector)),
    ]
}
