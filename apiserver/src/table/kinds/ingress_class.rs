use jiff::Timestamp;
use k8s_openapi::api::networking::v1::IngressClass;
use setpoint_core::object::Meta;

use crate::table::about::About;
use crate::table::cell::{Cell, cells};
use crate::table::column::Column;
use crate::table::duration::since;
use crate::table::printer::{Printer, undivided};

/// How IngressClasses are printed.
pub(super) const PRINTER: Printer = Printer::new(
    &[
        Column::NAME,
        Column::text("Controller", About::Text("Controller that is responsible for handling this class")),
        Column::text("Parameters", About::Text("A reference to a resource with additional parameters")),
        Column::AGE,
    ],
    |object, now| undivided(object, now, row),
);

pub(super) fn row(meta: &Meta, whole: &IngressClass, now: Timestamp) -> Vec<Cell> {
    let spec = whole.spec.as_ref();
    let parameters = spec.and_then(|spec| spec.parameters.as_ref()).map(|parameters| {
        let group = parameters.api_group.as_ref().map(|group| format!(".{group}")).unwrap_or_default();
        format!("{}{group}/{}", parameters.kind, parameters.name)
    });
    cells![
        &*meta.name,
        spec.and_then(|spec| spec.controller.clone()).unwrap_or_default(),
        parameters.unwrap_or_else(|| "<none>".to_owned()),
        since(meta.creation_timestamp, now),
    ]
}
