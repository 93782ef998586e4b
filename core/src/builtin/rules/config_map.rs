use k8s_openapi::api::core::v1::ConfigMap;

use super::undivided::UNDIVIDED;
use crate::field::FieldErrors;
use crate::kind::{KindRules, Subresource, Traits};
use crate::object::{Draft, Object};
use crate::rules::config_map;

#[derive(Debug, Clone, Copy)]
pub(in crate::builtin) struct ConfigMapRules;

impl KindRules for ConfigMapRules {
    fn default(&self, draft: &mut Draft) {
        if let Some(map) = draft.spec_mut::<ConfigMap>() {
            config_map::default(map);
        }
    }

    fn validate_create(&self, draft: &Draft) -> FieldErrors {
        draft.spec().map(|map| config_map::validate_create(draft.meta(), map)).unwrap_or_default()
    }

    fn validate_update(&self, draft: &Draft, old: &Object, _side: Subresource) -> FieldErrors {
        let (Some(new), Some(before)) = (draft.spec(), old.spec()) else { return FieldErrors::new() };
        config_map::validate_update(draft.meta(), new, old.meta(), before)
    }

    fn traits(&self) -> Traits {
        UNDIVIDED
    }
}
