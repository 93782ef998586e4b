use k8s_openapi::api::core::v1::{NodeSpec, NodeStatus};

use super::undivided::UNDIVIDED;
use crate::field::FieldErrors;
use crate::kind::{KindRules, Subresource, Traits};
use crate::object::{Draft, Object, Part};
use crate::rules::node;

#[derive(Debug, Clone, Copy)]
pub(in crate::builtin) struct NodeRules;

impl KindRules for NodeRules {
    fn default(&self, draft: &mut Draft) {
        if let Some(spec) = draft.spec_mut::<NodeSpec>() {
            node::default(spec);
        }
    }

    fn default_status(&self, draft: &mut Draft) {
        if let Some(status) = draft.status_mut::<NodeStatus>() {
            node::default_status(status);
        }
    }

    fn prepare_create(&self, draft: &mut Draft) {
        let mut status = draft.status::<NodeStatus>().cloned().unwrap_or_default();
        if let Some(spec) = draft.spec_mut::<NodeSpec>() {
            node::prepare_create(spec, &mut status);
            draft.set_status(Some(Part::new(status)));
        }
    }

    fn prepare_update(&self, draft: &mut Draft, old: &Object, side: Subresource) {
        let Some(before) = old.spec::<NodeSpec>() else { return };
        if side != Subresource::Status
            && let Some(spec) = draft.spec_mut::<NodeSpec>()
        {
            node::prepare_update(spec, before);
        }
    }

    fn validate_create(&self, draft: &Draft) -> FieldErrors {
        let none = NodeStatus::default();
        let status = draft.status().unwrap_or(&none);
        draft.spec().map(|spec| node::validate_create(draft.meta(), spec, status)).unwrap_or_default()
    }

    fn validate_update(&self, draft: &Draft, old: &Object, _side: Subresource) -> FieldErrors {
        let (Some(new), Some(before)) = (draft.spec(), old.spec()) else { return FieldErrors::new() };
        let none = NodeStatus::default();
        let status = draft.status().unwrap_or(&none);
        node::validate_update(draft.meta(), new, status, old.meta(), before)
    }

    fn traits(&self) -> Traits {
        Traits { creates_with_status: true, ..UNDIVIDED }
    }
}
