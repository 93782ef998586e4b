#[cfg(feature = "node")]
use std::sync::Arc;
#[cfg(feature = "node")]
use std::time::Duration;

use futures::future::BoxFuture;
use setpoint_core::Result;
#[cfg(feature = "node")]
use setpoint_node::agent::{Agent, Shutdown};
use setpoint_reconcile::reconciler::Context;

/// Makes a part.
pub(super) type MakePart = Box<dyn FnOnce(Context) -> BoxFuture<'static, Result<Box<dyn Part>>> + Send>;

/// Nodes and where their containers are talked to.
#[cfg(feature = "node")]
pub(super) type Streams = Vec<(String, Arc<dyn setpoint_runtime_traits::StreamingService>)>;

/// A part that is no controller, such as a scheduler or a node agent.
pub(super) trait Part: Send {
    /// Ends it, within the time it needs.
    fn shut_down(self: Box<Self>) -> BoxFuture<'static, ()>;
}

/// The agent of a node, and how it is to end.
#[cfg(feature = "node")]
pub(super) struct NodePart {
    pub(super) agent: Agent,
    pub(super) how: Shutdown,
    pub(super) limit: Duration,
}

#[cfg(feature = "node")]
impl Part for NodePart {
    fn shut_down(self: Box<Self>) -> BoxFuture<'static, ()> {
        let Self { agent, how, limit } = *self;
        Box::pin(agent.shut_down(how, limit))
    }
}

#[cfg(feature = "scheduler")]
impl Part for setpoint_scheduler::Scheduler {
    fn shut_down(self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(setpoint_scheduler::Scheduler::shut_down(*self))
    }
}
