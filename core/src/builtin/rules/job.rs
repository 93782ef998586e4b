use k8s_openapi::api::batch::v1::{JobSpec, JobStatus};

use crate::field::FieldErrors;
use crate::kind::{DefaultPropagation, KindRules, Subresource, Traits};
use crate::object::{Draft, Object, Part, TextMap};
use crate::rules::job;

#[derive(Debug, Clone, Copy)]
pub(in crate::builtin) struct JobRules;

impl KindRules for JobRules {
    fn default(&self, draft: &mut Draft) {
        let Some(spec) = draft.spec_mut::<JobSpec>() else { return };
        job::default(spec);
        if draft.meta().labels.is_empty() {
            draft.has_template_labels = true;
            take_template_labels(draft);
        }
    }

    fn default_status(&self, draft: &mut Draft) {
        if let Some(status) = draft.status_mut::<JobStatus>() {
            job::default_status(status);
        }
    }

    fn prepare_create(&self, draft: &mut Draft) {
        let meta = draft.shared_meta().clone();
        if let Some(spec) = draft.spec_mut::<JobSpec>() {
            job::generate_selector(&meta, spec);
        }
        if draft.has_template_labels {
            take_template_labels(draft);
        }
        draft.set_status(Some(Part::new(JobStatus::default())));
    }

    fn validate_create(&self, draft: &Draft) -> FieldErrors {
        draft.spec().map(|spec| job::validate_create(draft.meta(), spec)).unwrap_or_default()
    }

    fn validate_update(&self, draft: &Draft, old: &Object, side: Subresource) -> FieldErrors {
        let (Some(new), Some(before)) = (draft.spec(), old.spec()) else { return FieldErrors::new() };
        let none = JobStatus::default();
        let status_before = old.status().unwrap_or(&none);
        if side == Subresource::Status {
            let status = draft.status().unwrap_or(&none);
            return job::validate_status_update(draft.meta(), new, status, old.meta(), status_before);
        }
        job::validate_update(draft.meta(), new, old.meta(), before, status_before)
    }

    fn warnings(&self, draft: &Draft, old: Option<&Object>) -> Vec<String> {
        let Some(spec) = draft.spec() else { return Vec::new() };
        match old {
            None => job::create_warnings(draft.meta(), spec),
            Some(old) if draft.meta().generation != old.meta().generation => job::update_warnings(spec),
            Some(_) => Vec::new(),
        }
    }

    fn bumps_generation(&self, draft: &Draft, old: &Object) -> bool {
        let (Some(new), Some(before)) = (draft.spec(), old.spec()) else { return false };
        job::is_new_generation(new, before)
    }

    fn traits(&self) -> Traits {
        Traits {
            updates_unconditionally: true,
            default_propagation: DefaultPropagation::Orphan,
            ..Traits::CUSTOM
        }
    }
}

/// Adds the labels of the template to the Job's own.
fn take_template_labels(draft: &mut Draft) {
    let Some(labels) = draft.spec::<JobSpec>().and_then(job::template_labels) else { return };
    let all = draft.meta().labels.iter().chain(labels.iter().map(|(key, value)| (&**key, &**value)));
    let all: TextMap = all.collect();
    draft.meta_mut().labels = all;
}
