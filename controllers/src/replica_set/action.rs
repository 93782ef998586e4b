use std::fmt;
use std::sync::Arc;

use k8s_openapi::api::apps::v1::ReplicaSetStatus;
use setpoint_core::kind::Subresource;
use setpoint_core::object::{Draft, Key, ObjectRef, Uid};
use setpoint_reconcile::events::EventText;
use setpoint_reconcile::plan::Step;
use setpoint_store::request::{DeleteOptions, Preconditions, Write};

use super::observed::Observed;
use crate::claim::ClaimAction;

/// What the controller does.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Adopts or releases a pod.
    Claim(ClaimAction),
    /// Creates pods of the template, all in one go.
    Create {
        /// How many.
        count: usize,
    },
    /// Deletes a pod.
    Delete {
        /// The pod.
        pod: Key,
        /// Which object it is.
        uid: Option<Uid>,
    },
    /// Writes the status, onto this version and no other.
    WriteStatus {
        /// The version.
        onto: Version,
        /// The status.
        status: Arc<ReplicaSetStatus>,
    },
    /// Looks the ReplicaSet up after its status could not be written.
    ReadLive {
        /// The ReplicaSet.
        replica_set: Key,
        /// Which object it should be.
        uid: Option<Uid>,
    },
}

/// A version of an object; two are equal if object and revision are.
#[derive(Clone)]
pub struct Version(pub ObjectRef);

impl Action {
    /// The action in terms of the store.
    pub(super) fn steps(&self, observed: &Observed) -> Vec<Step> {
        match self {
            Self::Claim(action) => action.steps(&observed.replica_set),
            Self::Create { count } => vec![create(observed); *count],
            Self::Delete { pod, uid } => vec![delete(observed, pod, uid.as_ref())],
            Self::WriteStatus { onto, status } => {
                let mut draft = Draft::of(&onto.0);
                draft.set_status(Some((observed.blueprint.dialect.to_status)(status)));
                vec![Step::write(Write::Update(draft, Subresource::Status))]
            }
            Self::ReadLive { replica_set, .. } => vec![Step::ReadLive(replica_set.clone())],
        }
    }
}

fn create(observed: &Observed) -> Step {
    let regarding = observed.regarding();
    let created =
        EventText::normal(Arc::clone(regarding), "SuccessfulCreate", "Created pod: ").with_subject();
    let failed = EventText::warning(Arc::clone(regarding), "FailedCreate", "Error creating: ").with_subject();
    Step::Write {
        write: Box::new(Write::Create(observed.blueprint.pod.clone())),
        on_success: Some(created),
        on_failure: Some(failed),
    }
}

fn delete(observed: &Observed, pod: &Key, uid: Option<&Uid>) -> Step {
    let regarding = observed.regarding();
    let deleted =
        EventText::normal(Arc::clone(regarding), "SuccessfulDelete", "Deleted pod: ").with_subject();
    let failed = EventText::warning(Arc::clone(regarding), "FailedDelete", "Error deleting: ").with_subject();
    let options = DeleteOptions { preconditions: Preconditions::uid(uid), ..DeleteOptions::default() };
    Step::Write {
        write: Box::new(Write::Delete(pod.clone(), options)),
        on_success: Some(deleted),
        on_failure: Some(failed),
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.0.revision() == other.0.revision() && self.0.meta().uid == other.0.meta().uid
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
