use jiff::Timestamp;
use k8s_openapi::api::batch::v1::{CronJobSpec, CronJobStatus};
use setpoint_core::object::Meta;

use crate::table::about::About;
use crate::table::cell::{Cell, cells};
use crate::table::column::Column;
use crate::table::containers::of_template;
use crate::table::duration::{since, since_time};
use crate::table::joined::or_word;
use crate::table::printer::{Printer, divided};
use crate::table::selector::selector_text;

/// How CronJobs are printed.
pub(super) const PRINTER: Printer = Printer::new(
    &[
        Column::NAME,
        Column::text("Schedule", About::Field("io.k8s.api.batch.v1.CronJobSpec", "schedule")),
        Column::text("Timezone", About::Field("io.k8s.api.batch.v1.CronJobSpec", "timeZone")),
        Column::boolean("Suspend", About::Field("io.k8s.api.batch.v1.CronJobSpec", "suspend")),
        Column::integer("Active", About::Field("io.k8s.api.batch.v1.CronJobStatus", "active")),
        Column::text("Last Schedule", About::Field("io.k8s.api.batch.v1.CronJobStatus", "lastScheduleTime")),
        Column::AGE,
        Column::CONTAINERS,
        Column::IMAGES,
        Column::text("Selector", About::Field("io.k8s.api.batch.v1.JobSpec", "selector")).wide(),
    ],
    |object, now| divided(object, now, row),
);

pub(super) fn row(meta: &Meta, spec: &CronJobSpec, status: &CronJobStatus, now: Timestamp) -> Vec<Cell> {
    let job = spec.job_template.spec.as_ref();
    let (names, images) = job.map(|job| of_template(&job.template)).unwrap_or_default();
    let last = status.last_schedule_time.as_ref();
    let suspend = match spec.suspend {
        None => "<unset>",
        Some(true) => "True",
        Some(false) => "False",
    };
    cells![
        &*meta.name,
        &spec.schedule,
        or_word(spec.time_zone.as_ref(), "<none>"),
        suspend,
        status.active.as_ref().map_or(0, Vec::len),
        last.map_or_else(|| "<none>".to_owned(), |time| since_time(Some(time), now)),
        since(meta.creation_timestamp, now),
        names,
        images,
        selector_text(job.and_then(|job| job.selector.as_ref())),
    ]
}
