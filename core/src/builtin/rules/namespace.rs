use k8s_openapi::api::core::v1::{NamespaceSpec, NamespaceStatus};

use super::undivided::UNDIVIDED;
use crate::field::FieldErrors;
use crate::kind::{KindRules, Subresource, Traits};
use crate::names;
use crate::object::{Draft, Object, Part};
use crate::rules::namespace;

#[derive(Debug, Clone, Copy)]
pub(in crate::builtin) struct NamespaceRules;

impl KindRules for NamespaceRules {
    fn default(&self, draft: &mut Draft) {
        let mut meta = draft.meta().clone();
        if let Some(spec) = draft.spec_mut::<NamespaceSpec>() {
            namespace::default(&mut meta, spec);
            *draft.meta_mut() = meta;
        }
    }

    fn default_status(&self, draft: &mut Draft) {
        if let Some(status) = draft.status_mut::<NamespaceStatus>() {
            namespace::default_status(status);
        }
    }

    fn prepare_create(&self, draft: &mut Draft) {
        let mut meta = draft.meta().clone();
        let Some(spec) = draft.spec_mut::<NamespaceSpec>() else { return };
        let status = namespace::prepare_create(&mut meta, spec);
        *draft.meta_mut() = meta;
        draft.set_status(Some(Part::new(status)));
    }

    fn prepare_update(&self, draft: &mut Draft, old: &Object, side: Subresource) {
        let Some(before) = old.spec::<NamespaceSpec>() else { return };
        match side {
            Subresource::Status => {}
            // Only the finalizers go through this door.
            Subresource::Finalize => draft.set_meta(old.shared_meta().clone()),
            _ => {
                let mut meta = draft.meta().clone();
                if let Some(spec) = draft.spec_mut::<NamespaceSpec>() {
                    namespace::prepare_update(&mut meta, spec, before);
                    *draft.meta_mut() = meta;
                }
            }
        }
    }

    fn validate_create(&self, draft: &Draft) -> FieldErrors {
        draft.spec().map(|spec| namespace::validate_create(draft.meta(), spec)).unwrap_or_default()
    }

    fn validate_update(&self, draft: &Draft, old: &Object, side: Subresource) -> FieldErrors {
        let Some(spec) = draft.spec() else { return FieldErrors::new() };
        match side {
            Subresource::Status => {
                let none = NamespaceStatus::default();
                let status = draft.status().unwrap_or(&none);
                namespace::validate_status_update(draft.meta(), status, old.meta())
            }
            Subresource::Finalize => namespace::validate_finalize(draft.meta(), spec, old.meta()),
            _ => namespace::validate_update(draft.meta(), spec, old.meta()),
        }
    }

    fn validate_name(&self, name: &str) -> Vec<String> {
        names::dns1123_label(name).into_iter().map(str::to_owned).collect()
    }

    fn begin_deletion(&self, draft: &mut Draft) {
        if let Some(status) = draft.status_mut::<NamespaceStatus>() {
            status.phase = Some("Terminating".to_owned());
        }
    }

    fn is_held(&self, draft: &Draft) -> bool {
        let finalizers = draft.spec::<NamespaceSpec>().and_then(|spec| spec.finalizers.as_deref());
        finalizers.is_some_and(|finalizers| !finalizers.is_empty())
    }

    fn traits(&self) -> Traits {
        Traits { answers_deleted_object: true, ..UNDIVIDED }
    }
}
