use jiff::Timestamp;
use k8s_openapi::api::storage::v1::StorageClass;
use setpoint_core::object::Meta;

use crate::table::about::About;
use crate::table::cell::{Cell, cells};
use crate::table::column::Column;
use crate::table::duration::since;
use crate::table::joined::or_word;
use crate::table::printer::{Printer, undivided};

/// How StorageClasses are printed.
pub(super) const PRINTER: Printer = Printer::new(
    &[
        Column::NAME,
        Column::text("Provisioner", About::Field("io.k8s.api.storage.v1.StorageClass", "provisioner")),
        Column::text("ReclaimPolicy", About::Field("io.k8s.api.storage.v1.StorageClass", "reclaimPolicy")),
        Column::text(
            "VolumeBindingMode",
            About::Field("io.k8s.api.storage.v1.StorageClass", "volumeBindingMode"),
        ),
        Column::text(
            "AllowVolumeExpansion",
            About::Field("io.k8s.api.storage.v1.StorageClass", "allowVolumeExpansion"),
        ),
        Column::AGE,
    ],
    |object, now| undivided(object, now, row),
);

pub(super) fn row(meta: &Meta, whole: &StorageClass, now: Timestamp) -> Vec<Cell> {
    let marked = |annotation: &str| meta.annotations.get(annotation) == Some("true");
    let is_default = DEFAULT_MARKS.into_iter().any(marked);
    cells![
        format!("{}{}", meta.name, if is_default { " (default)" } else { "" }),
        &whole.provisioner,
        or_word(whole.reclaim_policy.as_ref(), "Delete"),
        or_word(whole.volume_binding_mode.as_ref(), "Immediate"),
        whole.allow_volume_expansion.unwrap_or(false),
        since(meta.creation_timestamp, now),
    ]
}

const DEFAULT_MARKS: [&str; 2] =
    ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];
