use k8s_openapi::api::rbac::v1::{ClusterRole, PolicyRule};
use setpoint_core::object::ObjectRef;
use setpoint_reconcile::plan::{Next, Plan};

/// An aggregated role, and what it is put together from.
#[derive(Debug, Clone)]
pub struct Observed {
    /// The role.
    pub role: ObjectRef,
    /// The rules of all roles that it selects, in the order of their names.
    pub rules: Vec<PolicyRule>,
}

/// Gives a role these rules.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// All of them.
    pub rules: Vec<PolicyRule>,
}

/// What came of the write.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Memory {
    /// Why it failed.
    pub error: Option<String>,
}

/// The rules a role should have, if it has others.
pub fn plan(observed: &Observed, memory: &Memory) -> Plan<Action, Memory> {
    let memory = memory.clone();
    if let Some(error) = memory.error.clone() {
        return Plan { actions: Vec::new(), memory, next: Next::Failed(error) };
    }
    let role = observed.role.spec::<ClusterRole>();
    let is_ours = role.is_some_and(|role| role.aggregation_rule.is_some());
    let has = role.and_then(|role| role.rules.as_deref()).unwrap_or_default();
    let mut wanted: Vec<PolicyRule> = Vec::new();
    for rule in &observed.rules {
        if !wanted.contains(rule) {
            wanted.push(rule.clone());
        }
    }
    if !is_ours || has == wanted || observed.role.meta().is_terminating() {
        return Plan { actions: Vec::new(), memory, next: Next::Settled };
    }
    Plan { actions: vec![Action { rules: wanted }], memory, next: Next::Replan }
}
