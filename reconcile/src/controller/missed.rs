use setpoint_core::object::Key;

/// Which root objects are still to be looked at because keys found no room in the queue.
///
/// They are looked at in the order of their keys, in passes: one that is interrupted for lack of room goes on
/// where it was, so that every object has its turn; what was missed meanwhile asks for one more.
#[derive(Debug, Default)]
pub(super) struct Missed {
    pass: Pass,
    /// Whether another pass is to follow this one.
    again: bool,
}

#[derive(Debug, Default)]
enum Pass {
    /// Nothing was missed.
    #[default]
    None,
    /// Everything is to be looked at.
    Due,
    /// Everything from this key on is.
    From(Key),
}

impl Missed {
    /// Some key was missed; true if none was before.
    pub(super) fn note(&mut self) -> bool {
        match self.pass {
            Pass::None => {
                self.pass = Pass::Due;
                return true;
            }
            Pass::Due => {}
            Pass::From(_) => self.again = true,
        }
        false
    }

    pub(super) fn is_pending(&self) -> bool {
        !matches!(self.pass, Pass::None)
    }

    /// Whether the present pass has yet to come to this key.
    pub(super) fn is_due(&self, key: &Key) -> bool {
        match &self.pass {
            Pass::None => false,
            Pass::Due => true,
            Pass::From(first) => key >= first,
        }
    }

    /// There was no room for this key.
    pub(super) fn resume_at(&mut self, key: Key) {
        self.pass = Pass::From(key);
    }

    /// All keys found room.
    pub(super) fn pass_ended(&mut self) {
        self.pass = if std::mem::take(&mut self.again) { Pass::Due } else { Pass::None };
    }
}
