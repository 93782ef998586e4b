use std::collections::BTreeSet;
use std::fmt::{self, Debug};

use setpoint_core::object::Text;

use super::{ClusterEvent, Cycle};
use crate::cache::NodeInfo;
use crate::pod::PodInfo;

/// Says where pods may go.
pub trait Filter: Debug + Send + Sync {
    /// Its name, as upstream's plugin of the same duty.
    fn name(&self) -> &'static str;

    /// Looks at a pod and the cluster once, before nodes are asked about.
    fn prepare<'a>(&self, cycle: &Cycle<'a>) -> Prepared<'a>;

    /// Whether an event is of a kind that can help any pod that this filter refuses.
    fn watches(&self, event: &ClusterEvent<'_>) -> bool {
        let _ = event;
        true
    }

    /// Whether an event may have made room for a pod that this filter refused (SCHED-09). True is always
    /// right, and false only if the pod would be refused again.
    fn is_helped_by(&self, pod: &PodInfo, event: &ClusterEvent<'_>) -> bool;
}

/// Answers for one pod, node after node.
pub trait Check {
    /// Whether the pod may go there.
    ///
    /// # Errors
    ///
    /// How final the refusal is.
    fn check(&self, node: &NodeInfo) -> Result<(), Refusal>;

    /// Tells each reason for which [`Check::check`] refuses this node.
    fn explain(&self, node: &NodeInfo, tell: &mut dyn FnMut(&str));
}

impl fmt::Debug for Prepared<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Skip => f.write_str("Skip"),
            Self::Check(_) => f.write_str("Check(..)"),
            Self::Narrow(names, _) => f.debug_tuple("Narrow").field(names).finish_non_exhaustive(),
            Self::Reject(refusal, why) => f.debug_tuple("Reject").field(refusal).field(why).finish(),
        }
    }
}

/// What a filter finds before nodes are asked about.
pub enum Prepared<'a> {
    /// It has nothing to say of this pod.
    Skip,
    /// Nodes are to be checked.
    Check(Box<dyn Check + 'a>),
    /// Only nodes of these names can pass, and they are to be checked.
    Narrow(BTreeSet<Text>, Box<dyn Check + 'a>),
    /// No node will do, for this reason.
    Reject(Refusal, String),
}

/// How final a refusal is (SCHED-02).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It may go there once other pods have left.
    Unschedulable,
    /// It may not go there whatever becomes of other pods (`UnschedulableAndUnresolvable`).
    Unresolvable,
}
