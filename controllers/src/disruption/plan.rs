use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::PodStatus;
use k8s_openapi::api::policy::v1::{PodDisruptionBudgetSpec, PodDisruptionBudgetStatus};
use setpoint_core::object::ObjectRef;
use setpoint_core::rules::pod_disruption_budget::{default_status, set_sync_failed};
use setpoint_reconcile::plan::{Next, Plan};

use super::memory::Memory;
use super::observed::{Observed, ObservedBudget};
use super::selector_text::selector_text;
use super::{stale_pod, status};

/// How long an eviction that was granted counts as done although the pod is still there.
pub const DELETION_TIMEOUT: Duration = Duration::from_secs(120);

/// What the controller does.
#[derive(Debug, Clone)]
pub enum Action {
    /// Writes the budget's status.
    Write(PodDisruptionBudgetStatus),
    /// Tells something usual of the budget: reason and message.
    Tell(&'static str, String),
    /// Tells of the budget what somebody may have to look at: reason and message.
    Warn(&'static str, String),
    /// Tells that a pod did not go although its eviction was granted.
    TellNotDeleted(ObjectRef),
    /// Takes an announcement off the pod.
    Withdraw(Box<PodStatus>),
}

/// The next stage.
pub fn plan(observed: &Observed, memory: &Memory, now: Timestamp) -> Plan<Action, Memory> {
    if let Some(error) = &memory.failure {
        return end(memory, Next::Failed(error.clone()));
    }
    match observed {
        Observed::Budget(observed) => of_budget(observed, memory, now),
        Observed::Pod(pod) => of_pod(pod, memory, now),
    }
}

fn end(memory: &Memory, next: Next) -> Plan<Action, Memory> {
    Plan { actions: Vec::new(), memory: memory.clone(), next }
}

/// The only stage that does something; it is planned again only to learn whether that worked.
fn last(actions: Vec<Action>) -> Plan<Action, Memory> {
    Plan { actions, memory: Memory { done: true, failure: None }, next: Next::Continue }
}

fn of_pod(pod: &ObjectRef, memory: &Memory, now: Timestamp) -> Plan<Action, Memory> {
    let Some(rest) = stale_pod::stands_for(pod, now).filter(|_| !memory.done) else {
        return end(memory, Next::Settled);
    };
    if !rest.is_zero() {
        return end(memory, Next::After(rest));
    }
    let old = pod.status::<PodStatus>().cloned().unwrap_or_default();
    last(vec![Action::Withdraw(Box::new(stale_pod::withdrawn(&old, pod.meta().generation, now)))])
}

fn of_budget(observed: &ObservedBudget, memory: &Memory, now: Timestamp) -> Plan<Action, Memory> {
    let budget = &observed.budget;
    let none = PodDisruptionBudgetSpec::default();
    let spec = budget.spec::<PodDisruptionBudgetSpec>().unwrap_or(&none);
    let old = budget.status::<PodDisruptionBudgetStatus>().cloned().unwrap_or_default();
    let mut actions = Vec::new();
    let pods = match &observed.pods {
        Ok(pods) => pods,
        Err(error) => {
            let warning = Action::Warn("NoPods", format!("Failed to get pods: {error}"));
            return fail_safe(memory, vec![warning], &old, error, now);
        }
    };
    if pods.is_empty() {
        actions.push(Action::Tell("NoPods", "No matching pods found".to_owned()));
    }
    let computed = observed.scale.as_ref().map_err(String::clone);
    let computed = computed.and_then(|scale| Ok((scale, status::counts(spec, pods.len(), scale)?)));
    let (scale, counts) = match computed {
        Ok(computed) => computed,
        Err(error) => {
            let message = format!("Failed to calculate the number of expected pods: {error}");
            actions.push(Action::Warn("CalculateExpectedPodCountFailed", message));
            return fail_safe(memory, actions, &old, &error, now);
        }
    };
    if !scale.unmanaged.is_empty() {
        actions.push(Action::Warn("UnmanagedPods", unmanaged(spec)));
    }
    let disrupted = status::disrupted(pods, &old, now);
    let wait = disrupted.next.map(|next| Duration::try_from(next.duration_since(now)).unwrap_or_default());
    let rest = wait.map_or(Next::Settled, |wait| Next::After(wait + Duration::from_millis(1)));
    if memory.done {
        return end(memory, rest);
    }
    actions.extend(disrupted.overdue.into_iter().map(Action::TellNotDeleted));
    let healthy = status::healthy(pods, &disrupted.pending, now);
    let generation = budget.meta().generation;
    let changed = status::status(&old, generation, counts, healthy, disrupted.pending, now);
    actions.extend(changed.map(Action::Write));
    if actions.is_empty() { end(memory, rest) } else { last(actions) }
}

/// A budget that cannot be computed allows nothing until something changes.
fn fail_safe(
    memory: &Memory,
    mut actions: Vec<Action>,
    old: &PodDisruptionBudgetStatus,
    error: &str,
    now: Timestamp,
) -> Plan<Action, Memory> {
    if memory.done {
        return end(memory, Next::Settled);
    }
    let mut status = old.clone();
    set_sync_failed(&mut status, error, now);
    default_status(&mut status);
    if status != *old {
        actions.push(Action::Write(status));
    }
    last(actions)
}

fn unmanaged(spec: &PodDisruptionBudgetSpec) -> String {
    let selector = selector_text(spec.selector.as_ref());
    format!(
        "Pods selected by this PodDisruptionBudget (selector: {selector}) were found to be unmanaged. As a result, \
         the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account \
         for these pods please set \".spec.minAvailable\" field of the PDB to an integer value."
    )
}
