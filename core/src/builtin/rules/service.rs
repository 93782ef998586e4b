use k8s_openapi::api::core::v1::ServiceSpec;

use super::undivided::UNDIVIDED;
use crate::field::FieldErrors;
use crate::kind::{KindRules, Subresource, Traits};
use crate::names;
use crate::object::{Draft, Object, Part};
use crate::rules::service;

#[derive(Debug, Clone, Copy)]
pub(in crate::builtin) struct ServiceRules;

impl KindRules for ServiceRules {
    fn default(&self, draft: &mut Draft) {
        if let Some(spec) = draft.spec_mut() {
            service::default(spec);
        }
    }

    fn prepare_create(&self, draft: &mut Draft) {
        draft.set_status(Some(Part::new(service::prepare_create())));
    }

    fn prepare_update(&self, draft: &mut Draft, old: &Object, side: Subresource) {
        if side != Subresource::Main || draft.spec_part().ptr_eq(old.spec_part()) {
            return;
        }
        if let (Some(spec), Some(before)) = (draft.spec_mut(), old.spec::<ServiceSpec>()) {
            service::prepare_update(spec, before);
        }
    }

    fn validate_create(&self, draft: &Draft) -> FieldErrors {
        let Some(spec) = draft.spec::<ServiceSpec>() else { return FieldErrors::new() };
        service::validate_create(draft.meta(), spec)
    }

    fn validate_update(&self, draft: &Draft, old: &Object, side: Subresource) -> FieldErrors {
        if side == Subresource::Status {
            return service::validate_status_update(draft.meta(), old.meta());
        }
        match (draft.spec::<ServiceSpec>(), old.spec::<ServiceSpec>()) {
            (Some(new), Some(before)) => service::validate_update(draft.meta(), new, old.meta(), before),
            _ => FieldErrors::new(),
        }
    }

    fn validate_name(&self, name: &str) -> Vec<String> {
        names::dns1035_label(name).into_iter().map(str::to_owned).collect()
    }

    fn traits(&self) -> Traits {
        Traits { creates_on_update: true, answers_deleted_object: true, ..UNDIVIDED }
    }
}
