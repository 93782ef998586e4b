use jiff::Timestamp;
use k8s_openapi::api::scheduling::v1::PriorityClass;
use setpoint_core::object::Meta;

use crate::table::about::About;
use crate::table::cell::{Cell, cells};
use crate::table::column::Column;
use crate::table::duration::since;
use crate::table::printer::{Printer, undivided};

/// How PriorityClasses are printed.
pub(super) const PRINTER: Printer = Printer::new(
    &[
        Column::NAME,
        Column::integer("Value", About::Field("io.k8s.api.scheduling.v1.PriorityClass", "value")),
        Column::boolean(
            "Global-Default",
            About::Field("io.k8s.api.scheduling.v1.PriorityClass", "globalDefault"),
        ),
        Column::AGE,
        Column::text(
            "PreemptionPolicy",
            About::Field("io.k8s.api.scheduling.v1.PriorityClass", "preemptionPolicy"),
        ),
    ],
    |object, now| undivided(object, now, row),
);

pub(super) fn row(meta: &Meta, whole: &PriorityClass, now: Timestamp) -> Vec<Cell> {
    let global = whole.global_default.unwrap_or(false);
    let age = since(meta.creation_timestamp, now);
    cells![&*meta.name, whole.value.unwrap_or_default(), global, age, &whole.preemption_policy]
}
