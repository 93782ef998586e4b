use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use setpoint_core::object::Meta;

use crate::table::about::About;
use crate::table::cell::{Cell, cells};
use crate::table::column::Column;
use crate::table::duration::since;
use crate::table::printer::{Printer, undivided};

/// How Leases are printed.
pub(super) const PRINTER: Printer = Printer::new(
    &[
        Column::NAME,
        Column::text("Holder", About::Field("io.k8s.api.coordination.v1.LeaseSpec", "holderIdentity")),
        Column::AGE,
    ],
    |object, now| undivided(object, now, row),
);

pub(super) fn row(meta: &Meta, whole: &Lease, now: Timestamp) -> Vec<Cell> {
    let holder = whole.spec.as_ref().and_then(|spec| spec.holder_identity.clone()).unwrap_or_default();
    cells![&*meta.name, holder, since(meta.creation_timestamp, now)]
}
