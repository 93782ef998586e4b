use jiff::Timestamp;
use k8s_openapi::api::core::v1::{NamespaceSpec, NamespaceStatus};
use setpoint_core::object::Meta;

use crate::table::about::About;
use crate::table::cell::{Cell, cells};
use crate::table::column::Column;
use crate::table::duration::since;
use crate::table::printer::{Printer, divided};

/// How Namespaces are printed.
pub(super) const PRINTER: Printer = Printer::new(
    &[Column::NAME, Column::text("Status", About::Text("The status of the namespace")), Column::AGE],
    |object, now| divided(object, now, row),
);

pub(super) fn row(meta: &Meta, _spec: &NamespaceSpec, status: &NamespaceStatus, now: Timestamp) -> Vec<Cell> {
    cells![&*meta.name, &status.phase, since(meta.creation_timestamp, now)]
}
