use jiff::Timestamp;
use k8s_openapi::api::policy::v1::{PodDisruptionBudgetSpec, PodDisruptionBudgetStatus};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use setpoint_core::object::Meta;

use crate::table::about::About;
use crate::table::cell::{Cell, cells};
use crate::table::column::Column;
use crate::table::duration::since;
use crate::table::printer::{Printer, divided};

/// How PodDisruptionBudgets are printed.
pub(super) const PRINTER: Printer = Printer::new(
    &[
        Column::NAME,
        Column::text("Min Available", About::Text("The minimum number of pods that must be available.")),
        Column::text("Max Unavailable", About::Text("The maximum number of pods that may be unavailable.")),
        Column::integer(
            "Allowed Disruptions",
            About::Text("Calculated number of pods that may be disrupted at this time."),
        ),
        Column::AGE,
    ],
    |object, now| divided(object, now, row),
);

pub(super) fn row(
    meta: &Meta,
    spec: &PodDisruptionBudgetSpec,
    status: &PodDisruptionBudgetStatus,
    now: Timestamp,
) -> Vec<Cell> {
    let allowed = status.disruptions_allowed;
    let age = since(meta.creation_timestamp, now);
    cells![&*meta.name, bound(&spec.min_available), bound(&spec.max_unavailable), allowed, age]
}

fn bound(value: &Option<IntOrString>) -> String {
    match value {
        Some(IntOrString::Int(number)) => number.to_string(),
        Some(IntOrString::String(text)) => text.clone(),
        None => "N/A".to_owned(),
    }
}
