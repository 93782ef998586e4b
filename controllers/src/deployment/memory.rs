use k8s_openapi::api::apps::v1::ReplicaSetSpec;
use k8s_openapi::api::core::v1::PodTemplateSpec;
use setpoint_core::Error;
use setpoint_core::object::{Object, Uid};
use setpoint_reconcile::plan::{NAMESPACE_TERMINATING, Next, Outcome};

use super::action::Action;
use crate::claim::ClaimMemory;

/// How far a sync has come, and what came of its actions.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Memory {
    pub(super) stage: Stage,
    pub(super) way: Way,
    /// Which Deployment, in which generation, is being brought about.
    pub(super) goal: Option<(Option<Uid>, i64)>,
    pub(super) claims: ClaimMemory,
    pub(super) creation: Creation,
    /// Whether an old ReplicaSet was resized.
    pub(super) has_shrunk: bool,
    /// Whether one could not be.
    pub(super) has_not_shrunk: bool,
    /// Why, if the store refused it.
    pub(super) not_shrunk: Option<String>,
    /// How the sync has ended before its end.
    pub(super) end: Option<Next>,
}

/// What is next. A sync goes through them from first to last, leaving out what does not concern it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    #[default]
    Begin,
    Claim,
    Pause,
    Follow,
    Decide,
    Scale,
    Drain,
    Wait,
    Create,
    Created,
    RollBack,
    ResizeNew,
    ShrinkUnavailable,
    ShrinkBeyondNeed,
    Shrunk,
    CleanUp,
    Status,
    End,
}

/// What a sync is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Way {
    /// It is not decided yet, or nothing but the status.
    #[default]
    StatusOnly,
    Paused,
    Scaling,
    RollBack,
    RollingUpdate,
    Recreate,
}

/// What came of the creation of a ReplicaSet.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum Creation {
    /// Nothing yet.
    #[default]
    Untried,
    /// It is there.
    Done,
    /// Something of its name was there already.
    NameTaken(String),
    /// And this is it.
    TakenBy(String, Box<Namesake>),
    /// It was refused.
    Refused(String),
}

/// What has the name that a new ReplicaSet was to have.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Namesake {
    pub(super) controller: Option<Uid>,
    pub(super) template: Option<PodTemplateSpec>,
}

impl Memory {
    pub(super) fn learn(&mut self, action: &Action, outcome: Outcome<'_>) {
        match (action, outcome) {
            (Action::Claim(action), outcome) => self.claims.learn(action, outcome),
            (Action::Create(_), Ok(_)) => self.creation = Creation::Done,
            (Action::Create(_), Err(error)) => self.learn_refusal(error),
            (Action::LookAtNamesake(_), Ok(found)) => {
                if let (Creation::NameTaken(error), Some(found)) = (&self.creation, found) {
                    let namesake = Box::new(Namesake::of(found));
                    self.creation = Creation::TakenBy(error.clone(), namesake);
                }
            }
            (Action::Scale(_), Ok(_)) if self.is_shrinking() => self.has_shrunk = true,
            // The rest of the sync goes on, and the next one tries again (DEP-38).
            (Action::Scale(_), Err(error)) if self.is_shrinking() => {
                self.has_not_shrunk = true;
                self.not_shrunk.get_or_insert_with(|| error.to_string());
            }
            // Gone is what it should be.
            (Action::Delete(_), Err(error)) if error.is_not_found() => {}
            (_, Ok(_)) => {}
            (_, Err(error)) => self.fail(error.to_string()),
        }
    }

    fn learn_refusal(&mut self, error: &Error) {
        if error.has_cause(NAMESPACE_TERMINATING) {
            // Nothing will ever come of it (DEP-20).
            self.end = Some(Next::Settled);
        } else if error.is_already_exists() {
            self.creation = Creation::NameTaken(error.to_string());
        } else {
            self.creation = Creation::Refused(error.to_string());
        }
    }

    /// The sync fails; the first failure is the one that is told.
    pub(super) fn fail(&mut self, error: String) {
        self.end.get_or_insert(Next::Failed(error));
    }

    /// Whether what was planned last was the shrinking of old ReplicaSets in a rolling update.
    fn is_shrinking(&self) -> bool {
        matches!(self.stage, Stage::ShrinkBeyondNeed | Stage::Shrunk)
    }
}

impl Namesake {
    fn of(found: &Object) -> Self {
        let controller = found.meta().controller().map(|owner| owner.uid.clone());
        let template = found.spec::<ReplicaSetSpec>().and_then(|spec| spec.template.clone());
        Self { controller, template }
    }
}
