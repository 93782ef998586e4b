use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef};
use setpoint_core::kind::Subresource;
use setpoint_core::object::{Draft, Object};
use setpoint_core::{Error, Reason, Result};

use super::{Admission, Operation, Request, Target};
use crate::rbac::{Allowed, Demand, MASTERS, Policy, Thing, compacted, described, uncovered};
use crate::request::Grants;

/// Nobody gives what they do not have: who writes a role must have its rights, or the right to `escalate`; who binds
/// one must have its rights, or the right to `bind` it (AUTH-06).
///
/// It looks only at writers whose rights come from roles ([`Grants::OfRoles`]).
#[derive(Debug, Clone, Copy)]
pub struct RoleEscalation;

const GROUP: &str = "rbac.authorization.k8s.io";

impl Admission for RoleEscalation {
    fn name(&self) -> &'static str {
        "RoleEscalation"
    }

    fn handles(&self, target: &Target<'_>) -> bool {
        target.operation != Operation::Delete
            && target.side == Subresource::Main
            && &*target.kind.resource.group == GROUP
    }

    fn validate(&self, request: &Request<'_>, draft: Option<&Draft>) -> Result<()> {
        let context = request.context;
        let is_master = context.user.groups.iter().any(|group| group == MASTERS);
        let (Some(draft), false, Grants::OfRoles) = (draft, is_master, context.grants) else { return Ok(()) };
        let old = request.old;
        if let Some(role) = draft.spec::<Role>() {
            let is_same = old.and_then(Object::spec::<Role>).is_some_and(|old| old.rules == role.rules);
            return if is_same { Ok(()) } else { check_role(request, "roles", rules(&role.rules)) };
        }
        if let Some(role) = draft.spec::<ClusterRole>() {
            let old = old.and_then(Object::spec::<ClusterRole>);
            if old.is_some_and(|old| old.rules == role.rules && old.aggregation_rule == role.aggregation_rule)
            {
                return Ok(());
            }
            check_role(request, "clusterroles", rules(&role.rules))?;
            return if role.aggregation_rule.is_some() { check_aggregation(request) } else { Ok(()) };
        }
        let role = draft.spec::<RoleBinding>().map(|binding| &binding.role_ref);
        let role = role.or_else(|| draft.spec::<ClusterRoleBinding>().map(|binding| &binding.role_ref));
        role.map_or(Ok(()), |role| check_binding(request, role))
    }
}

fn rules(rules: &Option<Vec<PolicyRule>>) -> &[PolicyRule] {
    rules.as_deref().unwrap_or_default()
}

fn check_role(request: &Request<'_>, resource: &str, rules: &[PolicyRule]) -> Result<()> {
    if may(request, "escalate", resource, &request.key.name)? {
        return Ok(());
    }
    check_held(request, rules)
}

/// What an aggregated role will allow is not known: who makes one must be allowed everything.
fn check_aggregation(request: &Request<'_>) -> Result<()> {
    if may(request, "escalate", "clusterroles", &request.key.name)? {
        return Ok(());
    }
    let all = || Some(vec!["*".to_owned()]);
    let verbs = vec!["*".to_owned()];
    let objects =
        PolicyRule { api_groups: all(), resources: all(), verbs: verbs.clone(), ..PolicyRule::default() };
    let paths = PolicyRule { non_resource_urls: all(), verbs, ..PolicyRule::default() };
    check_held(request, &[objects, paths])
        .map_err(|_| refused(request, "must have cluster-admin privileges to use an aggregationRule"))
}

fn check_binding(request: &Request<'_>, role: &RoleRef) -> Result<()> {
    let resource = if role.kind == "ClusterRole" { "clusterroles" } else { "roles" };
    if may(request, "bind", resource, &role.name)? {
        return Ok(());
    }
    let namespace = namespace(request);
    match policy(request)?.rules(role, namespace) {
        Some(rules) => check_held(request, rules),
        None => {
            let message = format!("{resource}.{GROUP} {:?} not found", role.name);
            Err(Error::new(Reason::NotFound, message))
        }
    }
}

/// Whether the writer may do this with a role where the object is.
fn may(request: &Request<'_>, verb: &str, resource: &str, name: &str) -> Result<bool> {
    let namespace = namespace(request);
    let thing = Thing::Object { group: GROUP, resource, subresource: "", namespace, name };
    let allowed = policy(request)?.allows(&request.context.user, &Demand { verb, thing });
    Ok(matches!(allowed, Allowed::Yes(_)))
}

/// Whether the writer has all that these rules give.
fn check_held(request: &Request<'_>, rules: &[PolicyRule]) -> Result<()> {
    let user = &request.context.user;
    let held = policy(request)?.rules_of(user, namespace(request));
    let missing = uncovered(&held, rules);
    if missing.is_empty() {
        return Ok(());
    }
    let groups: Vec<String> = user.groups.iter().map(|group| format!("{group:?}")).collect();
    let (name, groups, missing) = (&user.name, groups.join(" "), described(&compacted(missing)));
    let why = format!(
        "user {name:?} (groups=[{groups}]) is attempting to grant RBAC permissions not currently held:\n{missing}"
    );
    Err(refused(request, &why))
}

fn refused(request: &Request<'_>, why: &str) -> Error {
    Error::forbidden(&request.target.kind.resource, &request.key.name, why)
}

fn namespace<'a>(request: &Request<'a>) -> &'a str {
    request.key.namespace.as_deref().unwrap_or_default()
}

fn policy<'a>(request: &Request<'a>) -> Result<Policy<'a>> {
    request.policy().ok_or_else(|| Error::internal("the store has no roles to look at"))
}
