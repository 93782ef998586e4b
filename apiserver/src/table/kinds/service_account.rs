use jiff::Timestamp;
use k8s_openapi::api::core::v1::ServiceAccount;
use setpoint_core::object::Meta;

use crate::table::cell::{Cell, cells};
use crate::table::column::Column;
use crate::table::duration::since;
use crate::table::printer::{Printer, undivided};

/// How ServiceAccounts are printed.
pub(super) const PRINTER: Printer =
    Printer::new(&[Column::NAME, Column::AGE], |object, now| undivided(object, now, row));

pub(super) fn row(meta: &Meta, _whole: &ServiceAccount, now: Timestamp) -> Vec<Cell> {
    cells![&*meta.name, since(meta.creation_timestamp, now)]
}
