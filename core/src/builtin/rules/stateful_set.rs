use k8s_openapi::api::apps::v1::{StatefulSetSpec, StatefulSetStatus};

use crate::field::FieldErrors;
use crate::kind::{KindRules, Subresource, Traits};
use crate::object::{Draft, Object, Part};
use crate::rules::stateful_set;

#[derive(Debug, Clone, Copy)]
pub(in crate::builtin) struct StatefulSetRules;

impl KindRules for StatefulSetRules {
    fn default(&self, draft: &mut Draft) {
        if let Some(spec) = draft.spec_mut::<StatefulSetSpec>() {
            stateful_set::default(spec);
        }
    }

    fn default_status(&self, draft: &mut Draft) {
        if let Some(status) = draft.status_mut::<StatefulSetStatus>() {
            stateful_set::default_status(status);
        }
    }

    fn prepare_create(&self, draft: &mut Draft) {
        draft.set_status(Some(Part::new(stateful_set::prepare_create())));
    }

    fn validate_name(&self, name: &str) -> Vec<String> {
        stateful_set::validate_name(name)
    }

    fn validate_create(&self, draft: &Draft) -> FieldErrors {
        draft.spec().map(|spec| stateful_set::validate_create(draft.meta(), spec)).unwrap_or_default()
    }

    fn validate_update(&self, draft: &Draft, old: &Object, side: Subresource) -> FieldErrors {
        if side == Subresource::Status {
            let none = StatefulSetStatus::default();
            let (new, before) = (draft.status().unwrap_or(&none), old.status().unwrap_or(&none));
            return stateful_set::validate_status_update(draft.meta(), new, old.meta(), before);
        }
        let (Some(new), Some(before)) = (draft.spec(), old.spec()) else { return FieldErrors::new() };
        stateful_set::validate_update(draft.meta(), new, old.meta(), before)
    }

    fn warnings(&self, draft: &Draft, old: Option<&Object>) -> Vec<String> {
        let Some(spec) = draft.spec() else { return Vec::new() };
        match old {
            None => stateful_set::create_warnings(spec),
            Some(old) => {
                let is_new = draft.meta().generation != old.meta().generation;
                stateful_set::update_warnings(spec, is_new)
            }
        }
    }

    fn bumps_generation(&self, draft: &Draft, old: &Object) -> bool {
        let (Some(new), Some(before)) = (draft.spec(), old.spec()) else { return false };
        stateful_set::is_new_generation(new, before)
    }

    fn traits(&self) -> Traits {
        Traits { updates_unconditionally: true, ..Traits::CUSTOM }
    }
}
