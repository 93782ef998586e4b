use crate::kind::{KindRules, Traits};
use crate::object::{Draft, Object};

/// Of a priority class only the metadata is looked at.
#[derive(Debug, Clone, Copy)]
pub(in crate::builtin) struct PriorityClassRules;

impl KindRules for PriorityClassRules {
    fn bumps_generation(&self, _draft: &Draft, _old: &Object) -> bool {
        false
    }

    fn traits(&self) -> Traits {
        Traits { updates_unconditionally: true, ..Traits::CUSTOM }
    }
}
