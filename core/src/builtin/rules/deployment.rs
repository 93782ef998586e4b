use k8s_openapi::api::apps::v1::{DeploymentSpec, DeploymentStatus};

use crate::field::FieldErrors;
use crate::kind::{KindRules, Subresource, Traits};
use crate::object::{Draft, Object, Part};
use crate::rules::deployment;

#[derive(Debug, Clone, Copy)]
pub(in crate::builtin) struct DeploymentRules;

impl KindRules for DeploymentRules {
    fn default(&self, draft: &mut Draft) {
        if let Some(spec) = draft.spec_mut::<DeploymentSpec>() {
            deployment::default(spec);
        }
    }

    fn default_status(&self, draft: &mut Draft) {
        if let Some(status) = draft.status_mut::<DeploymentStatus>() {
            deployment::default_status(status);
        }
    }

    fn prepare_create(&self, draft: &mut Draft) {
        draft.set_status(Some(Part::new(deployment::prepare_create())));
    }

    fn prepare_update(&self, draft: &mut Draft, old: &Object, side: Subresource) {
        let (new, before) = (draft.meta(), old.meta());
        let differs = new.labels != before.labels || new.annotations != before.annotations;
        if side == Subresource::Status && differs {
            deployment::prepare_status_update(draft.meta_mut(), before);
        }
    }

    fn validate_create(&self, draft: &Draft) -> FieldErrors {
        draft.spec().map(|spec| deployment::validate_create(draft.meta(), spec)).unwrap_or_default()
    }

    fn validate_update(&self, draft: &Draft, old: &Object, side: Subresource) -> FieldErrors {
        if side == Subresource::Status {
            let none = DeploymentStatus::default();
            let (new, before) = (draft.status().unwrap_or(&none), old.status().unwrap_or(&none));
            return deployment::validate_status_update(draft.meta(), new, old.meta(), before);
        }
        let (Some(new), Some(before)) = (draft.spec(), old.spec()) else { return FieldErrors::new() };
        deployment::validate_update(draft.meta(), new, old.meta(), before)
    }

    fn warnings(&self, draft: &Draft, old: Option<&Object>) -> Vec<String> {
        let Some(spec) = draft.spec() else { return Vec::new() };
        match old {
            None => deployment::create_warnings(draft.meta(), spec),
            Some(old) if draft.meta().generation != old.meta().generation => {
                deployment::update_warnings(spec)
            }
            Some(_) => Vec::new(),
        }
    }

    fn bumps_generation(&self, draft: &Draft, old: &Object) -> bool {
        let (Some(new), Some(before)) = (draft.spec(), old.spec()) else { return false };
        deployment::is_new_generation(draft.meta(), new, old.meta(), before)
    }

    fn traits(&self) -> Traits {
        Traits { updates_unconditionally: true, ..Traits::CUSTOM }
    }
}
