use k8s_openapi::api::core::v1::ServiceSpec;
use setpoint_core::object::{Draft, Object};
use setpoint_core::{Error, Result};

use super::{Inner, metadata};
use crate::engine::{CommitError, Engine};
use crate::service_network::{Hold, Refusal};

impl<E: Engine> Inner<E> {
    /// Gives a service its addresses and ports. What is chosen is held until the write is over.
    pub(super) fn allocate(&self, draft: &mut Draft, old: Option<&Object>) -> Result<Option<Hold>> {
        let Some(allocator) = &self.allocator else { return Ok(None) };
        let is_settled = old.is_some_and(|old| draft.spec_part().ptr_eq(old.spec_part()));
        if draft.kind().id != allocator.services() || is_settled {
            return Ok(None);
        }
        let before = old.and_then(|old| old.spec::<ServiceSpec>());
        let Some(spec) = draft.spec_mut::<ServiceSpec>() else { return Ok(None) };
        match allocator.allocate(&self.env, || self.engine.snapshot(), spec, before) {
            Ok(hold) => Ok(Some(hold)),
            Err(Refusal::Invalid(faults)) => Err(metadata::invalid(draft, &faults)),
            Err(Refusal::Full(why)) => Err(Error::internal(why)),
        }
    }
}

/// What becomes of a hold when its write has ended.
pub(super) fn release<T>(hold: Option<Hold>, result: &Result<T, CommitError>) {
    if let (Some(hold), Err(CommitError::Unknown(_))) = (hold, result) {
        hold.keep();
    }
}
