use k8s_openapi::api::core::v1::{PersistentVolumeClaimSpec, PersistentVolumeClaimStatus};

use super::undivided::UNDIVIDED;
use crate::field::FieldErrors;
use crate::kind::{KindRules, Subresource, Traits};
use crate::object::{Draft, Object, Part};
use crate::rules::persistent_volume_claim as claim;

/// What may change of a claim depends on its status.
#[derive(Debug, Clone, Copy)]
pub(in crate::builtin) struct PersistentVolumeClaimRules;

impl KindRules for PersistentVolumeClaimRules {
    fn default(&self, draft: &mut Draft) {
        if let Some(spec) = draft.spec_mut::<PersistentVolumeClaimSpec>() {
            claim::default(spec);
        }
    }

    fn default_status(&self, draft: &mut Draft) {
        if let Some(status) = draft.status_mut::<PersistentVolumeClaimStatus>() {
            claim::default_status(status);
        }
    }

    fn prepare_create(&self, draft: &mut Draft) {
        let Some(spec) = draft.spec_mut::<PersistentVolumeClaimSpec>() else { return };
        let status = claim::prepare_create(spec);
        draft.set_status(Some(Part::new(status)));
    }

    fn validate_create(&self, draft: &Draft) -> FieldErrors {
        draft.spec().map(|spec| claim::validate_create(draft.meta(), spec)).unwrap_or_default()
    }

    fn validate_update(&self, draft: &Draft, old: &Object, side: Subresource) -> FieldErrors {
        let none = PersistentVolumeClaimStatus::default();
        let (Some(new), Some(before)) = (draft.spec(), old.spec()) else { return FieldErrors::new() };
        let status = draft.status().unwrap_or(&none);
        if side == Subresource::Status {
            return claim::validate_status_update(draft.meta(), status, old.meta(), new);
        }
        claim::validate_update(draft.meta(), new, old.meta(), before, status)
    }

    fn traits(&self) -> Traits {
        Traits { answers_deleted_object: true, ..UNDIVIDED }
    }
}
