use std::fmt;
use std::sync::Arc;

use k8s_openapi::api::core::v1::PodStatus;
use setpoint_core::builtin::SharedPodSpec;
use setpoint_core::object::{Key, Object, ObjectRef, Text, Uid};

use super::{Cohort, Interner, PodTemplate};
use crate::requests::PodRequests;

/// A pod as the scheduler sees it.
#[derive(Clone)]
pub struct PodInfo {
    /// The pod.
    pub object: ObjectRef,
    /// Its uid.
    pub uid: Uid,
    /// Its like.
    pub cohort: Arc<Cohort>,
    /// What it requests.
    pub requests: Arc<PodRequests>,
}

impl PodInfo {
    /// What there is to know of a pod; `None` if the object is none, or was never stored.
    pub fn new(object: &ObjectRef, interner: &mut Interner) -> Option<Self> {
        let uid = object.meta().uid.clone()?;
        let cohort = interner.cohort(object)?;
        let status = object.status::<PodStatus>();
        let resized =
            status.and_then(|status| PodRequests::while_resized(&cohort.template.spec, status)).map(Arc::new);
        let requests = resized.unwrap_or_else(|| Arc::clone(&cohort.template.requests));
        Some(Self { object: Arc::clone(object), uid, cohort, requests })
    }

    /// What all pods of its spec have in common.
    pub fn template(&self) -> &PodTemplate {
        &self.cohort.template
    }

    /// Where it is.
    pub fn key(&self) -> Key {
        self.object.key()
    }

    /// Its namespace.
    pub fn namespace(&self) -> &str {
        &self.cohort.namespace
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.object.meta().name
    }

    /// The node it is bound to.
    pub fn node_name(&self) -> Option<&Text> {
        node_name(&self.object)
    }

    /// Higher ones are scheduled first.
    pub fn priority(&self) -> i32 {
        self.template().priority
    }

    /// Whether it is being deleted.
    pub fn is_terminating(&self) -> bool {
        self.object.meta().is_terminating()
    }
}

/// The node that a pod is bound to.
pub(crate) fn node_name(pod: &Object) -> Option<&Text> {
    pod.spec::<SharedPodSpec>()?.node_name_text()
}

/// Whether a pod has come to its end and takes nothing of its node any more.
pub(crate) fn is_terminal(pod: &Object) -> bool {
    let phase = pod.status::<PodStatus>().and_then(|status| status.phase.as_deref());
    matches!(phase, Some("Succeeded" | "Failed"))
}

impl fmt::Debug for PodInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.object.fmt(f)
    }
}
