use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};

use super::undivided::UNDIVIDED;
use crate::field::FieldErrors;
use crate::kind::{KindRules, Subresource, Traits};
use crate::object::{Draft, Object};
use crate::rules::lease;

#[derive(Debug, Clone, Copy)]
pub(in crate::builtin) struct LeaseRules;

impl KindRules for LeaseRules {
    fn default(&self, draft: &mut Draft) {
        if let Some(value) = draft.spec_mut::<Lease>() {
            lease::default(value.spec.get_or_insert_default());
        }
    }

    fn validate_create(&self, draft: &Draft) -> FieldErrors {
        lease::validate_create(draft.meta(), &spec_of(draft))
    }

    fn validate_update(&self, draft: &Draft, old: &Object, _side: Subresource) -> FieldErrors {
        lease::validate_update(draft.meta(), &spec_of(draft), old.meta())
    }

    fn traits(&self) -> Traits {
        Traits { creates_on_update: true, updates_unconditionally: false, ..UNDIVIDED }
    }
}

fn spec_of(draft: &Draft) -> LeaseSpec {
    draft.spec::<Lease>().and_then(|lease| lease.spec.clone()).unwrap_or_default()
}
