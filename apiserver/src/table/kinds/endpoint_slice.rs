use jiff::Timestamp;
use k8s_openapi::api::discovery::v1::{EndpointPort, EndpointSlice};
use setpoint_core::object::Meta;

use crate::table::about::About;
use crate::table::cell::{Cell, cells};
use crate::table::column::Column;
use crate::table::duration::since;
use crate::table::joined::first_and_more;
use crate::table::printer::{Printer, undivided};

/// How EndpointSlices are printed.
pub(super) const PRINTER: Printer = Printer::new(
    &[
        Column::NAME,
        Column::text("AddressType", About::Field("io.k8s.api.discovery.v1.EndpointSlice", "addressType")),
        Column::text("Ports", About::Field("io.k8s.api.discovery.v1.EndpointSlice", "ports")),
        Column::text("Endpoints", About::Field("io.k8s.api.discovery.v1.EndpointSlice", "endpoints")),
        Column::AGE,
    ],
    |object, now| undivided(object, now, row),
);

pub(super) fn row(meta: &Meta, whole: &EndpointSlice, now: Timestamp) -> Vec<Cell> {
    let ports: Vec<String> = whole.ports.iter().flatten().map(port).collect();
    let endpoints: Vec<String> =
        whole.endpoints.iter().flatten().flat_map(|endpoint| endpoint.addresses.iter().cloned()).collect();
    let age = since(meta.creation_timestamp, now);
    cells![&*meta.name, &whole.address_type, list(&ports), list(&endpoints), age]
}

fn port(port: &EndpointPort) -> String {
    let number = port.port.map(|number| number.to_string());
    number.or_else(|| port.name.clone()).unwrap_or_else(|| "*".to_owned())
}

fn list(items: &[String]) -> String {
    let text = first_and_more(items, items.len());
    if text.is_empty() { "<unset>".to_owned() } else { text }
}
