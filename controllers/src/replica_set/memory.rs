use std::sync::Arc;

use k8s_openapi::api::apps::v1::ReplicaSetStatus;
use setpoint_reconcile::plan::{NAMESPACE_TERMINATING, Outcome};

use super::action::{Action, Version};
use crate::claim::ClaimMemory;

/// How far a sync has come.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Memory {
    /// Claiming pods.
    pub(super) claims: ClaimMemory,
    /// Creating and deleting them.
    pub(super) managing: Managing,
    /// The first failure of that.
    pub(super) failure: Option<String>,
    /// Whether nothing can be created because the namespace is going (RS-19).
    pub(super) namespace_terminating: bool,
    /// The status to be written; `None` before it is known.
    pub(super) status: Option<Arc<ReplicaSetStatus>>,
    /// Writing it.
    pub(super) writing: Writing,
}

/// How far the number of pods is on its way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Managing {
    #[default]
    Due,
    /// Pods are created in growing batches (RS-16).
    Creating {
        /// So many are yet to come.
        left: usize,
        /// So many may be in the next batch.
        batch: usize,
    },
    Done,
}

/// How far the writing of the status has come (RS-29).
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum Writing {
    #[default]
    Due,
    /// Written onto what was observed.
    First,
    /// That was refused: the ReplicaSet is read.
    Reading,
    /// It was read.
    Read(Version),
    /// Written onto what was read.
    Second,
    Failed(String),
    Done,
}

impl Memory {
    pub(super) fn learn(&mut self, action: &Action, outcome: Outcome<'_>) {
        match action {
            Action::Claim(action) => self.claims.learn(action, outcome),
            Action::Create { .. } => match outcome {
                Ok(_) => {}
                Err(error) if error.has_cause(NAMESPACE_TERMINATING) => self.namespace_terminating = true,
                Err(error) => self.fail(error.to_string()),
            },
            Action::Delete { .. } => match outcome {
                Ok(_) => {}
                Err(error) if error.is_not_found() => {}
                Err(error) => self.fail(format!("unable to delete pods: {error}")),
            },
            Action::WriteStatus { .. } => match outcome {
                Ok(_) => self.writing = Writing::Done,
                Err(_) if self.writing == Writing::First => self.writing = Writing::Reading,
                Err(error) => self.writing = Writing::Failed(error.to_string()),
            },
            Action::ReadLive { uid, .. } => {
                self.writing = match outcome {
                    Ok(Some(live)) if live.meta().uid == *uid => Writing::Read(Version(live.clone())),
                    Ok(_) => Writing::Failed("the ReplicaSet is another one now".to_owned()),
                    Err(error) => Writing::Failed(error.to_string()),
                }
            }
        }
    }

    fn fail(&mut self, error: String) {
        self.failure.get_or_insert(error);
    }
}
