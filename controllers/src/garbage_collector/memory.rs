use setpoint_core::object::{ObjectRef, Uid};
use setpoint_reconcile::plan::Outcome;

use super::plan::{Action, Guard};

/// How often an object that keeps changing is looked at anew within one sync.
pub(super) const LOOKS_MAX: u32 = 5;

/// What came of the actions of this sync.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    /// Owners that were looked up live, and whether they are there.
    pub(super) confirmed: Vec<(Uid, bool)>,
    /// The first failure.
    pub(super) error: Option<String>,
    /// Whether what was decided is done.
    pub(super) done: bool,
    /// The object as it is now, after it had changed behind our back.
    pub(super) newer: Option<ObjectRef>,
    /// What a deletion that found another version was to be.
    pub(super) beaten: bool,
    /// How often that has happened.
    pub(super) looks: u32,
}

impl Memory {
    pub(super) fn learn(&mut self, action: &Action, outcome: Outcome<'_>) {
        match (action, outcome) {
            (Action::ConfirmAbsent { uid, .. }, Ok(found)) => {
                let there = found.is_some_and(|object| object.meta().uid.as_ref() == Some(uid));
                self.confirmed.push((uid.clone(), there));
            }
            (Action::ConfirmAbsent { uid, .. }, Err(error)) if error.is_not_found() => {
                self.confirmed.push((uid.clone(), false));
            }
            (Action::LookAgain, Ok(found)) => self.newer = found.cloned(),
            (_, Ok(_)) => {}
            // Gone, or another object by now: nothing is left to do (GC-09).
            (_, Err(error)) if error.is_not_found() => {}
            (Action::Delete(_, Guard::Version), Err(error)) if error.is_conflict() => self.is_beaten(),
            (Action::Delete(_, Guard::Uid), Err(error)) if error.is_conflict() => {}
            (_, Err(error)) => self.fail(error),
        }
    }

    fn is_beaten(&mut self) {
        self.beaten = true;
        self.done = false;
        self.looks += 1;
    }

    fn fail(&mut self, error: &setpoint_core::Error) {
        self.error.get_or_insert_with(|| error.to_string());
    }

    /// Whether a live look has shown that the owner is not there.
    pub(super) fn is_gone(&self, uid: &Uid) -> bool {
        self.confirmed.iter().any(|(known, there)| known == uid && !there)
    }

    /// Whether a live look has shown that the owner is there.
    pub(super) fn is_there(&self, uid: &Uid) -> bool {
        self.confirmed.iter().any(|(known, there)| known == uid && *there)
    }
}
