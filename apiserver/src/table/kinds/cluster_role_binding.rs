use jiff::Timestamp;
use k8s_openapi::api::rbac::v1::ClusterRoleBinding;
use setpoint_core::object::Meta;

use crate::table::about::About;
use crate::table::cell::{Cell, cells};
use crate::table::column::Column;
use crate::table::duration::since;
use crate::table::kinds::subjects::by_kind;
use crate::table::printer::{Printer, undivided};

/// How ClusterRoleBindings are printed.
pub(super) const PRINTER: Printer = Printer::new(
    &[
        Column::NAME,
        Column::text("Role", About::Field("io.k8s.api.rbac.v1.ClusterRoleBinding", "roleRef")),
        Column::AGE,
        Column::text("Users", About::Text("Users in the clusterRoleBinding")).wide(),
        Column::text("Groups", About::Text("Groups in the clusterRoleBinding")).wide(),
        Column::text("ServiceAccounts", About::Text("ServiceAccounts in the clusterRoleBinding")).wide(),
    ],
    |object, now| undivided(object, now, row),
);

pub(super) fn row(meta: &Meta, whole: &ClusterRoleBinding, now: Timestamp) -> Vec<Cell> {
    let role = format!("{}/{}", whole.role_ref.kind, whole.role_ref.name);
    let [users, groups, accounts] = by_kind(whole.subjects.as_deref().unwrap_or_default());
    cells![&*meta.name, role, since(meta.creation_timestamp, now), users, groups, accounts]
}
