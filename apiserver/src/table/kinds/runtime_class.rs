use jiff::Timestamp;
use k8s_openapi::api::node::v1::RuntimeClass;
use setpoint_core::object::Meta;

use crate::table::about::About;
use crate::table::cell::{Cell, cells};
use crate::table::column::Column;
use crate::table::duration::since;
use crate::table::printer::{Printer, undivided};

/// How RuntimeClasses are printed.
pub(super) const PRINTER: Printer = Printer::new(
    &[
        Column::NAME,
        Column::text("Handler", About::Field("io.k8s.api.node.v1.RuntimeClass", "handler")),
        Column::AGE,
    ],
    |object, now| undivided(object, now, row),
);

pub(super) fn row(meta: &Meta, whole: &RuntimeClass, now: Timestamp) -> Vec<Cell> {
    cells![&*meta.name, &whole.handler, since(meta.creation_timestamp, now)]
}
