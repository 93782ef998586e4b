use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{ResourceQuotaSpec, ResourceQuotaStatus};
use setpoint_core::Error;
use setpoint_core::quantity::{Format, Quantity};
use setpoint_core::quota::{Amounts, Item, matches};
use setpoint_core::rules::resource_quota::{default_status, same_status};
use setpoint_reconcile::plan::{Next, Plan};

use super::observed::Observed;

/// How often everything is counted although nothing was told.
pub const RESYNC: Duration = Duration::from_secs(300);

/// Gives a quota this status.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// The status.
    pub status: ResourceQuotaStatus,
}

/// What came of the write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memory {
    /// Why it failed.
    failure: Option<String>,
    /// Whether it was made.
    done: bool,
}

impl Memory {
    pub(super) fn learn(&mut self, error: Option<&Error>) {
        // What is gone needs no status.
        self.failure = error.filter(|error| !error.is_not_found()).map(ToString::to_string);
    }
}

/// Counts, and says so if the status does not.
pub fn plan(observed: &Observed, memory: &Memory, now: Timestamp) -> Plan<Action, Memory> {
    let end = |next| Plan { actions: Vec::new(), memory: memory.clone(), next };
    if let Some(error) = &memory.failure {
        return end(Next::Failed(error.clone()));
    }
    let none = ResourceQuotaStatus::default();
    let old = observed.quota.status::<ResourceQuotaStatus>().unwrap_or(&none);
    let status = status(observed, now);
    if memory.done || same_status(&status, old) {
        return end(Next::After(RESYNC));
    }
    let memory = Memory { done: true, failure: None };
    Plan { actions: vec![Action { status }], memory, next: Next::Continue }
}

fn status(observed: &Observed, now: Timestamp) -> ResourceQuotaStatus {
    let none = ResourceQuotaSpec::default();
    let spec = observed.quota.spec::<ResourceQuotaSpec>().unwrap_or(&none);
    let limits = ResourceQuotaStatus { hard: spec.hard.clone(), used: None };
    let zero = Quantity::new(0, Format::DecimalSi);
    let mut used: Amounts = observed.tracked.iter().map(|name| (name.clone(), zero)).collect();
    let items = observed.content.iter().map(|object| Item::from(&**object));
    for item in items.filter(|item| matches(spec, &limits, *item)) {
        for (name, amount) in item.usage(now) {
            if let Some(sum) = used.get_mut(&name) {
                *sum += amount;
            }
        }
    }
    let used = used.into_iter().map(|(name, amount)| (name, amount.into())).collect();
    let mut status = ResourceQuotaStatus { used: Some(used), ..limits };
    default_status(&mut status);
    status
}
