use k8s_openapi::api::core::v1::{ResourceQuotaSpec, ResourceQuotaStatus};

use crate::field::FieldErrors;
use crate::kind::{KindRules, Subresource, Traits};
use crate::object::{Draft, Object, Part};
use crate::rules::resource_quota;

#[derive(Debug, Clone, Copy)]
pub(in crate::builtin) struct ResourceQuotaRules;

impl KindRules for ResourceQuotaRules {
    fn default(&self, draft: &mut Draft) {
        if let Some(spec) = draft.spec_mut::<ResourceQuotaSpec>() {
            resource_quota::default(spec);
        }
    }

    fn default_status(&self, draft: &mut Draft) {
        if let Some(status) = draft.status_mut::<ResourceQuotaStatus>() {
            resource_quota::default_status(status);
        }
    }

    fn prepare_create(&self, draft: &mut Draft) {
        draft.set_status(Some(Part::new(ResourceQuotaStatus::default())));
    }

    fn validate_create(&self, draft: &Draft) -> FieldErrors {
        draft.spec().map(|spec| resource_quota::validate_create(draft.meta(), spec)).unwrap_or_default()
    }

    fn validate_update(&self, draft: &Draft, old: &Object, side: Subresource) -> FieldErrors {
        if side == Subresource::Status {
            let none = ResourceQuotaStatus::default();
            let new = draft.status().unwrap_or(&none);
            return resource_quota::validate_status_update(draft.meta(), new, old.meta());
        }
        let (Some(new), Some(before)) = (draft.spec(), old.spec()) else { return FieldErrors::new() };
        resource_quota::validate_update(draft.meta(), new, old.meta(), before)
    }

    fn traits(&self) -> Traits {
        Traits {
            has_generation: false,
            updates_unconditionally: true,
            answers_deleted_object: true,
            ..Traits::CUSTOM
        }
    }
}
