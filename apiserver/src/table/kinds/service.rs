use std::collections::BTreeSet;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{ServicePort, ServiceSpec, ServiceStatus};
use setpoint_core::object::Meta;

use crate::table::about::About;
use crate::table::cell::{Cell, cells};
use crate::table::column::Column;
use crate::table::duration::since;
use crate::table::joined::{or_none, or_word, pairs};
use crate::table::printer::{Printer, divided};

/// How Services are printed.
pub(super) const PRINTER: Printer = Printer::new(
    &[
        Column::NAME,
        Column::text("Type", About::Field("io.k8s.api.core.v1.ServiceSpec", "type")),
        Column::text("Cluster-IP", About::Field("io.k8s.api.core.v1.ServiceSpec", "clusterIP")),
        Column::text("External-IP", About::Field("io.k8s.api.core.v1.ServiceSpec", "externalIPs")),
        Column::text("Port(s)", About::Field("io.k8s.api.core.v1.ServiceSpec", "ports")),
        Column::AGE,
        Column::text("Selector", About::Field("io.k8s.api.core.v1.ServiceSpec", "selector")).wide(),
    ],
    |object, now| divided(object, now, row),
);

pub(super) fn row(meta: &Meta, spec: &ServiceSpec, status: &ServiceStatus, now: Timestamp) -> Vec<Cell> {
    let cluster_ip = spec.cluster_ips.as_ref().and_then(|ips| ips.first());
    let ports: Vec<String> = spec.ports.iter().flatten().map(port).collect();
    cells![
        &*meta.name,
        &spec.type_,
        or_word(cluster_ip, "<none>"),
        external_ip(spec, status),
        or_none(ports.join(",")),
        since(meta.creation_timestamp, now),
        pairs(spec.selector.iter().flatten()),
    ]
}

fn external_ip(spec: &ServiceSpec, status: &ServiceStatus) -> String {
    let ips = spec.external_ips.as_deref().unwrap_or_default();
    match spec.type_.as_deref() {
        Some("ClusterIP" | "NodePort") => or_none(ips.join(",")),
        Some("LoadBalancer") => {
            let given = load_balancer(status);
            let all: Vec<&str> =
                given.iter().map(String::as_str).chain(ips.iter().map(String::as_str)).collect();
            if all.is_empty() { "<pending>".to_owned() } else { all.join(",") }
        }
        Some("ExternalName") => spec.external_name.clone().unwrap_or_default(),
        _ => "<unknown>".to_owned(),
    }
}

/// The addresses that a load balancer has given, sorted.
fn load_balancer(status: &ServiceStatus) -> BTreeSet<String> {
    let points = status.load_balancer.as_ref().and_then(|balancer| balancer.ingress.as_ref());
    points
        .into_iter()
        .flatten()
        .filter_map(|point| [&point.ip, &point.hostname].into_iter().flatten().find(|text| !text.is_empty()))
        .cloned()
        .collect()
}

fn port(port: &ServicePort) -> String {
    let protocol = port.protocol.as_deref().unwrap_or_default();
    match port.node_port {
        Some(node_port) if node_port > 0 => format!("{}:{node_port}/{protocol}", port.port),
        _ => format!("{}/{protocol}", port.port),
    }
}
