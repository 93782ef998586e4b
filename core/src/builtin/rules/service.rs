use super::undivided::UNDIVIDED;
use crate::kind::{KindRules, Traits};

/// Of a service only the metadata is looked at; it gets no address and no defaults.
#[derive(Debug, Clone, Copy)]
pub(in crate::builtin) struct ServiceRules;

impl KindRules for ServiceRules {
    fn validate_name(&self, name: &str) -> Vec<String> {
        crate::names::dns1035_label(name).into_iter().map(str::to_owned).collect()
    }

    fn traits(&self) -> Traits {
        Traits { creates_on_update: true, answers_deleted_object: true, ..UNDIVIDED }
    }
}
