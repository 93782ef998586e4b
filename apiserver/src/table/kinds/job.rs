use jiff::Timestamp;
use k8s_openapi::api::batch::v1::{JobCondition, JobSpec, JobStatus};
use setpoint_core::object::Meta;

use crate::table::about::About;
use crate::table::cell::{Cell, cells};
use crate::table::column::Column;
use crate::table::containers::of_template;
use crate::table::duration::{human_duration, since};
use crate::table::printer::{Printer, divided};
use crate::table::selector::selector_text;

/// How Jobs are printed.
pub(super) const PRINTER: Printer = Printer::new(
    &[
        Column::NAME,
        Column::text("Status", About::Text("Status of the job.")),
        Column::text("Completions", About::Field("io.k8s.api.batch.v1.JobStatus", "succeeded")),
        Column::text("Duration", About::Text("Time required to complete the job.")),
        Column::AGE,
        Column::CONTAINERS,
        Column::IMAGES,
        Column::text("Selector", About::Field("io.k8s.api.batch.v1.JobSpec", "selector")).wide(),
    ],
    |object, now| divided(object, now, row),
);

pub(super) fn row(meta: &Meta, spec: &JobSpec, status: &JobStatus, now: Timestamp) -> Vec<Cell> {
    let (names, images) = of_template(&spec.template);
    cells![
        &*meta.name,
        word(meta, status),
        completions(spec, status),
        duration(status, now),
        since(meta.creation_timestamp, now),
        names,
        images,
        selector_text(spec.selector.as_ref()),
    ]
}

/// The first that holds.
fn word(meta: &Meta, status: &JobStatus) -> &'static str {
    let conditions = status.conditions.as_deref().unwrap_or_default();
    let is = |type_: &str| is_true(conditions, type_);
    match () {
        () if is("Complete") => "Complete",
        () if is("Failed") => "Failed",
        () if meta.is_terminating() => "Terminating",
        () if is("Suspended") => "Suspended",
        () if is("FailureTarget") => "FailureTarget",
        () if is("SuccessCriteriaMet") => "SuccessCriteriaMet",
        () => "Running",
    }
}

fn is_true(conditions: &[JobCondition], type_: &str) -> bool {
    conditions.iter().find(|condition| condition.type_ == type_).is_some_and(|found| found.status == "True")
}

/// Of a Job without completions any success will do.
fn completions(spec: &JobSpec, status: &JobStatus) -> String {
    let succeeded = status.succeeded.unwrap_or(0);
    match (spec.completions, spec.parallelism.unwrap_or(0)) {
        (Some(completions), _) => format!("{succeeded}/{completions}"),
        (None, parallelism) if parallelism > 1 => format!("{succeeded}/1 of {parallelism}"),
        (None, _) => format!("{succeeded}/1"),
    }
}

fn duration(status: &JobStatus, now: Timestamp) -> String {
    let end = status.completion_time.as_ref().map_or(now, |time| time.0);
    status.start_time.as_ref().map(|start| human_duration(end.duration_since(start.0))).unwrap_or_default()
}
