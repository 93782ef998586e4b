use k8s_openapi::api::rbac::v1::{ClusterRole, PolicyRule, Role};

use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::object::Meta;
use crate::rules::object_meta::{self, Scope};
use crate::selector::LabelSelector;

/// Leaves out what says nothing.
pub fn default_role(role: &mut Role) {
    default_rules(&mut role.rules);
}

/// Leaves out what says nothing.
pub fn default_cluster_role(role: &mut ClusterRole) {
    default_rules(&mut role.rules);
}

fn default_rules(rules: &mut Option<Vec<PolicyRule>>) {
    for rule in rules.iter_mut().flatten() {
        for list in
            [&mut rule.api_groups, &mut rule.non_resource_urls, &mut rule.resource_names, &mut rule.resources]
        {
            *list = list.take().filter(|list| !list.is_empty());
        }
    }
    *rules = rules.take().filter(|rules| !rules.is_empty());
}

/// All that is wrong with a new Role.
pub fn validate_role(meta: &Meta, role: &Role) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check(meta, Scope::Namespaced, names::path_segment, &mut errors);
    check_rules(role.rules.as_deref().unwrap_or_default(), Scope::Namespaced, &mut errors);
    errors
}

/// All that is wrong with a changed Role.
pub fn validate_role_update(new_meta: &Meta, new: &Role, old_meta: &Meta) -> FieldErrors {
    let mut errors = validate_role(new_meta, new);
    object_meta::check_update(new_meta, old_meta, &mut errors);
    errors
}

/// All that is wrong with a new ClusterRole.
pub fn validate_cluster_role(meta: &Meta, role: &ClusterRole) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check(meta, Scope::Cluster, names::path_segment, &mut errors);
    check_rules(role.rules.as_deref().unwrap_or_default(), Scope::Cluster, &mut errors);
    if let Some(aggregation) = &role.aggregation_rule {
        let (path, field) = (Path::new("aggregationRule"), "clusterRoleSelectors");
        let selectors = aggregation.cluster_role_selectors.as_deref().unwrap_or_default();
        if selectors.is_empty() {
            let why = "at least one clusterRoleSelector required if aggregationRule is non-nil";
            errors.push(FieldError::required(&path.child(field), why));
        }
        for (index, selector) in selectors.iter().enumerate() {
            if let Err(error) = LabelSelector::compile(Some(selector)) {
                let (list, why) = (path.child(field), error.to_string());
                errors.push(FieldError::invalid(&list.index(index), selector, why));
            }
        }
    }
    errors
}

/// All that is wrong with a changed ClusterRole.
pub fn validate_cluster_role_update(new_meta: &Meta, new: &ClusterRole, old_meta: &Meta) -> FieldErrors {
    let mut errors = validate_cluster_role(new_meta, new);
    object_meta::check_update(new_meta, old_meta, &mut errors);
    errors
}

fn check_rules(rules: &[PolicyRule], scope: Scope, errors: &mut FieldErrors) {
    let path = Path::new("rules");
    for (index, rule) in rules.iter().enumerate() {
        check_rule(rule, scope, &path.index(index), errors);
    }
}

fn check_rule(rule: &PolicyRule, scope: Scope, path: &Path<'_>, errors: &mut FieldErrors) {
    let is_set = |list: &Option<Vec<String>>| list.as_ref().is_some_and(|list| !list.is_empty());
    let (groups, resources) = (is_set(&rule.api_groups), is_set(&rule.resources));
    if rule.verbs.is_empty() {
        errors.push(FieldError::required(&path.child("verbs"), "verbs must contain at least one value"));
    }
    if let Some(urls) = rule.non_resource_urls.as_ref().filter(|urls| !urls.is_empty()) {
        let path = path.child("nonResourceURLs");
        if scope == Scope::Namespaced {
            let why = "namespaced rules cannot apply to non-resource URLs";
            errors.push(FieldError::invalid(&path, urls, why));
        }
        if groups || resources || is_set(&rule.resource_names) {
            let why = "rules cannot apply to both regular resources and non-resource URLs";
            errors.push(FieldError::invalid(&path, urls, why));
        }
        return;
    }
    if !groups {
        let why = "resource rules must supply at least one api group";
        errors.push(FieldError::required(&path.child("apiGroups"), why));
    }
    if !resources {
        let why = "resource rules must supply at least one resource";
        errors.push(FieldError::required(&path.child("resources"), why));
    }
}
