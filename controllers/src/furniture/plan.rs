use k8s_openapi::api::core::v1::NamespaceStatus;
use setpoint_core::Error;
use setpoint_core::object::ObjectRef;
use setpoint_reconcile::plan::{NAMESPACE_TERMINATING, Next, Plan};

/// A namespace and its piece.
#[derive(Debug, Clone)]
pub struct Observed {
    /// The namespace.
    pub namespace: ObjectRef,
    /// How its piece is.
    pub state: State,
}

/// How a piece is.
#[derive(Debug, Clone)]
pub enum State {
    /// It is not there.
    Missing,
    /// It is as it should be.
    Right,
    /// It is there, but not as it should be.
    Wrong(ObjectRef),
}

/// What the controller does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Puts the piece there, or puts it right.
    Put,
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memory {
    failure: Option<String>,
    done: bool,
}

impl Memory {
    pub(super) fn learn(&mut self, error: Option<&Error>) {
        // Somebody else was faster, or the namespace is going: a change of either wakes it again.
        let is_expected = |error: &&Error| {
            error.is_already_exists() || error.is_not_found() || error.has_cause(NAMESPACE_TERMINATING)
        };
        self.failure = error.filter(|error| !is_expected(error)).map(ToString::to_string);
    }
}

/// One write, if anything is to be done.
pub fn plan(observed: &Observed, memory: &Memory) -> Plan<Action, Memory> {
    let end = |next| Plan { actions: Vec::new(), memory: memory.clone(), next };
    if let Some(error) = &memory.failure {
        return end(Next::Failed(error.clone()));
    }
    let phase = observed.namespace.status::<NamespaceStatus>().and_then(|status| status.phase.as_deref());
    let is_going = observed.namespace.meta().is_terminating() || phase == Some("Terminating");
    if memory.done || is_going || matches!(observed.state, State::Right) {
        return end(Next::Settled);
    }
    let memory = Memory { done: true, failure: None };
    Plan { actions: vec![Action::Put], memory, next: Next::Continue }
}
