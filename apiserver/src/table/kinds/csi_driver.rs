use jiff::Timestamp;
use k8s_openapi::api::storage::v1::CSIDriver;
use setpoint_core::object::Meta;

use crate::table::about::About;
use crate::table::cell::{Cell, cells};
use crate::table::column::Column;
use crate::table::duration::since;
use crate::table::printer::{Printer, undivided};

const SPEC: &str = "io.k8s.api.storage.v1.CSIDriverSpec";

/// How CSIDrivers are printed.
pub(super) const PRINTER: Printer = Printer::new(
    &[
        Column::NAME,
        Column::boolean("AttachRequired", About::Field(SPEC, "attachRequired")),
        Column::boolean("PodInfoOnMount", About::Field(SPEC, "podInfoOnMount")),
        Column::boolean("StorageCapacity", About::Field(SPEC, "storageCapacity")),
        Column::text("TokenRequests", About::Field(SPEC, "tokenRequests")),
        Column::boolean("RequiresRepublish", About::Field(SPEC, "requiresRepublish")),
        Column::text("Modes", About::Field(SPEC, "volumeLifecycleModes")),
        Column::AGE,
    ],
    |object, now| undivided(object, now, row),
);

pub(super) fn row(meta: &Meta, whole: &CSIDriver, now: Timestamp) -> Vec<Cell> {
    let spec = &whole.spec;
    let audiences = spec.token_requests.iter().flatten().map(|request| request.audience.as_str());
    let audiences = audiences.collect::<Vec<_>>().join(",");
    let modes = spec.volume_lifecycle_modes.as_deref().unwrap_or_default().join(",");
    let or_none = |text: String, word: &str| if text.is_empty() { word.to_owned() } else { text };
    cells![
        &*meta.name,
        spec.attach_required.unwrap_or(true),
        spec.pod_info_on_mount.unwrap_or(false),
        spec.storage_capacity.unwrap_or(false),
        or_none(audiences, "<unset>"),
        spec.requires_republish.unwrap_or(false),
        or_none(modes, "<none>"),
        since(meta.creation_timestamp, now),
    ]
}
