use async_trait::async_trait;

use crate::Result;

/// How much is left of something on the node (AGENT-33).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    /// Its name: `memory.available`, `nodefs.available`, `nodefs.inodesFree`, `imagefs.available`,
    /// `imagefs.inodesFree`, `pid.available`.
    pub name: String,
    /// What is left.
    pub available: u64,
    /// What there is in all.
    pub capacity: u64,
}

/// Says how much is left on the node, so that the agent can evict before it is too late.
#[async_trait]
pub trait PressureSource: Send + Sync {
    /// All signals it knows, now.
    ///
    /// # Errors
    ///
    /// If they cannot be measured.
    async fn observe(&self) -> Result<Vec<Signal>>;
}
