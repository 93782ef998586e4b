use jiff::Timestamp;
use k8s_openapi::api::core::v1::Event;
use setpoint_core::object::Meta;

use crate::table::about::About;
use crate::table::cell::{Cell, cells};
use crate::table::column::Column;
use crate::table::duration::{since_micro_time, since_time};
use crate::table::printer::{Printer, undivided};

/// How Events are printed.
pub(super) const PRINTER: Printer = Printer::new(
    &[
        Column::text("Last Seen", About::Field("io.k8s.api.core.v1.Event", "lastTimestamp")),
        Column::text("Type", About::Field("io.k8s.api.core.v1.Event", "type")),
        Column::text("Reason", About::Field("io.k8s.api.core.v1.Event", "reason")),
        Column::text("Object", About::Field("io.k8s.api.core.v1.Event", "involvedObject")),
        Column::text("Subobject", About::Field("io.k8s.api.core.v1.ObjectReference", "fieldPath")).wide(),
        Column::text("Source", About::Field("io.k8s.api.core.v1.Event", "source")).wide(),
        Column::text("Message", About::Field("io.k8s.api.core.v1.Event", "message")),
        Column::text("First Seen", About::Field("io.k8s.api.core.v1.Event", "firstTimestamp")).wide(),
        Column::text("Count", About::Field("io.k8s.api.core.v1.Event", "count")).wide(),
        Column::NAME.wide(),
    ],
    |object, now| undivided(object, now, row),
);

pub(super) fn row(meta: &Meta, whole: &Event, now: Timestamp) -> Vec<Cell> {
    let (first, last) = seen(whole, now);
    let count = match (&whole.series, whole.count) {
        (Some(series), _) => series.count.unwrap_or(0),
        // One that happened once has no count in the newer API.
        (None, None | Some(0)) => 1,
        (None, Some(count)) => count,
    };
    cells![
        last,
        &whole.type_,
        &whole.reason,
        target(whole),
        &whole.involved_object.field_path,
        source(whole),
        whole.message.as_deref().unwrap_or_default().trim(),
        first,
        count,
        &*meta.name,
    ]
}

/// How long ago it was seen first and last.
fn seen(event: &Event, now: Timestamp) -> (String, String) {
    let first = match &event.first_timestamp {
        Some(time) => since_time(Some(time), now),
        None => since_micro_time(event.event_time.as_ref(), now),
    };
    let last = match (&event.series, &event.last_timestamp) {
        (Some(series), _) => since_micro_time(series.last_observed_time.as_ref(), now),
        (None, Some(time)) => since_time(Some(time), now),
        (None, None) => first.clone(),
    };
    (first, last)
}

fn target(event: &Event) -> String {
    let kind = event.involved_object.kind.as_deref().unwrap_or_default().to_lowercase();
    match event.involved_object.name.as_deref() {
        None | Some("") => kind,
        Some(name) => format!("{kind}/{name}"),
    }
}

/// Component and host, or what reports now that those are deprecated.
fn source(event: &Event) -> String {
    let source = event.source.as_ref();
    let first = |old: Option<&String>, new: &Option<String>| {
        let set = old.filter(|text| !text.is_empty()).or(new.as_ref());
        set.cloned().unwrap_or_default()
    };
    let component = first(source.and_then(|source| source.component.as_ref()), &event.reporting_component);
    let instance = first(source.and_then(|source| source.host.as_ref()), &event.reporting_instance);
    if instance.is_empty() { component } else { format!("{component}, {instance}") }
}
