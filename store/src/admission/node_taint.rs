use k8s_openapi::api::core::v1::{NodeSpec, Taint};
use setpoint_core::Result;
use setpoint_core::object::Draft;

use super::{Admission, Operation, Request, Target};

/// Taints a new node as not ready, so that nothing lands on it before it says it is (NODE-02).
#[derive(Debug, Clone, Copy)]
pub struct NodeTaint;

/// The taint of nodes that are not ready.
const NOT_READY: &str = "node.kubernetes.io/not-ready";

impl Admission for NodeTaint {
    fn name(&self) -> &'static str {
        "TaintNodesByCondition"
    }

    fn handles(&self, target: &Target<'_>) -> bool {
        target.operation == Operation::Create && &*target.kind.resource.resource == "nodes"
    }

    fn mutate(&self, _request: &Request<'_>, draft: &mut Draft) -> Result<()> {
        let Some(spec) = draft.spec_mut::<NodeSpec>() else { return Ok(()) };
        let taints = spec.taints.get_or_insert_default();
        if !taints.iter().any(|taint| taint.key == NOT_READY && taint.effect == "NoSchedule") {
            taints.push(Taint {
                key: NOT_READY.to_owned(),
                effect: "NoSchedule".to_owned(),
                ..Taint::default()
            });
        }
        Ok(())
    }
}
