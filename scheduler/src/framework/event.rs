use setpoint_core::object::ObjectRef;

use crate::cache::NodeInfo;
use crate::pod::PodInfo;

/// Something has happened that may make room for pods that were refused (SCHED-08).
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum ClusterEvent<'a> {
    /// A node is new, or something that matters has changed. Both are without pods.
    Node {
        /// As it was, if it was.
        old: Option<&'a NodeInfo>,
        /// As it is.
        new: &'a NodeInfo,
    },
    /// A node is gone.
    NodeRemoved(&'a NodeInfo),
    /// A pod is on a node, and was not before.
    PodAssigned(&'a PodInfo),
    /// The labels or requests of a pod on a node have changed.
    PodChanged {
        /// As it was.
        old: &'a PodInfo,
        /// As it is.
        new: &'a PodInfo,
    },
    /// A pod on a node is gone, at its end, or being deleted.
    PodLeft(&'a PodInfo),
    /// The pod that was refused has itself changed.
    Itself {
        /// As it was.
        old: &'a PodInfo,
        /// As it is.
        new: &'a PodInfo,
    },
    /// Another object has changed: a volume, a claim, a class.
    Other(&'a ObjectRef),
}

impl<'a> ClusterEvent<'a> {
    /// The node that is new or changed, if this filter's part of it is not as before.
    pub(crate) fn changed_node<T: PartialEq>(
        &self,
        part: impl Fn(&'a NodeInfo) -> T,
    ) -> Option<&'a NodeInfo> {
        match self {
            Self::Node { old, new } => old.is_none_or(|old| part(old) != part(new)).then_some(*new),
            _ => None,
        }
    }
}
