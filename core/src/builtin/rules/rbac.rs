use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};

use super::undivided::UNDIVIDED;
use crate::field::FieldErrors;
use crate::kind::{KindRules, Subresource, Traits};
use crate::object::{Draft, Object};
use crate::rules::rbac;

/// What holds for all four kinds.
const TRAITS: Traits = Traits { creates_on_update: true, ..UNDIVIDED };

#[derive(Debug, Clone, Copy)]
pub(in crate::builtin) struct ClusterRoleRules;

#[derive(Debug, Clone, Copy)]
pub(in crate::builtin) struct ClusterRoleBindingRules;

#[derive(Debug, Clone, Copy)]
pub(in crate::builtin) struct RoleRules;

#[derive(Debug, Clone, Copy)]
pub(in crate::builtin) struct RoleBindingRules;

fn validate_name(name: &str) -> Vec<String> {
    crate::names::path_segment(name).into_iter().map(str::to_owned).collect()
}

/// The rules of roles, and of bindings, whose updates look at what was bound before.
macro_rules! rules {
    ($($rules:ident, $kind:ty, $default:ident, $create:ident, $update:ident $(, $old:ident)?;)*) => {$(
        impl KindRules for $rules {
            fn default(&self, draft: &mut Draft) {
                if let Some(value) = draft.spec_mut::<$kind>() {
                    rbac::$default(value);
                }
            }

            fn validate_create(&self, draft: &Draft) -> FieldErrors {
                draft.spec::<$kind>().map(|value| rbac::$create(draft.meta(), value)).unwrap_or_default()
            }

            fn validate_update(&self, draft: &Draft, old: &Object, _side: Subresource) -> FieldErrors {
                let Some(new) = draft.spec::<$kind>() else { return FieldErrors::new() };
                $(let Some($old) = old.spec::<$kind>() else { return FieldErrors::new() };)?
                rbac::$update(draft.meta(), new, old.meta() $(, $old)?)
            }

            fn validate_name(&self, name: &str) -> Vec<String> {
                validate_name(name)
            }

            fn traits(&self) -> Traits {
                TRAITS
            }
        }
    )*};
}

rules! {
    ClusterRoleRules, ClusterRole, default_cluster_role, validate_cluster_role, validate_cluster_role_update;
    ClusterRoleBindingRules, ClusterRoleBinding, default_cluster_role_binding, validate_cluster_role_binding,
        validate_cluster_role_binding_update, before;
    RoleRules, Role, default_role, validate_role, validate_role_update;
    RoleBindingRules, RoleBinding, default_role_binding, validate_role_binding, validate_role_binding_update, before;
}
