use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use futures::Stream;
use setpoint_core::kind::KindId;
use setpoint_core::object::Revision;
use setpoint_store::engine::Change;
use setpoint_store::tables::{Index, Snapshot};

/// What controllers read of a store: local, indexed, and told of every change.
#[async_trait]
pub trait View: Send + Sync + 'static {
    /// Everything it knows now.
    fn snapshot(&self) -> Snapshot;

    /// What is there of a kind, as additions, then every change that [`View::snapshot`] comes to show.
    ///
    /// A change is told when a snapshot taken then shows it. Ends when the view does.
    fn changes(&self, kind: KindId) -> Changes;

    /// Waits, as long as it takes, until the view shows a kind completely; false if the view has ended or
    /// cannot show the kind.
    ///
    /// Before, a snapshot that shows no object of the kind means nothing (INV-IN-10): nothing may be decided
    /// on it.
    async fn synced(&self, kind: KindId) -> bool;

    /// Waits until the view shows a kind at this revision or a later one, so that what was written there can
    /// be read here; false if the view has ended or did not come as far in good time.
    async fn reached(&self, kind: KindId, revision: Revision) -> bool;

    /// Whether it shows every write that was answered, so that nobody ever has to wait for one.
    fn is_current(&self) -> bool {
        false
    }

    /// Adds an index to a kind. To be called before the kind's changes are read.
    fn add_index(&self, kind: KindId, index: Index);
}

/// Notices of a view, in order.
pub type Changes = Pin<Box<dyn Stream<Item = Notice> + Send>>;

/// What a view tells of a kind.
#[derive(Debug, Clone)]
pub enum Notice {
    /// An object has changed.
    Change(Arc<Change>),
    /// Changes were missed: everything may have changed. What is there now follows as additions, as at the
    /// beginning; what was told before and does not follow is gone.
    Reread,
}
