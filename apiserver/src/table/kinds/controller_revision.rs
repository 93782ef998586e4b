use jiff::Timestamp;
use k8s_openapi::api::apps::v1::ControllerRevision;
use setpoint_core::object::Meta;

use crate::table::about::About;
use crate::table::cell::{Cell, cells};
use crate::table::column::Column;
use crate::table::duration::since;
use crate::table::printer::{Printer, undivided};

/// How ControllerRevisions are printed.
pub(super) const PRINTER: Printer = Printer::new(
    &[
        Column::NAME,
        Column::text("Controller", About::Text("Controller of the object")),
        Column::text("Revision", About::Field("io.k8s.api.apps.v1.ControllerRevision", "revision")),
        Column::AGE,
    ],
    |object, now| undivided(object, now, row),
);

pub(super) fn row(meta: &Meta, whole: &ControllerRevision, now: Timestamp) -> Vec<Cell> {
    let controller = meta.controller().map_or_else(
        || "<none>".to_owned(),
        |owner| {
            let group = owner.group();
            let kind =
                if group.is_empty() { owner.kind.to_string() } else { format!("{}.{group}", owner.kind) };
            format!("{}/{}", kind.to_lowercase(), owner.name)
        },
    );
    let revision = whole.revision.unwrap_or(0);
    cells![&*meta.name, controller, revision, since(meta.creation_timestamp, now)]
}
