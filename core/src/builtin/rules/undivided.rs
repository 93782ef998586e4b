use crate::kind::Traits;

/// What holds for most kinds whose objects are one part: no generation, and no resource version needed.
pub(super) const UNDIVIDED: Traits =
    Traits { has_generation: false, updates_unconditionally: true, ..Traits::CUSTOM };
