use std::collections::BTreeSet;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{NodeSpec, NodeStatus, NodeSystemInfo};
use setpoint_core::object::Meta;

use crate::table::about::About;
use crate::table::cell::{Cell, cells};
use crate::table::column::Column;
use crate::table::duration::since;
use crate::table::joined::or_none;
use crate::table::printer::{Printer, divided};

/// How Nodes are printed.
pub(super) const PRINTER: Printer = Printer::new(
    &[
        Column::NAME,
        Column::text("Status", About::Text("The status of the node")),
        Column::text("Roles", About::Text("The roles of the node")),
        Column::AGE,
        Column::text("Version", About::Field("io.k8s.api.core.v1.NodeSystemInfo", "kubeletVersion")),
        Column::text("Internal-IP", About::Field("io.k8s.api.core.v1.NodeStatus", "addresses")).wide(),
        Column::text("External-IP", About::Field("io.k8s.api.core.v1.NodeStatus", "addresses")).wide(),
        Column::text("OS-Image", About::Field("io.k8s.api.core.v1.NodeSystemInfo", "osImage")).wide(),
        Column::text("Kernel-Version", About::Field("io.k8s.api.core.v1.NodeSystemInfo", "kernelVersion"))
            .wide(),
        Column::text(
            "Container-Runtime",
            About::Field("io.k8s.api.core.v1.NodeSystemInfo", "containerRuntimeVersion"),
        )
        .wide(),
    ],
    |object, now| divided(object, now, row),
);

pub(super) fn row(meta: &Meta, spec: &NodeSpec, status: &NodeStatus, now: Timestamp) -> Vec<Cell> {
    let empty = NodeSystemInfo::default();
    let info = status.node_info.as_ref().unwrap_or(&empty);
    let or_unknown = |text: &String| if text.is_empty() { "<unknown>".to_owned() } else { text.clone() };
    cells![
        &*meta.name,
        word(spec, status),
        or_none(roles(meta)),
        since(meta.creation_timestamp, now),
        &info.kubelet_version,
        address(status, "InternalIP"),
        address(status, "ExternalIP"),
        or_unknown(&info.os_image),
        or_unknown(&info.kernel_version),
        or_unknown(&info.container_runtime_version),
    ]
}

fn word(spec: &NodeSpec, status: &NodeStatus) -> String {
    let ready = status.conditions.iter().flatten().rfind(|condition| condition.type_ == "Ready");
    let word = match ready {
        Some(condition) if condition.status == "True" => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    };
    let cordoned = if spec.unschedulable == Some(true) { ",SchedulingDisabled" } else { "" };
    format!("{word}{cordoned}")
}

/// Of labels `node-role.kubernetes.io/ROLE` and `kubernetes.io/role=ROLE`, sorted.
fn roles(meta: &Meta) -> String {
    let role = |(key, value): (&'_ str, &'_ str)| match key.strip_prefix("node-role.kubernetes.io/") {
        Some(role) => Some(role.to_owned()),
        None => (key == "kubernetes.io/role").then(|| value.to_owned()),
    };
    let roles: BTreeSet<String> =
        meta.labels.iter().filter_map(role).filter(|role| !role.is_empty()).collect();
    roles.into_iter().collect::<Vec<_>>().join(",")
}

fn address<'a>(status: &'a NodeStatus, type_: &str) -> &'a str {
    let found = status.addresses.iter().flatten().find(|address| address.type_ == type_);
    found.map_or("<none>", |address| &address.address)
}
