//! Roles and their bindings (AUTH-06).

mod bindings;
mod roles;
#[cfg(test)]
mod tests;

pub use self::bindings::{
    default_cluster_role_binding, default_role_binding, validate_cluster_role_binding,
    validate_cluster_role_binding_update, validate_role_binding, validate_role_binding_update,
};
pub use self::roles::{
    default_cluster_role, default_role, validate_cluster_role, validate_cluster_role_update, validate_role,
    validate_role_update,
};

/// The group of all four kinds.
pub const GROUP: &str = "rbac.authorization.k8s.io";
