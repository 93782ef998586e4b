use k8s_openapi::api::policy::v1::{PodDisruptionBudgetSpec, PodDisruptionBudgetStatus};

use crate::field::FieldErrors;
use crate::kind::{KindRules, Subresource, Traits};
use crate::names;
use crate::object::{Draft, Object, Part};
use crate::rules::pod_disruption_budget;

#[derive(Debug, Clone, Copy)]
pub(in crate::builtin) struct PodDisruptionBudgetRules;

impl KindRules for PodDisruptionBudgetRules {
    fn default(&self, draft: &mut Draft) {
        if let Some(spec) = draft.spec_mut::<PodDisruptionBudgetSpec>() {
            pod_disruption_budget::default(spec);
        }
    }

    fn default_status(&self, draft: &mut Draft) {
        if let Some(status) = draft.status_mut::<PodDisruptionBudgetStatus>() {
            pod_disruption_budget::default_status(status);
        }
    }

    fn prepare_create(&self, draft: &mut Draft) {
        draft.set_status(Some(Part::new(pod_disruption_budget::prepare_create())));
    }

    fn validate_create(&self, draft: &Draft) -> FieldErrors {
        draft.spec().map(pod_disruption_budget::validate_create).unwrap_or_default()
    }

    fn validate_update(&self, draft: &Draft, old: &Object, side: Subresource) -> FieldErrors {
        if side == Subresource::Status {
            let none = PodDisruptionBudgetStatus::default();
            let new = draft.status().unwrap_or(&none);
            return pod_disruption_budget::validate_status_update(draft.meta(), new, old.meta());
        }
        let (Some(new), Some(before)) = (draft.spec(), old.spec()) else { return FieldErrors::new() };
        pod_disruption_budget::validate_update(draft.meta(), new, old.meta(), before)
    }

    fn validate_name(&self, name: &str) -> Vec<String> {
        names::path_segment(name).into_iter().map(str::to_owned).collect()
    }

    fn bumps_generation(&self, draft: &Draft, old: &Object) -> bool {
        let (Some(new), Some(before)) = (draft.spec(), old.spec()) else { return false };
        pod_disruption_budget::is_new_generation(new, before)
    }

    fn traits(&self) -> Traits {
        Traits::CUSTOM
    }
}
