//! The pods that are bound to a node, as they come, change and go.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::Stream;
use setpoint_core::builtin::SharedPodSpec;
use setpoint_core::kind::KindId;
use setpoint_core::object::{ObjectRef, Revision, Text};
use setpoint_store::ObjectStore;
use setpoint_store::engine::{Feed, FeedEnd, Route};
use setpoint_store::tables::{Index, IndexValue};
use setpoint_watch::{Changes, Notice, View};

/// What is told of the pods of a node.
#[derive(Debug)]
pub(super) enum PodNotice {
    /// These are all there are.
    All(Vec<ObjectRef>),
    /// It is there, in this version.
    Present(ObjectRef),
    /// It is gone.
    Gone(ObjectRef),
}

/// The pods of one node. In the store's process it is woken only for these; elsewhere it is told of all pods
/// and passes over the others.
pub(super) struct PodSource {
    store: Arc<dyn ObjectStore>,
    view: Arc<dyn View>,
    kind: KindId,
    node: Text,
    seen: Revision,
    from: From,
    pending: VecDeque<PodNotice>,
}

enum From {
    /// What there is is to be read first.
    Start,
    Feed(Feed),
    View(Changes),
}

impl PodSource {
    /// The pods that are bound to `node`. The first notice has all of them.
    pub(super) fn new(store: Arc<dyn ObjectStore>, view: Arc<dyn View>, kind: KindId, node: &str) -> Self {
        store.add_index(kind, Index::node());
        view.add_index(kind, Index::node());
        Self {
            store,
            view,
            kind,
            node: node.into(),
            seen: Revision::default(),
            from: From::Start,
            pending: VecDeque::new(),
        }
    }

    fn start(&mut self) {
        let value = IndexValue::Text(self.node.clone());
        let index = Index::node();
        // Changes are listened to before they are read, so that none falls in between.
        let (changes, snapshot) = match self.store.snapshot() {
            Some(snapshot) => (None, snapshot),
            None => (Some(self.view.changes(self.kind)), self.view.snapshot()),
        };
        let all = snapshot.by_index(self.kind, index.name(), &value).cloned().collect();
        self.seen = snapshot.revision();
        self.pending.push_back(PodNotice::All(all));
        if let Some(changes) = changes {
            self.from = From::View(changes);
            return;
        }
        let route = Route::Index(index.name().clone(), value);
        // A revision that was just read is rarely too old; then it is read again.
        if let Some(Ok(feed)) = self.store.feed(self.kind, route, self.seen) {
            self.from = From::Feed(feed);
        }
    }

    fn is_here(&self, object: &ObjectRef) -> bool {
        object.spec::<SharedPodSpec>().is_some_and(|spec| spec.node_name() == Some(&*self.node))
    }

    fn take(&mut self, change: &setpoint_store::engine::Change) {
        self.seen = change.revision;
        match (&change.old, &change.new) {
            (_, Some(new)) if self.is_here(new) => {
                self.pending.push_back(PodNotice::Present(Arc::clone(new)))
            }
            (Some(old), _) if self.is_here(old) => self.pending.push_back(PodNotice::Gone(Arc::clone(old))),
            _ => {}
        }
    }
}

impl Stream for PodSource {
    type Item = PodNotice;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<PodNotice>> {
        let this = self.get_mut();
        loop {
            if let Some(notice) = this.pending.pop_front() {
                return Poll::Ready(Some(notice));
            }
            match &mut this.from {
                From::Start => this.start(),
                From::Feed(feed) => match Pin::new(feed).poll_next(cx) {
                    Poll::Ready(Some(Ok(change))) => this.take(&change),
                    Poll::Ready(Some(Err(FeedEnd::Behind))) => this.from = From::Start,
                    Poll::Ready(Some(Err(FeedEnd::Closed)) | None) => return Poll::Ready(None),
                    Poll::Pending => return Poll::Pending,
                },
                From::View(changes) => match changes.as_mut().poll_next(cx) {
                    Poll::Ready(Some(Notice::Change(change))) => this.take(&change),
                    Poll::Ready(Some(Notice::Reread)) => this.from = From::Start,
                    Poll::Ready(None) => return Poll::Ready(None),
                    Poll::Pending => return Poll::Pending,
                },
            }
        }
    }
}
