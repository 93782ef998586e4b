use k8s_openapi::api::core::v1::Secret;

use super::undivided::UNDIVIDED;
use crate::field::FieldErrors;
use crate::kind::{KindRules, Subresource, Traits};
use crate::object::{Draft, Object};
use crate::rules::secret;

#[derive(Debug, Clone, Copy)]
pub(in crate::builtin) struct SecretRules;

impl KindRules for SecretRules {
    fn default(&self, draft: &mut Draft) {
        if let Some(value) = draft.spec_mut::<Secret>() {
            secret::default(value);
        }
    }

    fn validate_create(&self, draft: &Draft) -> FieldErrors {
        draft.spec().map(|value| secret::validate_create(draft.meta(), value)).unwrap_or_default()
    }

    fn validate_update(&self, draft: &Draft, old: &Object, _side: Subresource) -> FieldErrors {
        let (Some(new), Some(before)) = (draft.spec(), old.spec()) else { return FieldErrors::new() };
        secret::validate_update(draft.meta(), new, old.meta(), before)
    }

    fn traits(&self) -> Traits {
        UNDIVIDED
    }
}
