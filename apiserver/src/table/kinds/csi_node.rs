use jiff::Timestamp;
use k8s_openapi::api::storage::v1::CSINode;
use setpoint_core::object::Meta;

use crate::table::about::About;
use crate::table::cell::{Cell, cells};
use crate::table::column::Column;
use crate::table::duration::since;
use crate::table::printer::{Printer, undivided};

/// How CSINodes are printed.
pub(super) const PRINTER: Printer = Printer::new(
    &[
        Column::NAME,
        Column::integer(
            "Drivers",
            About::Text("Drivers indicates the number of CSI drivers registered on the node"),
        ),
        Column::AGE,
    ],
    |object, now| undivided(object, now, row),
);

pub(super) fn row(meta: &Meta, whole: &CSINode, now: Timestamp) -> Vec<Cell> {
    cells![&*meta.name, whole.spec.drivers.len(), since(meta.creation_timestamp, now)]
}
