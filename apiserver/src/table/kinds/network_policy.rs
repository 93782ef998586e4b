use jiff::Timestamp;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use setpoint_core::object::Meta;

use crate::table::about::About;
use crate::table::cell::{Cell, cells};
use crate::table::column::Column;
use crate::table::duration::since;
use crate::table::printer::{Printer, undivided};
use crate::table::selector::selector_text;

/// How NetworkPolicies are printed.
pub(super) const PRINTER: Printer = Printer::new(
    &[
        Column::NAME,
        Column::text(
            "Pod-Selector",
            About::Field("io.k8s.api.networking.v1.NetworkPolicySpec", "podSelector"),
        ),
        Column::AGE,
    ],
    |object, now| undivided(object, now, row),
);

pub(super) fn row(meta: &Meta, whole: &NetworkPolicy, now: Timestamp) -> Vec<Cell> {
    let everything = LabelSelector::default();
    let selector = whole.spec.as_ref().and_then(|spec| spec.pod_selector.as_ref()).unwrap_or(&everything);
    cells![&*meta.name, selector_text(Some(selector)), since(meta.creation_timestamp, now)]
}
