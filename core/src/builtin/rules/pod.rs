use std::sync::Arc;

use k8s_openapi::api::core::v1::{PodSpec, PodStatus};

use crate::builtin::SharedPodSpec;
use crate::field::FieldErrors;
use crate::kind::{KindRules, Subresource, Traits};
use crate::object::{Draft, Object, Part};
use crate::rules::pod;

#[derive(Debug, Clone, Copy)]
pub(in crate::builtin) struct PodRules;

impl KindRules for PodRules {
    fn default(&self, draft: &mut Draft) {
        if let Some(spec) = draft.spec_mut::<SharedPodSpec>() {
            pod::default(spec.common_mut());
        }
    }

    fn default_status(&self, draft: &mut Draft) {
        if let Some(status) = draft.status_mut::<PodStatus>() {
            pod::default_status(status);
        }
    }

    fn keep_rest(&self, draft: &mut Draft, old: &Object, side: Subresource) {
        let written: fn(&PodSpec, &PodSpec) -> PodSpec = match side {
            Subresource::EphemeralContainers => pod::with_ephemeral_containers,
            Subresource::Resize => pod::resized,
            _ => return,
        };
        draft.set_meta(Arc::clone(old.shared_meta()));
        let (Some(new), Some(before)) = (draft.spec::<SharedPodSpec>(), old.spec::<SharedPodSpec>()) else {
            return;
        };
        let mut spec = before.clone();
        spec.set_common(Arc::new(written(new.common(), before.common())));
        draft.set_spec(Part::new(spec));
    }

    fn prepare_create(&self, draft: &mut Draft) {
        let Some(spec) = draft.spec::<SharedPodSpec>() else { return };
        let mut common = PodSpec::clone(spec.common());
        let status = pod::prepare_create(draft.meta(), &mut common);
        // Most pods are left as they are, and go on sharing what they share.
        if common != **spec.common()
            && let Some(spec) = draft.spec_mut::<SharedPodSpec>()
        {
            spec.set_common(Arc::new(common));
        }
        draft.set_status(Some(Part::new(status)));
    }

    fn prepare_update(&self, draft: &mut Draft, old: &Object, side: Subresource) {
        let none = PodStatus::default();
        let before = old.status().unwrap_or(&none);
        if side != Subresource::Status {
            return;
        }
        let mut meta = draft.meta().clone();
        if let Some(status) = draft.status_mut::<PodStatus>() {
            pod::prepare_status_update(&mut meta, status, old.meta(), before);
            if meta != *draft.meta() {
                *draft.meta_mut() = meta;
            }
        }
    }

    fn validate_create(&self, draft: &Draft) -> FieldErrors {
        whole(draft.spec()).map(|spec| pod::validate_create(draft.meta(), &spec)).unwrap_or_default()
    }

    fn validate_update(&self, draft: &Draft, old: &Object, side: Subresource) -> FieldErrors {
        let specs = (draft.spec::<SharedPodSpec>(), old.spec::<SharedPodSpec>());
        let (Some(spec), Some(spec_before)) = specs else { return FieldErrors::new() };
        if side == Subresource::Status {
            let none = PodStatus::default();
            let (new, before) = (draft.status().unwrap_or(&none), old.status().unwrap_or(&none));
            let validate =
                |spec: &PodSpec| pod::validate_status_update(draft.meta(), new, old.meta(), before, spec);
            // The node is looked at only beside a nomination or annotations: most need no whole spec.
            if new.nominated_node_name.is_none() && draft.meta().annotations.is_empty() {
                return validate(spec.common());
            }
            return validate(&spec.to_spec());
        }
        let new = spec.to_spec();
        if side == Subresource::EphemeralContainers {
            return pod::validate_ephemeral_update(draft.meta(), &new, old.meta(), &spec_before.to_spec());
        }
        if side == Subresource::Resize {
            let none = PodStatus::default();
            let status = old.status().unwrap_or(&none);
            return pod::validate_resize(draft.meta(), &new, old.meta(), &spec_before.to_spec(), status);
        }
        if draft.spec_part().ptr_eq(old.spec_part()) {
            return pod::validate_update(draft.meta(), &new, old.meta(), &new);
        }
        pod::validate_update(draft.meta(), &new, old.meta(), &spec_before.to_spec())
    }

    fn warnings(&self, draft: &Draft, old: Option<&Object>) -> Vec<String> {
        if old.is_some() {
            return Vec::new();
        }
        whole(draft.spec()).map(|spec| pod::warnings(draft.meta(), &spec)).unwrap_or_default()
    }

    fn bumps_generation(&self, draft: &Draft, old: &Object) -> bool {
        let specs = (draft.spec::<SharedPodSpec>(), old.spec::<SharedPodSpec>());
        let (Some(new), Some(before)) = specs else { return false };
        new != before && pod::is_new_generation(&new.to_spec(), &before.to_spec())
    }

    /// Without a node there is nothing to wait for, and no more when everything has ended (STORE-22).
    fn deletion_grace_seconds(&self, object: &Object, requested: Option<i64>) -> Option<i64> {
        let spec = object.spec::<SharedPodSpec>()?;
        let phase = object.status::<PodStatus>().and_then(|status| status.phase.as_deref());
        if spec.node_name().is_none() || matches!(phase, Some("Succeeded" | "Failed")) {
            return Some(0);
        }
        let own = spec.common().termination_grace_period_seconds.unwrap_or_default();
        Some(requested.unwrap_or(if own < 0 { 1 } else { own }))
    }

    fn traits(&self) -> Traits {
        Traits { updates_unconditionally: true, answers_deleted_object: true, ..Traits::CUSTOM }
    }
}

fn whole(spec: Option<&SharedPodSpec>) -> Option<PodSpec> {
    spec.map(SharedPodSpec::to_spec)
}
