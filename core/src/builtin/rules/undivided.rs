use crate::kind::Traits;

/// What holds for most kinds whose objects are one part: no generation, and no resource version needed.
pub(in crate::builtin) const UNDIVIDED: Traits =
    Traits { has_generation: false, updates_unconditionally: true, ..Traits::CUSTOM };

/// The same with a generation.
pub(in crate::builtin) const COUNTED: Traits = Traits { has_generation: true, ..UNDIVIDED };
