use super::undivided::UNDIVIDED;
use crate::kind::{DefaultPropagation, KindRules, Traits};

/// Of an event only the metadata is looked at.
#[derive(Debug, Clone, Copy)]
pub(in crate::builtin) struct EventRules;

impl KindRules for EventRules {
    fn traits(&self) -> Traits {
        Traits { creates_on_update: true, default_propagation: DefaultPropagation::Unsupported, ..UNDIVIDED }
    }
}
