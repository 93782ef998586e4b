use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures::Stream;
use parking_lot::Mutex;
use setpoint_core::object::{ObjectRef, Revision};

/// One change of one object, shared by all who are told of it.
#[derive(Debug)]
pub struct Change {
    /// Its revision.
    pub revision: Revision,
    /// The object before; `None` if it was created.
    pub old: Option<ObjectRef>,
    /// The object after; `None` if it was removed.
    pub new: Option<ObjectRef>,
}

impl Change {
    /// The object, after or else before.
    pub fn object(&self) -> &ObjectRef {
        self.new.as_ref().or(self.old.as_ref()).expect("a change has an object before or after it")
    }

    /// What a removal shows: the object as it was, under the revision of its removal (WATCH-04).
    pub fn removed(&self) -> Option<ObjectRef> {
        self.old.as_ref().map(|old| Arc::new(old.at_revision(self.revision)))
    }
}

/// Changes of a route, in order. Ends with a [`FeedEnd`].
///
/// What was not read yet is listed by reference, at most [`Feed::PENDING_MAX`] changes beside those that the reader
/// has begun with; a reader that falls behind further is ended, and resumes where it was from the history.
pub struct Feed {
    cell: Arc<Cell>,
    /// Changes after this are told.
    from: Revision,
    /// Taken from the cell, all that was there at one time, and read next.
    taken: VecDeque<Arc<Change>>,
    /// Tells the newest revision that may be seen.
    published: Arc<dyn Fn() -> Revision + Send + Sync>,
    ended: bool,
}

/// Why a feed gives no more changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FeedEnd {
    /// It fell behind: resume from the last change seen.
    #[error("the reader fell behind by more than {} changes", Feed::PENDING_MAX)]
    Behind,
    /// The engine was shut down or lost its place: resume, or list again.
    #[error("the engine ended the feed")]
    Closed,
}

/// The engine's end of a feed.
pub(crate) struct Cell(Mutex<Pending>);

#[derive(Default)]
struct Pending {
    changes: VecDeque<Arc<Change>>,
    /// The newest change that was ever there.
    newest: Revision,
    /// Which change that was: in a store with other writers several can have one revision.
    newest_at: usize,
    waker: Option<Waker>,
    end: Option<FeedEnd>,
    dropped: bool,
}

impl Feed {
    /// How many changes wait for a reader at the most.
    pub const PENDING_MAX: usize = 100_000;

    /// Of what comes after `from`, which may be in the future; of that, `backlog` has been made.
    pub(crate) fn new(
        from: Revision,
        backlog: impl IntoIterator<Item = Arc<Change>>,
        published: Arc<dyn Fn() -> Revision + Send + Sync>,
    ) -> (Self, Arc<Cell>) {
        let changes: VecDeque<_> = backlog.into_iter().collect();
        let newest = changes.back().map_or(from, |change| change.revision);
        let cell = Arc::new(Cell(Mutex::new(Pending { changes, newest, ..Pending::default() })));
        (Self { cell: Arc::clone(&cell), from, taken: VecDeque::new(), published, ended: false }, cell)
    }

    /// The newest revision up to which nothing is left to read; `None` while changes wait.
    ///
    /// This is what a bookmark may promise (WATCH-05).
    pub fn caught_up(&self) -> Option<Revision> {
        // In this order: a change after the revision was read may be in the list, none before it is missing.
        let revision = (self.published)().max(self.from);
        (self.taken.is_empty() && self.cell.0.lock().changes.is_empty()).then_some(revision)
    }
}

impl Stream for Feed {
    type Item = Result<Arc<Change>, FeedEnd>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { cell, taken, ended, .. } = self.get_mut();
        if let Some(change) = taken.pop_front() {
            return Poll::Ready(Some(Ok(change)));
        }
        if *ended {
            return Poll::Ready(None);
        }
        let pending = &mut *cell.0.lock();
        if let Some(change) = pending.changes.pop_front() {
            std::mem::swap(taken, &mut pending.changes);
            return Poll::Ready(Some(Ok(change)));
        }
        if let Some(end) = pending.end {
            *ended = true;
            return Poll::Ready(Some(Err(end)));
        }
        if !pending.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            pending.waker = Some(cx.waker().clone());
        }
        Poll::Pending
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        let pending = &mut *self.cell.0.lock();
        pending.dropped = true;
        pending.changes = VecDeque::new();
    }
}

impl Cell {
    /// Adds a change, unless it is there already; the reader is to be woken after all locks are released.
    pub(crate) fn push(&self, change: &Arc<Change>) -> Option<Waker> {
        let pending = &mut *self.0.lock();
        let address = Arc::as_ptr(change) as usize;
        let known = pending.newest > change.revision
            || (pending.newest == change.revision
                && (pending.newest_at == address || pending.newest_at == 0));
        if known || pending.dropped || pending.end.is_some() {
            return None;
        }
        if pending.changes.len() >= Feed::PENDING_MAX {
            pending.end = Some(FeedEnd::Behind);
        } else {
            pending.changes.push_back(Arc::clone(change));
            (pending.newest, pending.newest_at) = (change.revision, address);
        }
        pending.waker.take()
    }

    /// Whether nobody reads it any more.
    pub(crate) fn is_dead(&self) -> bool {
        let pending = self.0.lock();
        pending.dropped || pending.end.is_some()
    }

    /// Ends it.
    pub(crate) fn close(&self) -> Option<Waker> {
        let pending = &mut *self.0.lock();
        pending.end.get_or_insert(FeedEnd::Closed);
        pending.waker.take()
    }
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed").finish_non_exhaustive()
    }
}
