use std::sync::Arc;

use serde_json::Value;
use setpoint_core::kind::{Kind, Subresource};
use setpoint_core::object::{Draft, Key, ObjectRef};
use setpoint_core::patch::Patch;
use setpoint_core::{Error, Result};

use super::Inner;
use super::record::Ownership;
use super::update::Attempt;
use crate::engine::Engine;
use crate::request::{RequestContext, Written};
use crate::tables::Snapshot;

impl<E: Engine> Inner<E> {
    pub(super) async fn patch(
        &self,
        context: &RequestContext,
        key: &Key,
        patch: &Patch,
        side: Subresource,
    ) -> Result<Written> {
        if let Patch::Apply { config, force } = patch {
            return self.apply(context, key, config, *force, side).await;
        }
        self.guaranteed_update(context, key, |snapshot, old| {
            self.attempt_patch(context, old, patch, side, snapshot)
        })
        .await
    }

    /// The patch on the newest version; then it is an update like any other (PATCH-02, PATCH-04).
    fn attempt_patch(
        &self,
        context: &RequestContext,
        old: &ObjectRef,
        patch: &Patch,
        side: Subresource,
        snapshot: &Snapshot,
    ) -> Result<Attempt> {
        let kind = Arc::clone(old.kind());
        let mut value =
            if patch.touches_managed_fields() { old.to_value() } else { old.to_value_without_ownership() };
        patch.apply(&mut value, kind.schema(None))?;
        let draft = decode(&kind, value)?;
        check_name(&draft, &old.meta().name)?;
        super::update::check_preconditions(&draft, old)?;
        self.attempt_update(context, draft, old, side, snapshot, Ownership::OfWriter)
    }
}

/// A patch does not rename.
pub(super) fn check_name(draft: &Draft, name: &str) -> Result<()> {
    let patched = &*draft.meta().name;
    if patched == name {
        return Ok(());
    }
    Err(Error::bad_request(format!(
        "the name of the object ({patched}) does not match the name on the URL ({name})"
    )))
}

/// A patched object must still be one of its kind.
pub(super) fn decode(kind: &Arc<Kind>, value: Value) -> Result<Draft> {
    Draft::from_value(Arc::clone(kind), value).map_err(|error| {
        let faults = vec![setpoint_core::field::FieldError {
            kind: setpoint_core::field::FieldErrorKind::Invalid,
            field: error.field,
            value: None,
            detail: error.reason,
        }];
        Error::invalid(&kind.names.kind, &kind.resource.group, "", &faults)
    })
}
