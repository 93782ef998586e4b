use jiff::Timestamp;
use k8s_openapi::api::core::v1::Secret;
use setpoint_core::object::Meta;

use crate::table::about::About;
use crate::table::cell::{Cell, cells};
use crate::table::column::Column;
use crate::table::duration::since;
use crate::table::printer::{Printer, undivided};

/// How Secrets are printed.
pub(super) const PRINTER: Printer = Printer::new(
    &[
        Column::NAME,
        Column::text("Type", About::Field("io.k8s.api.core.v1.Secret", "type")),
        Column::text("Data", About::Field("io.k8s.api.core.v1.Secret", "data")),
        Column::AGE,
    ],
    |object, now| undivided(object, now, row),
);

pub(super) fn row(meta: &Meta, whole: &Secret, now: Timestamp) -> Vec<Cell> {
    let entries = whole.data.as_ref().map_or(0, |data| data.len());
    cells![&*meta.name, &whole.type_, entries, since(meta.creation_timestamp, now)]
}
