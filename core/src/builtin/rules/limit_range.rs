use k8s_openapi::api::core::v1::LimitRange;

use super::undivided::UNDIVIDED;
use crate::field::FieldErrors;
use crate::kind::{KindRules, Subresource, Traits};
use crate::object::{Draft, Object};
use crate::rules::{limit_range, object_meta};

#[derive(Debug, Clone, Copy)]
pub(in crate::builtin) struct LimitRangeRules;

impl KindRules for LimitRangeRules {
    fn default(&self, draft: &mut Draft) {
        if let Some(range) = draft.spec_mut::<LimitRange>() {
            limit_range::default(range);
        }
    }

    fn validate_create(&self, draft: &Draft) -> FieldErrors {
        draft.spec().map(|range| limit_range::validate(draft.meta(), range)).unwrap_or_default()
    }

    fn validate_update(&self, draft: &Draft, old: &Object, _side: Subresource) -> FieldErrors {
        let mut errors = FieldErrors::new();
        object_meta::check_update(draft.meta(), old.meta(), &mut errors);
        errors.extend(self.validate_create(draft));
        errors
    }

    fn traits(&self) -> Traits {
        Traits { creates_on_update: true, ..UNDIVIDED }
    }
}
