use jiff::Timestamp;
use k8s_openapi::api::core::v1::{PodSpec, PodStatus};
use setpoint_core::builtin::SharedPodSpec;
use setpoint_core::object::{Meta, Object};

use super::pod_summary::PodSummary;
use crate::table::about::About;
use crate::table::answer::RowCondition;
use crate::table::cell::{Cell, cells};
use crate::table::column::Column;
use crate::table::duration::since;
use crate::table::joined::or_none;
use crate::table::printer::{Printer, divided};

/// How Pods are printed.
pub(super) const PRINTER: Printer = Printer {
    conditions,
    ..Printer::new(
        &[
            Column::NAME,
            Column::text(
                "Ready",
                About::Text("The aggregate readiness state of this pod for accepting traffic."),
            ),
            Column::text("Status", About::Text("The aggregate status of the containers in this pod.")),
            Column::text(
                "Restarts",
                About::Text(
                    "The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.",
                ),
            ),
            Column::AGE,
            Column::text("IP", About::Field("io.k8s.api.core.v1.PodStatus", "podIP")).wide(),
            Column::text("Node", About::Field("io.k8s.api.core.v1.PodSpec", "nodeName")).wide(),
            Column::text("Nominated Node", About::Field("io.k8s.api.core.v1.PodStatus", "nominatedNodeName"))
                .wide(),
            Column::text("Readiness Gates", About::Field("io.k8s.api.core.v1.PodSpec", "readinessGates"))
                .wide(),
        ],
        |object, now| divided(object, now, row),
    )
};

pub(super) fn row(meta: &Meta, spec: &SharedPodSpec, status: &PodStatus, now: Timestamp) -> Vec<Cell> {
    let summary = PodSummary::of(meta, spec.common(), status);
    let ip = status.pod_ips.as_ref().and_then(|ips| ips.first()).map(|ip| ip.ip.clone());
    cells![
        &*meta.name,
        format!("{}/{}", summary.ready, summary.containers),
        summary.word.as_ref(),
        summary.restarts_text(now),
        since(meta.creation_timestamp, now),
        or_none(ip.unwrap_or_default()),
        or_none(spec.node_name().unwrap_or_default().to_owned()),
        or_none(status.nominated_node_name.clone().unwrap_or_default()),
        readiness_gates(spec.common(), status),
    ]
}

/// How many of the readiness gates are open.
fn readiness_gates(spec: &PodSpec, status: &PodStatus) -> String {
    let gates = spec.readiness_gates.as_deref().unwrap_or_default();
    if gates.is_empty() {
        return "<none>".to_owned();
    }
    let conditions = status.conditions.as_deref().unwrap_or_default();
    let is_open = |type_: &str| {
        let found = conditions.iter().find(|condition| condition.type_ == type_);
        found.is_some_and(|condition| condition.status == "True")
    };
    format!("{}/{}", gates.iter().filter(|gate| is_open(&gate.condition_type)).count(), gates.len())
}

/// A finished pod says so on the row as a whole.
fn conditions(object: &Object) -> Vec<RowCondition> {
    let phase = object.status::<PodStatus>().and_then(|status| status.phase.as_deref());
    let completed = |reason, message| RowCondition { type_: "Completed", status: "True", reason, message };
    match phase {
        Some("Succeeded") => vec![completed("Succeeded", "The pod has completed successfully.")],
        Some("Failed") => vec![completed("Failed", "The pod failed.")],
        _ => Vec::new(),
    }
}
