use k8s_openapi::api::core::v1::{ReplicationControllerSpec, ReplicationControllerStatus};

use crate::field::FieldErrors;
use crate::kind::{DefaultPropagation, KindRules, Subresource, Traits};
use crate::object::{Draft, Object, Part, TextMap};
use crate::rules::replication_controller;

#[derive(Debug, Clone, Copy)]
pub(in crate::builtin) struct ReplicationControllerRules;

impl KindRules for ReplicationControllerRules {
    fn default(&self, draft: &mut Draft) {
        let Some(spec) = draft.spec_mut::<ReplicationControllerSpec>() else { return };
        replication_controller::default(spec);
        if draft.meta().labels.is_empty() {
            let spec = draft.spec::<ReplicationControllerSpec>();
            let labels = TextMap::from_btree(spec.and_then(replication_controller::template_labels).cloned());
            if !labels.is_empty() {
                draft.meta_mut().labels = labels;
            }
        }
    }

    fn default_status(&self, draft: &mut Draft) {
        if let Some(status) = draft.status_mut::<ReplicationControllerStatus>() {
            replication_controller::default_status(status);
        }
    }

    fn prepare_create(&self, draft: &mut Draft) {
        draft.set_status(Some(Part::new(replication_controller::prepare_create())));
    }

    fn validate_create(&self, draft: &Draft) -> FieldErrors {
        draft
            .spec()
            .map(|spec| replication_controller::validate_create(draft.meta(), spec))
            .unwrap_or_default()
    }

    fn validate_update(&self, draft: &Draft, old: &Object, side: Subresource) -> FieldErrors {
        if side == Subresource::Status {
            let none = ReplicationControllerStatus::default();
            let new = draft.status().unwrap_or(&none);
            return replication_controller::validate_status_update(draft.meta(), new, old.meta());
        }
        let (Some(new), Some(before)) = (draft.spec(), old.spec()) else { return FieldErrors::new() };
        replication_controller::validate_update(draft.meta(), new, old.meta(), before)
    }

    fn warnings(&self, draft: &Draft, old: Option<&Object>) -> Vec<String> {
        let Some(spec) = draft.spec() else { return Vec::new() };
        match old {
            None => replication_controller::create_warnings(draft.meta(), spec),
            Some(old) if draft.meta().generation != old.meta().generation => {
                replication_controller::update_warnings(spec)
            }
            Some(_) => Vec::new(),
        }
    }

    fn bumps_generation(&self, draft: &Draft, old: &Object) -> bool {
        let (Some(new), Some(before)) = (draft.spec(), old.spec()) else { return false };
        replication_controller::is_new_generation(new, before)
    }

    fn traits(&self) -> Traits {
        Traits {
            updates_unconditionally: true,
            default_propagation: DefaultPropagation::Orphan,
            ..Traits::CUSTOM
        }
    }
}
