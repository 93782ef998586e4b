use jiff::Timestamp;
use k8s_openapi::api::core::v1::{EndpointSubset, Endpoints};
use setpoint_core::object::Meta;

use crate::table::about::About;
use crate::table::cell::{Cell, cells};
use crate::table::column::Column;
use crate::table::duration::since;
use crate::table::joined::first_and_more;
use crate::table::printer::{Printer, undivided};

/// How Endpoints are printed.
pub(super) const PRINTER: Printer = Printer::new(
    &[
        Column::NAME,
        Column::text("Endpoints", About::Field("io.k8s.api.core.v1.Endpoints", "subsets")),
        Column::AGE,
    ],
    |object, now| undivided(object, now, row),
);

pub(super) fn row(meta: &Meta, whole: &Endpoints, now: Timestamp) -> Vec<Cell> {
    let subsets = whole.subsets.as_deref().unwrap_or_default();
    let list: Vec<String> = subsets.iter().flat_map(addresses).collect();
    let text = if subsets.is_empty() { "<none>".to_owned() } else { first_and_more(&list, list.len()) };
    cells![&*meta.name, text, since(meta.creation_timestamp, now)]
}

/// Every ready address with every port; alone, if there are no ports.
fn addresses(subset: &EndpointSubset) -> Vec<String> {
    let addresses = subset.addresses.as_deref().unwrap_or_default();
    let ports = subset.ports.as_deref().unwrap_or_default();
    if ports.is_empty() {
        return addresses.iter().map(|address| address.ip.clone()).collect();
    }
    let with_port = |ip: &str, port: i32| {
        if ip.contains(':') { format!("[{ip}]:{port}") } else { format!("{ip}:{port}") }
    };
    ports
        .iter()
        .flat_map(|port| addresses.iter().map(move |address| with_port(&address.ip, port.port)))
        .collect()
}
