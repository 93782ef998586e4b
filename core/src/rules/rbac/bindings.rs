use k8s_openapi::api::rbac::v1::{ClusterRoleBinding, RoleBinding, RoleRef, Subject};
use serde_json::json;

use super::GROUP;
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::object::Meta;
use crate::rules::absent::text;
use crate::rules::object_meta::{self, Scope};

/// Fills in API groups, and leaves out what says nothing.
pub fn default_role_binding(binding: &mut RoleBinding) {
    default_parts(&mut binding.role_ref, &mut binding.subjects);
}

/// Fills in API groups, and leaves out what says nothing.
pub fn default_cluster_role_binding(binding: &mut ClusterRoleBinding) {
    default_parts(&mut binding.role_ref, &mut binding.subjects);
}

fn default_parts(role: &mut RoleRef, subjects: &mut Option<Vec<Subject>>) {
    if text(&role.api_group).is_empty() {
        role.api_group = Some(GROUP.to_owned());
    }
    for subject in subjects.iter_mut().flatten() {
        subject.api_group = subject.api_group.take().filter(|group| !group.is_empty());
        subject.namespace = subject.namespace.take().filter(|namespace| !namespace.is_empty());
        if matches!(subject.kind.as_str(), "Group" | "User") {
            subject.api_group.get_or_insert_with(|| GROUP.to_owned());
        }
    }
    *subjects = subjects.take().filter(|subjects| !subjects.is_empty());
}

/// All that is wrong with a new RoleBinding.
pub fn validate_role_binding(meta: &Meta, binding: &RoleBinding) -> FieldErrors {
    validate(meta, Scope::Namespaced, &binding.role_ref, binding.subjects.as_deref())
}

/// All that is wrong with a new ClusterRoleBinding.
pub fn validate_cluster_role_binding(meta: &Meta, binding: &ClusterRoleBinding) -> FieldErrors {
    validate(meta, Scope::Cluster, &binding.role_ref, binding.subjects.as_deref())
}

/// All that is wrong with a changed RoleBinding: what is bound stays.
pub fn validate_role_binding_update(
    new_meta: &Meta,
    new: &RoleBinding,
    old_meta: &Meta,
    old: &RoleBinding,
) -> FieldErrors {
    let mut errors = validate_role_binding(new_meta, new);
    check_update(new_meta, &new.role_ref, old_meta, &old.role_ref, &mut errors);
    errors
}

/// All that is wrong with a changed ClusterRoleBinding: what is bound stays.
pub fn validate_cluster_role_binding_update(
    new_meta: &Meta,
    new: &ClusterRoleBinding,
    old_meta: &Meta,
    old: &ClusterRoleBinding,
) -> FieldErrors {
    let mut errors = validate_cluster_role_binding(new_meta, new);
    check_update(new_meta, &new.role_ref, old_meta, &old.role_ref, &mut errors);
    errors
}

fn check_update(new_meta: &Meta, new: &RoleRef, old_meta: &Meta, old: &RoleRef, errors: &mut FieldErrors) {
    object_meta::check_update(new_meta, old_meta, errors);
    if new != old {
        let shown = json!({"APIGroup": new.api_group, "Kind": new.kind, "Name": new.name});
        errors.push(FieldError::invalid(&Path::new("roleRef"), &shown, "cannot change roleRef"));
    }
}

fn validate(meta: &Meta, scope: Scope, role: &RoleRef, subjects: Option<&[Subject]>) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check(meta, scope, names::path_segment, &mut errors);
    let path = Path::new("roleRef");
    let group = text(&role.api_group);
    if group != GROUP {
        errors.push(FieldError::not_supported(&path.child("apiGroup"), group, &[GROUP]));
    }
    let kinds: &[&str] = if scope == Scope::Cluster { &["ClusterRole"] } else { &["ClusterRole", "Role"] };
    if !kinds.contains(&role.kind.as_str()) {
        errors.push(FieldError::not_supported(&path.child("kind"), &role.kind, kinds));
    }
    let path = path.child("name");
    if role.name.is_empty() {
        errors.push(FieldError::required(&path, ""));
    }
    for why in names::path_segment(&role.name) {
        errors.push(FieldError::invalid(&path, &role.name, why));
    }
    let path = Path::new("subjects");
    for (index, subject) in subjects.unwrap_or_default().iter().enumerate() {
        check_subject(subject, scope, &path.index(index), &mut errors);
    }
    errors
}

fn check_subject(subject: &Subject, scope: Scope, path: &Path<'_>, errors: &mut FieldErrors) {
    let name_path = path.child("name");
    if subject.name.is_empty() {
        errors.push(FieldError::required(&name_path, ""));
    }
    let group = text(&subject.api_group);
    let group_path = path.child("apiGroup");
    match subject.kind.as_str() {
        "ServiceAccount" => {
            if !subject.name.is_empty() {
                for why in names::dns1123_subdomain(&subject.name) {
                    errors.push(FieldError::invalid(&name_path, &subject.name, why));
                }
            }
            if !group.is_empty() {
                errors.push(FieldError::not_supported(&group_path, group, &[""]));
            }
            if scope == Scope::Cluster && text(&subject.namespace).is_empty() {
                errors.push(FieldError::required(&path.child("namespace"), ""));
            }
        }
        "Group" | "User" => {
            if group != GROUP {
                errors.push(FieldError::not_supported(&group_path, group, &[GROUP]));
            }
        }
        other => {
            let kinds = ["Group", "ServiceAccount", "User"];
            errors.push(FieldError::not_supported(&path.child("kind"), other, &kinds));
        }
    }
}
