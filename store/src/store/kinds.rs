use setpoint_core::kind::{KindId, Registry};

use crate::rbac::RoleKinds;

/// Kinds that the rules and admission look at themselves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WellKnown {
    pub(crate) disruption_budgets: Option<KindId>,
    pub(crate) limit_ranges: Option<KindId>,
    pub(crate) namespaces: Option<KindId>,
    pub(crate) pods: Option<KindId>,
    pub(crate) priority_classes: Option<KindId>,
    pub(crate) roles: Option<RoleKinds>,
    pub(crate) runtime_classes: Option<KindId>,
    pub(crate) service_accounts: Option<KindId>,
    pub(crate) services: Option<KindId>,
    pub(crate) storage_classes: Option<KindId>,
    pub(crate) resource_quotas: Option<KindId>,
}

impl WellKnown {
    pub(super) fn of(registry: &Registry) -> Self {
        let find = |kind, group| registry.find_in_group(kind, group).map(|kind| kind.id);
        Self {
            disruption_budgets: find("PodDisruptionBudget", "policy"),
            limit_ranges: find("LimitRange", ""),
            namespaces: find("Namespace", ""),
            pods: find("Pod", ""),
            priority_classes: find("PriorityClass", "scheduling.k8s.io"),
            roles: RoleKinds::of(registry),
            runtime_classes: find("RuntimeClass", "node.k8s.io"),
            service_accounts: find("ServiceAccount", ""),
            services: find("Service", ""),
            storage_classes: find("StorageClass", "storage.k8s.io"),
            resource_quotas: find("ResourceQuota", ""),
        }
    }
}
