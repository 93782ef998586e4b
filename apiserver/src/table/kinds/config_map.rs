use jiff::Timestamp;
use k8s_openapi::api::core::v1::ConfigMap;
use setpoint_core::object::Meta;

use crate::table::about::About;
use crate::table::cell::{Cell, cells};
use crate::table::column::Column;
use crate::table::duration::since;
use crate::table::printer::{Printer, undivided};

/// How ConfigMaps are printed.
pub(super) const PRINTER: Printer = Printer::new(
    &[Column::NAME, Column::text("Data", About::Field("io.k8s.api.core.v1.ConfigMap", "data")), Column::AGE],
    |object, now| undivided(object, now, row),
);

pub(super) fn row(meta: &Meta, whole: &ConfigMap, now: Timestamp) -> Vec<Cell> {
    let entries = whole.data.as_ref().map_or(0, |data| data.len())
        + whole.binary_data.as_ref().map_or(0, |data| data.len());
    cells![&*meta.name, entries, since(meta.creation_timestamp, now)]
}
