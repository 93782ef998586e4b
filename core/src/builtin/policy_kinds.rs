//! What limits others: disruption budgets, limit ranges and quotas.

use k8s_openapi::api::core::v1 as core;
use k8s_openapi::api::policy::v1 as policy;

use super::rules;
use super::table::{GroupVersions, Row};
use crate::kind::{KindConflict, Registry};

pub(super) fn register(registry: &Registry) -> Result<(), KindConflict> {
    let core_v1: GroupVersions = &[("", "v1")];

    Row::namespaced("LimitRange", "limitranges", &["limits"], core_v1, rules::LimitRangeRules)
        .add::<core::LimitRange>(registry)?;

    let served: GroupVersions = &[("policy", "v1")];
    let rules = rules::PodDisruptionBudgetRules;
    let mut row = Row::namespaced("PodDisruptionBudget", "poddisruptionbudgets", &["pdb"], served, rules);
    row.has_status = true;
    row.add::<policy::PodDisruptionBudget>(registry)?;

    let mut row =
        Row::namespaced("ResourceQuota", "resourcequotas", &["quota"], core_v1, rules::ResourceQuotaRules);
    row.has_status = true;
    row.add::<core::ResourceQuota>(registry)?;
    Ok(())
}
