use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::Stream;
use setpoint_core::object::{ObjectRef, Revision};
use setpoint_store::engine::Change;

use super::queue::{Found, Queue};
use super::shared::Shared;
use crate::view::Notice;

/// One reader of an informer.
pub(super) struct Subscription {
    shared: Arc<Shared>,
    queue: Arc<Queue>,
    /// What was there when it began to read, as far as it was not told yet.
    present: std::vec::IntoIter<ObjectRef>,
    /// As of here.
    revision: Revision,
}

impl Subscription {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        let queue = Arc::new(Queue::default());
        let (present, revision) = shared.subscribe(&queue);
        Self { shared: Arc::clone(shared), queue, present: present.into_iter(), revision }
    }
}

impl Stream for Subscription {
    type Item = Notice;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Notice>> {
        let this = self.get_mut();
        // After an overflow the rest of an older state need not be told.
        if !this.queue.has_overflowed()
            && let Some(object) = this.present.next()
        {
            let change = Change { revision: this.revision, old: None, new: Some(object) };
            return Poll::Ready(Some(Notice::Change(Arc::new(change))));
        }
        match this.queue.take(cx.waker()) {
            Found::Change(change) => Poll::Ready(Some(Notice::Change(change))),
            Found::Overflow => {
                let (present, revision) = this.shared.resubscribe(&this.queue);
                (this.present, this.revision) = (present.into_iter(), revision);
                Poll::Ready(Some(Notice::Reread))
            }
            Found::Closed => Poll::Ready(None),
            Found::Nothing => Poll::Pending,
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.queue.abandon();
    }
}
