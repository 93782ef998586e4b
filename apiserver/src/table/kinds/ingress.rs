use std::collections::BTreeSet;

use jiff::Timestamp;
use k8s_openapi::api::networking::v1::{IngressRule, IngressSpec, IngressStatus};
use setpoint_core::object::Meta;

use crate::table::about::About;
use crate::table::cell::{Cell, cells};
use crate::table::column::Column;
use crate::table::duration::since;
use crate::table::joined::{SHOWN_MAX, first_and_more, or_word};
use crate::table::printer::{Printer, divided};

/// How Ingresses are printed.
pub(super) const PRINTER: Printer = Printer::new(
    &[
        Column::NAME,
        Column::text(
            "Class",
            About::Text(
                "The name of the IngressClass resource that should be used for additional configuration",
            ),
        ),
        Column::text(
            "Hosts",
            About::Text("Hosts that incoming requests are matched against before the ingress rule"),
        ),
        Column::text(
            "Address",
            About::Text("Address is a list containing ingress points for the load-balancer"),
        ),
        Column::text("Ports", About::Text("Ports of TLS configurations that open")),
        Column::AGE,
    ],
    |object, now| divided(object, now, row),
);

pub(super) fn row(meta: &Meta, spec: &IngressSpec, status: &IngressStatus, now: Timestamp) -> Vec<Cell> {
    let points = status.load_balancer.as_ref().and_then(|balancer| balancer.ingress.as_ref());
    let addresses: BTreeSet<&str> = points
        .into_iter()
        .flatten()
        .filter_map(|point| [&point.ip, &point.hostname].into_iter().flatten().find(|text| !text.is_empty()))
        .map(String::as_str)
        .collect();
    let has_tls = spec.tls.as_ref().is_some_and(|tls| !tls.is_empty());
    cells![
        &*meta.name,
        or_word(spec.ingress_class_name.as_ref(), "<none>"),
        hosts(spec.rules.as_deref().unwrap_or_default()),
        addresses.into_iter().collect::<Vec<_>>().join(","),
        if has_tls { "80, 443" } else { "80" },
        since(meta.creation_timestamp, now),
    ]
}

/// Rules without a host are not named, but counted among those left out.
fn hosts(rules: &[IngressRule]) -> String {
    let named: Vec<String> =
        rules.iter().filter_map(|rule| rule.host.clone()).filter(|host| !host.is_empty()).collect();
    match named.len() {
        0 => "*".to_owned(),
        1..SHOWN_MAX => named.join(","),
        // The last rule that is named fills the list; what follows is the rest.
        SHOWN_MAX if rules.last().is_some_and(|rule| rule.host.as_ref() == named.last()) => named.join(","),
        _ => first_and_more(&named, rules.len()),
    }
}
