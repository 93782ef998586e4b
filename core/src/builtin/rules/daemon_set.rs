use k8s_openapi::api::apps::v1::{DaemonSetSpec, DaemonSetStatus};

use crate::field::FieldErrors;
use crate::kind::{KindRules, Subresource, Traits};
use crate::object::{Draft, Object, Part};
use crate::rules::daemon_set;

#[derive(Debug, Clone, Copy)]
pub(in crate::builtin) struct DaemonSetRules;

impl KindRules for DaemonSetRules {
    fn default(&self, draft: &mut Draft) {
        if let Some(spec) = draft.spec_mut::<DaemonSetSpec>() {
            daemon_set::default(spec);
        }
        let generation = daemon_set::template_generation(draft.meta());
        set_template_generation(draft, generation);
    }

    fn default_status(&self, draft: &mut Draft) {
        if let Some(status) = draft.status_mut::<DaemonSetStatus>() {
            daemon_set::default_status(status);
        }
    }

    fn prepare_create(&self, draft: &mut Draft) {
        let generation = daemon_set::template_generation(draft.meta()).max(1);
        set_template_generation(draft, generation);
        draft.set_status(Some(Part::new(daemon_set::prepare_create())));
    }

    fn prepare_update(&self, draft: &mut Draft, old: &Object, _side: Subresource) {
        let (Some(new), Some(before)) = (draft.spec(), old.spec()) else { return };
        let generation = daemon_set::next_template_generation(new, old.meta(), before);
        set_template_generation(draft, generation);
    }

    fn validate_create(&self, draft: &Draft) -> FieldErrors {
        draft.spec().map(|spec| daemon_set::validate_create(draft.meta(), spec)).unwrap_or_default()
    }

    fn validate_update(&self, draft: &Draft, old: &Object, side: Subresource) -> FieldErrors {
        if side == Subresource::Status {
            let none = DaemonSetStatus::default();
            let (new, before) = (draft.status().unwrap_or(&none), old.status().unwrap_or(&none));
            return daemon_set::validate_status_update(draft.meta(), new, old.meta(), before);
        }
        let (Some(new), Some(before)) = (draft.spec(), old.spec()) else { return FieldErrors::new() };
        daemon_set::validate_update(draft.meta(), new, old.meta(), before)
    }

    fn warnings(&self, draft: &Draft, old: Option<&Object>) -> Vec<String> {
        let Some(spec) = draft.spec() else { return Vec::new() };
        match old {
            None => daemon_set::create_warnings(spec),
            Some(old) if draft.meta().generation != old.meta().generation => {
                daemon_set::update_warnings(spec)
            }
            Some(_) => Vec::new(),
        }
    }

    fn bumps_generation(&self, draft: &Draft, old: &Object) -> bool {
        let (Some(new), Some(before)) = (draft.spec(), old.spec()) else { return false };
        daemon_set::is_new_generation(new, before)
    }

    fn traits(&self) -> Traits {
        Traits { updates_unconditionally: true, ..Traits::CUSTOM }
    }
}

fn set_template_generation(draft: &mut Draft, generation: i64) {
    let text = generation.to_string();
    if draft.meta().annotations.get(daemon_set::TEMPLATE_GENERATION) != Some(&text) {
        let annotations = draft.meta().annotations.with(daemon_set::TEMPLATE_GENERATION, text);
        draft.meta_mut().annotations = annotations;
    }
}
