use k8s_openapi::api::batch::v1::{CronJobSpec, CronJobStatus};

use crate::field::FieldErrors;
use crate::kind::{KindRules, Subresource, Traits};
use crate::object::{Draft, Object, Part};
use crate::rules::cron_job;

#[derive(Debug, Clone, Copy)]
pub(in crate::builtin) struct CronJobRules;

impl KindRules for CronJobRules {
    fn default(&self, draft: &mut Draft) {
        if let Some(spec) = draft.spec_mut::<CronJobSpec>() {
            cron_job::default(spec);
        }
    }

    fn default_status(&self, draft: &mut Draft) {
        if let Some(status) = draft.status_mut::<CronJobStatus>() {
            cron_job::default_status(status);
        }
    }

    fn prepare_create(&self, draft: &mut Draft) {
        draft.set_status(Some(Part::new(CronJobStatus::default())));
    }

    fn validate_create(&self, draft: &Draft) -> FieldErrors {
        draft.spec().map(|spec| cron_job::validate_create(draft.meta(), spec)).unwrap_or_default()
    }

    fn validate_name(&self, name: &str) -> Vec<String> {
        cron_job::validate_name(name)
    }

    /// A written status is taken as it is.
    fn validate_update(&self, draft: &Draft, old: &Object, side: Subresource) -> FieldErrors {
        if side == Subresource::Status {
            return FieldErrors::new();
        }
        let (Some(new), Some(before)) = (draft.spec(), old.spec()) else { return FieldErrors::new() };
        cron_job::validate_update(draft.meta(), new, old.meta(), before)
    }

    fn warnings(&self, draft: &Draft, old: Option<&Object>) -> Vec<String> {
        let Some(spec) = draft.spec() else { return Vec::new() };
        match old {
            None => cron_job::create_warnings(draft.meta(), spec),
            Some(old) => cron_job::update_warnings(spec, draft.meta().generation != old.meta().generation),
        }
    }

    fn bumps_generation(&self, draft: &Draft, old: &Object) -> bool {
        let (Some(new), Some(before)) = (draft.spec(), old.spec()) else { return false };
        cron_job::is_new_generation(new, before)
    }

    fn traits(&self) -> Traits {
        Traits { updates_unconditionally: true, ..Traits::CUSTOM }
    }
}
