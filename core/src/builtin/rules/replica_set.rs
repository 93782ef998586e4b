use k8s_openapi::api::apps::v1::{ReplicaSetSpec, ReplicaSetStatus};

use crate::field::FieldErrors;
use crate::kind::{KindRules, Subresource, Traits};
use crate::object::{Draft, Object, Part};
use crate::rules::replica_set;

#[derive(Debug, Clone, Copy)]
pub(in crate::builtin) struct ReplicaSetRules;

impl KindRules for ReplicaSetRules {
    fn default(&self, draft: &mut Draft) {
        if let Some(spec) = draft.spec_mut::<ReplicaSetSpec>() {
            replica_set::default(spec);
        }
    }

    fn default_status(&self, draft: &mut Draft) {
        if let Some(status) = draft.status_mut::<ReplicaSetStatus>() {
            replica_set::default_status(status);
        }
    }

    fn prepare_create(&self, draft: &mut Draft) {
        draft.set_status(Some(Part::new(replica_set::prepare_create())));
    }

    fn validate_create(&self, draft: &Draft) -> FieldErrors {
        draft.spec().map(|spec| replica_set::validate_create(draft.meta(), spec)).unwrap_or_default()
    }

    fn validate_update(&self, draft: &Draft, old: &Object, side: Subresource) -> FieldErrors {
        if side == Subresource::Status {
            let none = ReplicaSetStatus::default();
            return replica_set::validate_status_update(
                draft.meta(),
                draft.status().unwrap_or(&none),
                old.meta(),
            );
        }
        let (Some(new), Some(before)) = (draft.spec(), old.spec()) else { return FieldErrors::new() };
        replica_set::validate_update(draft.meta(), new, old.meta(), before)
    }

    fn warnings(&self, draft: &Draft, old: Option<&Object>) -> Vec<String> {
        let Some(spec) = draft.spec() else { return Vec::new() };
        match old {
            None => replica_set::create_warnings(draft.meta(), spec),
            Some(old) if draft.meta().generation != old.meta().generation => {
                replica_set::update_warnings(spec)
            }
            Some(_) => Vec::new(),
        }
    }

    fn bumps_generation(&self, draft: &Draft, old: &Object) -> bool {
        let (Some(new), Some(before)) = (draft.spec(), old.spec()) else { return false };
        replica_set::is_new_generation(new, before)
    }

    fn traits(&self) -> Traits {
        Traits { updates_unconditionally: true, ..Traits::CUSTOM }
    }
}
