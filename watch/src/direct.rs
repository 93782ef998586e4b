use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use async_trait::async_trait;
use futures::Stream;
use setpoint_core::kind::KindId;
use setpoint_core::object::Revision;
use setpoint_store::ObjectStore;
use setpoint_store::engine::{Change, Feed, FeedEnd, Route};
use setpoint_store::tables::{Index, Snapshot};

use crate::view::{Changes, Notice, View};

/// The view of those who share the store's process: the store's own snapshots, never behind.
#[derive(Clone)]
pub struct DirectView {
    store: Arc<dyn ObjectStore>,
}

impl DirectView {
    /// The view of a store; `None` if the store is not in this process.
    pub fn new(store: Arc<dyn ObjectStore>) -> Option<Self> {
        store.snapshot()?;
        Some(Self { store })
    }

    fn read(&self) -> Snapshot {
        self.store.snapshot().expect("a store that has snapshots goes on having them")
    }
}

#[async_trait]
impl View for DirectView {
    fn snapshot(&self) -> Snapshot {
        self.read()
    }

    fn changes(&self, kind: KindId) -> Changes {
        let snapshot = self.read();
        let pending = additions(&snapshot, kind).collect();
        let seen = snapshot.revision();
        Box::pin(DirectChanges { store: Arc::clone(&self.store), kind, pending, seen, feed: None })
    }

    async fn synced(&self, _kind: KindId) -> bool {
        true
    }

    async fn reached(&self, _kind: KindId, _revision: Revision) -> bool {
        // What was written has been published before the write was answered.
        true
    }

    fn is_current(&self) -> bool {
        true
    }

    fn add_index(&self, kind: KindId, index: Index) {
        self.store.add_index(kind, index);
    }
}

/// What is there of a kind.
fn additions(snapshot: &Snapshot, kind: KindId) -> impl Iterator<Item = Notice> {
    let revision = snapshot.revision();
    snapshot.list(kind).map(move |object| {
        Notice::Change(Arc::new(Change { revision, old: None, new: Some(Arc::clone(object)) }))
    })
}

impl fmt::Debug for DirectView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DirectView").finish_non_exhaustive()
    }
}

struct DirectChanges {
    store: Arc<dyn ObjectStore>,
    kind: KindId,
    pending: VecDeque<Notice>,
    /// Everything up to here was told or is pending.
    seen: Revision,
    feed: Option<Feed>,
}

impl Stream for DirectChanges {
    type Item = Notice;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Notice>> {
        let this = self.get_mut();
        loop {
            if let Some(notice) = this.pending.pop_front() {
                return Poll::Ready(Some(notice));
            }
            let Some(feed) = &mut this.feed else {
                match this.store.feed(this.kind, Route::Kind, this.seen) {
                    None => return Poll::Ready(None),
                    Some(Ok(feed)) => this.feed = Some(feed),
                    Some(Err(_expired)) => {
                        let Some(snapshot) = this.store.snapshot() else { return Poll::Ready(None) };
                        this.seen = snapshot.revision();
                        this.pending.push_back(Notice::Reread);
                        this.pending.extend(additions(&snapshot, this.kind));
                    }
                }
                continue;
            };
            match Pin::new(feed).poll_next(cx) {
                Poll::Ready(Some(Ok(change))) => {
                    this.seen = change.revision;
                    return Poll::Ready(Some(Notice::Change(change)));
                }
                Poll::Ready(Some(Err(FeedEnd::Behind))) => this.feed = None,
                Poll::Ready(Some(Err(FeedEnd::Closed)) | None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}
