use jiff::Timestamp;
use k8s_openapi::api::apps::v1::{DeploymentSpec, DeploymentStatus};
use setpoint_core::object::Meta;
use setpoint_core::selector::LabelSelector;

use crate::table::about::About;
use crate::table::cell::{Cell, cells};
use crate::table::column::Column;
use crate::table::containers::of_template;
use crate::table::duration::since;
use crate::table::printer::{Printer, divided};

/// How Deployments are printed.
pub(super) const PRINTER: Printer = Printer::new(
    &[
        Column::NAME,
        Column::text("Ready", About::Text("Number of the pod with ready state")),
        Column::text("Up-to-date", About::Field("io.k8s.api.apps.v1.DeploymentStatus", "updatedReplicas")),
        Column::text("Available", About::Field("io.k8s.api.apps.v1.DeploymentStatus", "availableReplicas")),
        Column::AGE,
        Column::CONTAINERS,
        Column::IMAGES,
        Column::text("Selector", About::Field("io.k8s.api.apps.v1.DeploymentSpec", "selector")).wide(),
    ],
    |object, now| divided(object, now, row),
);

pub(super) fn row(
    meta: &Meta,
    spec: &DeploymentSpec,
    status: &DeploymentStatus,
    now: Timestamp,
) -> Vec<Cell> {
    let (names, images) = of_template(&spec.template);
    let ready = format!("{}/{}", status.ready_replicas.unwrap_or(0), spec.replicas.unwrap_or(0));
    let selector = LabelSelector::compile(Some(&spec.selector))
        .map_or_else(|_| "<invalid>".to_owned(), |selector| selector.to_string());
    let age = since(meta.creation_timestamp, now);
    cells![
        &*meta.name,
        ready,
        status.updated_replicas,
        status.available_replicas,
        age,
        names,
        images,
        selector
    ]
}
