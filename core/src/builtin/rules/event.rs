use k8s_openapi::api::core::v1::Event;

use super::undivided::UNDIVIDED;
use crate::field::FieldErrors;
use crate::kind::{DefaultPropagation, KindRules, Subresource, Traits};
use crate::names;
use crate::object::{Draft, Object};
use crate::rules::event;

#[derive(Debug, Clone, Copy)]
pub(in crate::builtin) struct EventRules;

impl KindRules for EventRules {
    fn default(&self, draft: &mut Draft) {
        if let Some(spec) = draft.spec_mut::<Event>() {
            event::default(spec);
        }
    }

    fn validate_create(&self, draft: &Draft) -> FieldErrors {
        let Some(new) = draft.spec::<Event>() else { return FieldErrors::new() };
        event::validate_create(draft.meta(), new)
    }

    fn validate_update(&self, draft: &Draft, _old: &Object, _side: Subresource) -> FieldErrors {
        let Some(new) = draft.spec::<Event>() else { return FieldErrors::new() };
        event::validate_update(draft.meta(), new)
    }

    fn validate_name(&self, name: &str) -> Vec<String> {
        names::path_segment(name).into_iter().map(str::to_owned).collect()
    }

    fn traits(&self) -> Traits {
        Traits { creates_on_update: true, default_propagation: DefaultPropagation::Unsupported, ..UNDIVIDED }
    }
}
