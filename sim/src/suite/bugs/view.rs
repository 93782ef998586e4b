use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;
use setpoint_core::kind::KindId;
use setpoint_core::object::Revision;
use setpoint_store::tables::{Index, Snapshot};
use setpoint_watch::{Changes, Notice, View};

/// What a view says that is not so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lie {
    /// It is never behind.
    Current,
    /// It is complete, and has reached every revision.
    Complete,
    /// Every fifth change did not happen.
    DropsNotices,
    /// Nothing is ever removed.
    DropsRemovals,
}

/// A view that lies.
pub(super) struct LyingView {
    view: Arc<dyn View>,
    lie: Lie,
}

impl LyingView {
    pub(super) fn new(view: Arc<dyn View>, lie: Lie) -> Self {
        Self { view, lie }
    }
}

#[async_trait]
impl View for LyingView {
    fn snapshot(&self) -> Snapshot {
        self.view.snapshot()
    }

    fn changes(&self, kind: KindId) -> Changes {
        let changes = self.view.changes(kind);
        match self.lie {
            Lie::Current | Lie::Complete => changes,
            Lie::DropsRemovals => {
                let told =
                    |notice: &Notice| !matches!(notice, Notice::Change(change) if change.new.is_none());
                changes.filter(move |notice| futures::future::ready(told(notice))).boxed()
            }
            Lie::DropsNotices => {
                let mut count = 0_u32;
                let told = move |_: &Notice| {
                    count += 1;
                    futures::future::ready(!count.is_multiple_of(5))
                };
                changes.filter(told).boxed()
            }
        }
    }

    async fn synced(&self, kind: KindId) -> bool {
        // The informer must run, whether it is waited for or not.
        if self.lie == Lie::Complete { true } else { self.view.synced(kind).await }
    }

    async fn reached(&self, kind: KindId, revision: Revision) -> bool {
        if self.lie == Lie::Complete { true } else { self.view.reached(kind, revision).await }
    }

    fn is_current(&self) -> bool {
        self.lie == Lie::Current || self.view.is_current()
    }

    fn add_index(&self, kind: KindId, index: Index) {
        self.view.add_index(kind, index);
    }
}
