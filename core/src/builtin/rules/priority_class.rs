use k8s_openapi::api::scheduling::v1::PriorityClass;

use crate::field::FieldErrors;
use crate::kind::{KindRules, Subresource, Traits};
use crate::object::{Draft, Object};
use crate::rules::priority_class;

#[derive(Debug, Clone, Copy)]
pub(in crate::builtin) struct PriorityClassRules;

impl KindRules for PriorityClassRules {
    fn default(&self, draft: &mut Draft) {
        if let Some(class) = draft.spec_mut::<PriorityClass>() {
            priority_class::default(class);
        }
    }

    fn validate_create(&self, draft: &Draft) -> FieldErrors {
        let Some(new) = draft.spec::<PriorityClass>() else { return FieldErrors::new() };
        priority_class::validate_create(draft.meta(), new)
    }

    fn validate_update(&self, draft: &Draft, old: &Object, _side: Subresource) -> FieldErrors {
        match (draft.spec::<PriorityClass>(), old.spec::<PriorityClass>()) {
            (Some(new), Some(before)) => {
                priority_class::validate_update(draft.meta(), new, old.meta(), before)
            }
            _ => FieldErrors::new(),
        }
    }

    /// Its generation is 1 for ever: what counts may not change.
    fn bumps_generation(&self, _draft: &Draft, _old: &Object) -> bool {
        false
    }

    fn traits(&self) -> Traits {
        Traits { updates_unconditionally: true, ..Traits::CUSTOM }
    }
}
