use jiff::Timestamp;
use k8s_openapi::api::core::v1::{ResourceQuotaSpec, ResourceQuotaStatus};
use setpoint_core::object::Meta;

use crate::table::about::About;
use crate::table::cell::{Cell, cells};
use crate::table::column::Column;
use crate::table::duration::since;
use crate::table::printer::{Printer, divided};

/// How ResourceQuotas are printed.
pub(super) const PRINTER: Printer = Printer::new(
    &[
        Column::NAME,
        Column::text(
            "Request",
            About::Text("Request represents a minimum amount of cpu/memory that a container may consume."),
        ),
        Column::text(
            "Limit",
            About::Text(
                "Limits control the maximum amount of cpu/memory that a container may use independent of contention on the node.",
            ),
        ),
        Column::AGE,
    ],
    |object, now| divided(object, now, row),
);

pub(super) fn row(
    meta: &Meta,
    _spec: &ResourceQuotaSpec,
    status: &ResourceQuotaStatus,
    now: Timestamp,
) -> Vec<Cell> {
    let used = |name: &String| status.used.as_ref().and_then(|used| used.get(name));
    let (mut requests, mut limits) = (Vec::new(), Vec::new());
    for (name, hard) in status.hard.iter().flatten() {
        let column = if name.starts_with("limits.") { &mut limits } else { &mut requests };
        column.push(format!("{name}: {}/{}", used(name).map_or("0", |quantity| &*quantity.0), hard.0));
    }
    cells![&*meta.name, requests.join(", "), limits.join(", "), since(meta.creation_timestamp, now)]
}
