use jiff::Timestamp;
use setpoint_core::kind::Subresource;
use setpoint_core::object::{Draft, Object};

use crate::request::RequestContext;

/// Keeps the record of who set which fields (PATCH-12).
#[derive(Debug, Default)]
pub(super) struct Records {}

impl Records {
    /// A new object's fields are its creator's.
    pub(super) fn created(&self, draft: &mut Draft, context: &RequestContext, now: Timestamp) {
        let _ = (draft, context, now);
    }

    /// Fields that were changed are the writer's.
    pub(super) fn updated(
        &self,
        draft: &mut Draft,
        old: &Object,
        context: &RequestContext,
        side: Subresource,
        now: Timestamp,
    ) {
        let _ = (draft, old, context, side, now);
    }
}
