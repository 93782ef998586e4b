use k8s_openapi::api::apps::v1::ControllerRevision;

use super::undivided::UNDIVIDED;
use crate::field::FieldErrors;
use crate::kind::{KindRules, Subresource, Traits};
use crate::object::{Draft, Object};
use crate::rules::controller_revision;

#[derive(Debug, Clone, Copy)]
pub(in crate::builtin) struct ControllerRevisionRules;

impl KindRules for ControllerRevisionRules {
    fn default(&self, draft: &mut Draft) {
        if let Some(revision) = draft.spec_mut::<ControllerRevision>() {
            controller_revision::default(revision);
        }
    }

    fn validate_create(&self, draft: &Draft) -> FieldErrors {
        let revision = draft.spec();
        revision
            .map(|revision| controller_revision::validate_create(draft.meta(), revision))
            .unwrap_or_default()
    }

    fn validate_update(&self, draft: &Draft, old: &Object, _side: Subresource) -> FieldErrors {
        let (Some(new), Some(before)) = (draft.spec(), old.spec()) else { return FieldErrors::new() };
        controller_revision::validate_update(draft.meta(), new, old.meta(), before)
    }

    fn traits(&self) -> Traits {
        UNDIVIDED
    }
}
