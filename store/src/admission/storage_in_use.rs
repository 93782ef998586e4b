use setpoint_core::Result;
use setpoint_core::kind::Subresource;
use setpoint_core::object::Draft;

use super::{Admission, Operation, Request, Target};

/// Volumes and claims stay while they are used: they get a finalizer that their protection controllers take away
/// (ADM-17).
///
/// Not part of [`Chain::upstream`](super::Chain::upstream): without those controllers nothing would ever go.
#[derive(Debug, Clone, Copy)]
pub struct StorageObjectInUseProtection;

impl Admission for StorageObjectInUseProtection {
    fn name(&self) -> &'static str {
        "StorageObjectInUseProtection"
    }

    fn handles(&self, target: &Target<'_>) -> bool {
        target.operation == Operation::Create
            && target.side == Subresource::Main
            && (target.kind.resource == super::CLAIMS || target.kind.resource == super::VOLUMES)
    }

    fn mutate(&self, request: &Request<'_>, draft: &mut Draft) -> Result<()> {
        let is_claim = request.target.kind.resource == super::CLAIMS;
        let finalizer = if is_claim { "kubernetes.io/pvc-protection" } else { "kubernetes.io/pv-protection" };
        if !draft.meta().finalizers.contains(finalizer) {
            let finalizers = draft.meta().finalizers.with(finalizer);
            draft.meta_mut().finalizers = finalizers;
        }
        Ok(())
    }
}
