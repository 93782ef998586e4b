use jiff::Timestamp;
use k8s_openapi::api::core::v1::PodTemplate;
use setpoint_core::object::Meta;

use crate::table::about::About;
use crate::table::cell::{Cell, cells};
use crate::table::column::Column;
use crate::table::containers::of_template;
use crate::table::joined::pairs;
use crate::table::printer::{Printer, undivided};

/// How PodTemplates are printed.
pub(super) const PRINTER: Printer = Printer::new(
    &[
        Column::NAME,
        Column::text("Containers", About::Text("Names of each container in the template.")),
        Column::text("Images", About::Text("Images referenced by each container in the template.")),
        Column::text("Pod Labels", About::Text("The labels for the pod template.")),
    ],
    |object, now| undivided(object, now, row),
);

pub(super) fn row(meta: &Meta, whole: &PodTemplate, _now: Timestamp) -> Vec<Cell> {
    let template = whole.template.as_ref();
    let (names, images) = template.map(of_template).unwrap_or_default();
    let labels = template.and_then(|template| template.metadata.as_ref()?.labels.as_ref());
    cells![&*meta.name, names, images, pairs(labels.into_iter().flatten())]
}
