use crate::framework::{ClusterEvent, Cycle, Filter, Prepared, Refusal};
use crate::pod::PodInfo;

/// Refuses pods with resource claims, which nothing here allocates.
#[derive(Debug, Clone, Copy)]
pub struct DynamicResources;

impl Filter for DynamicResources {
    fn name(&self) -> &'static str {
        "DynamicResources"
    }

    fn prepare<'a>(&self, cycle: &Cycle<'a>) -> Prepared<'a> {
        let claims = &cycle.pod.template().spec.resource_claims;
        if claims.as_ref().is_none_or(Vec::is_empty) {
            return Prepared::Skip;
        }
        let why = "pods with resource claims are not supported by this scheduler";
        Prepared::Reject(Refusal::Unresolvable, why.to_owned())
    }

    fn watches(&self, event: &ClusterEvent<'_>) -> bool {
        let _ = event;
        false
    }

    fn is_helped_by(&self, _pod: &PodInfo, _event: &ClusterEvent<'_>) -> bool {
        false
    }
}
